"""A deployed stage, as its tests see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import pytest


@dataclass(frozen=True)
class Deployed:
    """The outputs of the stage's stack, and clients with the testers' role."""

    session: boto3.Session
    outputs: Mapping[str, str]

    def output(self, name: str) -> str:
        """Return an output of the stack; fail with the list of outputs if it is missing."""
        if name not in self.outputs:
            pytest.fail(f"the stack has no output {name}; it has {', '.join(sorted(self.outputs))}")
        return self.outputs[name]

    def names(self) -> list[str]:
        """Return every function of the stack by its output: `Echo` for `EchoFunctionName`."""
        end = "FunctionName"
        found = sorted(name.removesuffix(end) for name in self.outputs if name.endswith(end))
        return found or pytest.fail(f"the stack has no output that ends in {end}; it has {', '.join(self.outputs)}")

    @cached_property
    def functions(self) -> Any:
        return self.session.client("lambda")

    @cached_property
    def logs(self) -> Any:
        return self.session.client("logs")

    @cached_property
    def queues(self) -> Any:
        return self.session.client("sqs")

    @cached_property
    def topics(self) -> Any:
        return self.session.client("sns")
