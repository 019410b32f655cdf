"""Variables and options of the first `cdk deploy` of a pipeline, as its own files give them."""

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
    """The variables before the command, and its options. app: that of `--app`; empty for cdk.json's.

    pipeline: the stack with the pipeline, where the app has several. settings: account and region of rehearsal.toml.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    app: str = ""
    pipeline: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `NAME=value --app "COMMAND" --pipeline STACK --account ID --region NAME --context KEY=value`, or `-`."""
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        parser.add_argument("variables", nargs="*")
        for option in ("--app", "--pipeline", "--account", "--region"):
            parser.add_argument(option, default="")
        parser.add_argument("--context", action="append", default=[])
        found = parser.parse_args([] if text == "-" else shlex.split(text))
        settings = {name: value for name in ("account", "region") if (value := getattr(found, name))}
        return cls(_pairs(found.variables), found.app, found.pipeline, settings, _pairs(found.context))

    @property
    def options(self) -> list[str]:
        """The options of `rehearse run`."""
        named = {"--app": self.app, "--pipeline": self.pipeline}
        return [word for option, value in named.items() if value for word in (option, value)]

    def write_settings(self, project: Path) -> None:
        """Write settings and context to the rehearsal's configuration, which other people's projects lack."""
        lines = [*_lines(self.settings), *(("[context]\n", *_lines(self.context)) if self.context else ())]
        if lines:
            (project / CONFIGURATION).write_text("".join(lines))


def _lines(values: Mapping[str, str]) -> list[str]:
    return [f"{json.dumps(key)} = {json.dumps(value)}\n" for key, value in values.items()]


def _pairs(words: list[str]) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words)
