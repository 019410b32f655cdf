"""One deployment of the echo service, to one account and region."""

from pathlib import Path

from aws_cdk import Environment, Stage
from constructs import Construct

from stages.echo_stack import EchoStack
from stages.options import ServiceOptions
from stages.tester import TesterNames


class EchoStage(Stage):
    """`outputs`: environment variable of the integration tests -> output of the stack."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        env: Environment,
        functions: Path,
        layers: Path,
        tester: TesterNames,
        options: ServiceOptions,
    ) -> None:
        super().__init__(scope, id_, env=env)
        self.stack = EchoStack(self, "Echo", functions=functions, layers=layers, tester=tester, options=options)
        self.outputs = self.stack.outputs
