"""What the owner's pages say for the first `cdk deploy` of a pipeline, for its rehearsal."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

CONFIGURATION = "rehearsal.toml"


@dataclass(frozen=True)
class FirstDeployment:
    """The variables before the command, and its options. app: that of `--app`; empty for cdk.json's."""

    variables: Mapping[str, str] = field(default_factory=dict)
    app: str = ""
    context: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `NAME=value --app "COMMAND" --context KEY=value`; `-` is nothing."""
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        parser.add_argument("variables", nargs="*")
        parser.add_argument("--app", default="")
        parser.add_argument("--context", action="append", default=[])
        found = parser.parse_args([] if text == "-" else shlex.split(text))
        return cls(_pairs(found.variables), found.app, _pairs(found.context))

    @property
    def options(self) -> list[str]:
        """The options of `rehearse run`."""
        return ["--app", self.app] if self.app else []

    def write_context(self, project: Path) -> None:
        """Write the context to the rehearsal's configuration, which a project of other people does not have."""
        if self.context:
            lines = (f"{json.dumps(key)} = {json.dumps(value)}\n" for key, value in self.context.items())
            (project / CONFIGURATION).write_text("[context]\n" + "".join(lines))


def _pairs(words: list[str]) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words)
