"""The CDK CLI and the Node.js of a project."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rehearsal.errors import WrongUse
from rehearsal.host.node import NodeNotFound

# The first CLI with version 3 of the AWS SDK, which reads AWS_ENDPOINT_URL. Found by trying: no release note says it.
FIRST = (2, 167)


@dataclass(frozen=True)
class CdkInstallation:
    """An installed CDK CLI.

    path: the search path of its commands. cli: the path of `cdk`. node: the folder of the `node` that runs it.
    """

    path: str
    cli: Path
    node: Path

    @classmethod
    def find(cls, tools: Iterable[Path]) -> Self:
        """Return the installation of a project. Raises NodeNotFound, and WrongUse where no CLI can be used.

        tools: the project's folders of commands, searched before PATH. The rehearsal's own folder is searched last.
        """
        rehearsal = Path(sys.executable).parent
        path = os.pathsep.join([*map(str, tools), os.environ.get("PATH", os.defpath), str(rehearsal)])
        node = shutil.which("node", path=path)
        if node is None:
            raise NodeNotFound
        return cls(path, Path(_cli(path)), Path(node).parent)

    @property
    def is_first(self) -> bool:
        """Whether this is the first `cdk` on the search path."""
        return str(self.cli) == shutil.which("cdk", path=self.path)


def _cli(path: str) -> str:
    """The first `cdk` on the search path that can use another endpoint; it also deploys assemblies of older libraries.

    Raises WrongUse where there is none.
    """
    old = []
    for folder in path.split(os.pathsep):
        cli = shutil.which("cdk", path=folder) if folder else None
        if cli and _version(cli) >= FIRST:
            return cli
        if cli:
            old.append(f"{cli} is {'.'.join(map(str, _version(cli)))}")
    if old:
        raise WrongUse(
            f"{'; '.join(old)}; a CDK CLI can be pointed at an embedded AWS from {'.'.join(map(str, FIRST))} on, and "
            "deploys what older libraries synthesize: `npm install aws-cdk@2`, here or with -g"
        )
    raise WrongUse("no cdk in the project's node_modules/.bin nor on PATH; run `npm ci`, or `npm install -g aws-cdk`")


def _version(cli: str) -> tuple[int, ...]:
    """The version of the npm package that the command belongs to; FIRST for a command that belongs to none."""
    package = Path(cli).resolve().parent.parent / "package.json"
    if not package.exists():
        return FIRST
    return tuple(int(part) for part in json.loads(package.read_text())["version"].split("-")[0].split("."))
