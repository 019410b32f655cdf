"""The stack of the echo service: each declared function with its event source and alarms, and its tests' role."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_delivery.constructs.test_role import IntegrationTestRole, IntegrationTestRoleNames
from cdk_delivery.layers import BuiltLayers
from stages.alarms import Alarms
from stages.catalog import FUNCTIONS, FunctionDeclaration
from stages.dashboard import ServiceDashboard
from stages.encryption import ServiceKey
from stages.event_sources import EventSource, QueueSource, removal
from stages.python_function import FunctionBuild, PythonFunction
from stages.service_options import ServiceOptions


@dataclass(frozen=True)
class Release:
    """The inputs of a deployment: the manifest of the built layers and functions, and the pushed revision."""

    layers: Path
    revision: str


class EchoStack(Stack):
    """The echo service. outputs: environment variable of the tests -> output; the tests read the others themselves.

    emails: the subscribers of alarms if the options name none.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        release: Release,
        environment: str,
        tester: IntegrationTestRoleNames,
        options: ServiceOptions,
        emails: Sequence[str] = (),
        env: Environment | None = None,
    ) -> None:
        super().__init__(scope, id_, env=env)
        self._release, self._environment, self._options = release, environment, options
        self._key = ServiceKey(self, "Key", removal=removal(options))
        self._built = BuiltLayers(self, "Layers", manifest=release.layers)
        self._alarms = Alarms(self, "Alarms", key=self._key.key, options=options, emails=emails)
        self._test_statements: list[iam.PolicyStatement] = []
        functions = {declared.name: self._function(declared) for declared in FUNCTIONS}
        ServiceDashboard(self, "Dashboard", functions=functions, alarms=self._alarms.alarms)
        role = IntegrationTestRole(self, "Tester", names=tester, may=self._test_statements).role
        # An output, not a variable of each function, so that a push without a changed function publishes no version.
        CfnOutput(self, "Revision", value=release.revision)
        self.outputs = {
            "STACK": CfnOutput(self, "StackArn", value=self.stack_id),
            "TEST_ROLE": CfnOutput(self, "TestRoleArn", value=role.role_arn),
        }

    def _function(self, declared: FunctionDeclaration) -> lambda_.Function:
        feed = declared.feed(self, f"{declared.id}Feed", key=self._key.key, options=self._options)
        function = PythonFunction(
            self,
            declared.id,
            build=self._build(declared.name),
            environment=self._variables(declared.name),
            may=[*feed.receive_statements(), self._key.use_statement()],
            dead_letters=feed.dead_letters,
            key=self._key.key,
            options=self._options,
        )
        feed.connect(function.live)
        self._watch(declared, function.function, feed)
        self._export_for_tests(declared, function, feed)
        return function.function

    def _build(self, name: str) -> FunctionBuild:
        return FunctionBuild(
            code=self._built.code_of(name).asset,
            runtime=self._built.runtime,
            architecture=self._built.architecture,
            layers=[layer.version for layer in self._built.layers_of(name)],
        )

    def _variables(self, name: str) -> dict[str, str]:
        return {
            "ENVIRONMENT": self._environment,
            "POWERTOOLS_SERVICE_NAME": name,
            "POWERTOOLS_METRICS_NAMESPACE": "EchoService",
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }

    def _watch(self, declared: FunctionDeclaration, function: lambda_.IFunction, feed: EventSource) -> None:
        self._alarms.watch_function(declared.id, function)
        self._alarms.watch_dead_letters(declared.id, feed.dead_letters)
        if isinstance(feed, QueueSource):
            self._alarms.watch_queue(declared.id, feed.queue)

    def _export_for_tests(self, declared: FunctionDeclaration, function: PythonFunction, feed: EventSource) -> None:
        layers = self._built.layers_of(declared.name)
        output, address = feed.address
        outputs = {
            "FunctionName": function.function.function_name,
            "LogGroupName": function.log_group.log_group_name,
            "CodeDigest": self._built.code_of(declared.name).digest,
            "LayerDigests": ",".join(layer.digest for layer in layers) or "none",
            output: address,
        }
        for name, value in outputs.items():
            CfnOutput(self, f"{declared.id}{name}", value=value)
        call = ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"]
        self._allow_tests(call, function.live.function_arn)
        if layers:
            self._allow_tests(["lambda:GetLayerVersion"], *(layer.version.layer_version_arn for layer in layers))
        if self._options.tests == "full":
            self._allow_tests(["logs:FilterLogEvents"], function.log_group.log_group_arn)
            self._test_statements += [feed.send_statement(), self._key.use_statement()]

    def _allow_tests(self, actions: list[str], *resources: str) -> None:
        self._test_statements.append(iam.PolicyStatement(actions=actions, resources=list(resources)))
