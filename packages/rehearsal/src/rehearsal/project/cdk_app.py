"""The CDK app that is rehearsed: cdk.json's, a command as for `cdk --app`, or the folder of a cloud assembly."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rehearsal.errors import WrongUse
from rehearsal.project.cdk_cli import Cdk
from rehearsal.workspace.layout import Workspace

MODULES = "node_modules"


@dataclass(frozen=True)
class App:
    """command: of the app, or the absolute path of an assembly; None is what cdk.json says.

    pipeline: which one, where the app has several; the name of its stack or of the pipeline.
    """

    command: str | None = None
    pipeline: str | None = None

    @classmethod
    def from_options(cls, command: str | None, pipeline: str | None) -> Self:
        """As it was typed: a folder is one below the current folder. Raises WrongUse where it holds no assembly."""
        if command is None or not Path(command).is_dir():
            return cls(command, pipeline)
        folder = Path(command).resolve()
        if not (folder / "manifest.json").is_file():
            raise WrongUse(f"--app: {command} is no cloud assembly: it has no manifest.json; `cdk synth` makes one")
        return cls(str(folder), pipeline)

    @property
    def assembly(self) -> Path | None:
        """The folder, where it is one."""
        return Path(self.command) if self.command and Path(self.command).is_dir() else None

    def synthesize(
        self, cdk: Cdk, folder: Path, out: Path, environment: tuple[str, str], revision: str | None = None
    ) -> Path:
        """The assembly: the app's own, or synthesized in `folder` to `out` with `environment` as CDK's default.

        revision: the commit that the app gets, as in a build.
        Raises WrongUse where there is no app, and CommandFailed where it does not synthesize.
        """
        if self.assembly:
            return self.assembly
        if self.command is None and not (folder / "cdk.json").exists():
            raise WrongUse(f"there is no cdk.json in {folder.name}: say with --app how the CDK app is run")
        shutil.rmtree(out, ignore_errors=True)
        cdk.synth(folder, out, self.command, environment, revision)
        return out

    def matches_deployed(self, command: str | None, names: Iterable[str]) -> bool:
        """Whether what is deployed (its app, and the names of its pipeline) is what is wanted."""
        return self.command in (None, command) and (self.pipeline is None or self.pipeline in names)


def link_node_modules(top: Path, source: Path) -> None:
    """Let the unpacked files of a repository have the modules of npm that are installed in its working tree.

    Node would find them further up, but TypeScript's `typeRoots` and the like name them by their place.
    """
    for folder, names, _ in os.walk(top):
        here = source / Path(folder).relative_to(top)
        if MODULES in names and here.is_dir() and not (here / MODULES).exists():
            (here / MODULES).symlink_to(Path(folder) / MODULES)
        names[:] = [each for each in names if each != MODULES and not each.startswith(".")]


def command_folders(space: Workspace) -> list[Path]:
    """Where a project keeps its commands: of npm, and of Python."""
    npm = [each / ".bin" for each in modules(space)]
    return [each for each in (*npm, space.root / ".venv" / "bin") if each.is_dir()]


def modules(space: Workspace) -> list[Path]:
    """The folders of npm's modules, here and in folders above, as npm has it."""
    found = [folder / MODULES for folder in (space.root, *space.root.parents)]
    return [each for each in found if each.is_dir()]
