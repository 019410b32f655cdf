"""The echo service: two functions that share a layer."""

from pathlib import Path

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

from stages.function import PythonFunction
from stages.layers import BuiltLayers
from stages.options import ServiceOptions
from stages.tester import Tester, TesterNames


class EchoStack(Stack):
    """`outputs` maps what the tests need to know to the stack's outputs."""

    def __init__(
        self, scope: Construct, id_: str, *, functions: Path, layers: Path, tester: TesterNames, options: ServiceOptions
    ) -> None:
        super().__init__(scope, id_)
        built = BuiltLayers(self, "Layers", manifest=layers)
        retention = logs.RetentionDays[options.log_retention]
        echo, echo2 = (
            PythonFunction(
                self,
                name.title(),
                code=functions / name,
                runtime=built.runtime,
                architecture=built.architecture,
                layers=built.of(name),
                retention=retention,
            ).function
            for name in ("echo", "echo2")
        )
        role = Tester(self, "Tester", names=tester, functions=[echo, echo2]).role
        self.outputs = {
            "ECHO_FUNCTION": CfnOutput(self, "EchoFunctionName", value=echo.function_name),
            "ECHO2_FUNCTION": CfnOutput(self, "Echo2FunctionName", value=echo2.function_name),
            "TEST_ROLE": CfnOutput(self, "TestRoleArn", value=role.role_arn),
        }
