"""The CDK app that is rehearsed: cdk.json's, a command as for `cdk --app`, or the folder of a cloud assembly."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rehearsal.errors import WrongUse
from rehearsal.project.assembly_manifest import MANIFEST, is_assembly
from rehearsal.project.cdk_cli import Cdk
from rehearsal.workspace.layout import Workspace

if TYPE_CHECKING:  # most commands read no rehearsal.toml, and pydantic takes 0.1 s to import
    from rehearsal.project.configuration import Config

MODULES = "node_modules"


@dataclass(frozen=True)
class App:
    """The CDK app to rehearse, and the pipeline in it.

    command: the app's command, or the absolute path of a cloud assembly; None: the app of cdk.json. pipeline: a name of
    the pipeline or of its stack, needed where the app has several pipelines.
    """

    command: str | None = None
    pipeline: str | None = None

    @classmethod
    def from_options(cls, command: str | None, pipeline: str | None) -> Self:
        """Return the app of --app and --pipeline. Raises WrongUse where --app is a folder without a cloud assembly."""
        if command is None or not Path(command).is_dir():
            return cls(command, pipeline)
        folder = Path(command).resolve()
        if not is_assembly(folder):
            raise WrongUse(f"--app: {command} is not a cloud assembly: it has no {MANIFEST}; `cdk synth` makes one")
        return cls(str(folder), pipeline)

    @property
    def assembly(self) -> Path | None:
        """The cloud assembly's folder, where the app is one."""
        return Path(self.command) if self.command and Path(self.command).is_dir() else None

    def synthesize(self, cdk: Cdk, folder: Path, out: Path, config: Config, revision: str | None = None) -> Path:
        """Return the folder of the cloud assembly; synthesize it to `out` unless the app is an assembly already.

        folder: the project's files. config: has CDK's default account and region, and the app's context. revision: the
        commit id, which the app reads as in a build. Raises WrongUse if there is no app, and CommandFailed if
        synthesis fails.
        """
        if self.assembly:
            return self.assembly
        if self.command is None and not (folder / "cdk.json").exists():
            raise WrongUse(f"there is no cdk.json in {folder.name}: say with --app how the CDK app is run")
        shutil.rmtree(out, ignore_errors=True)
        cdk.synth(folder, out, self.command, config.environment, context=config.context, revision=revision)
        return out

    def matches_deployed(self, command: str | None, names: Iterable[str]) -> bool:
        """Return whether the deployed app and pipeline are those that the user chose.

        command: the deployed app. names: the names of the deployed pipeline.
        """
        return self.command in (None, command) and (self.pipeline is None or self.pipeline in names)


def link_node_modules(top: Path, source: Path) -> None:
    """Link every `node_modules` of the working tree `top` into `source`, the unpacked files of a commit.

    Node would find the modules in a parent folder, but settings such as TypeScript's `typeRoots` name relative paths.
    """
    for folder, names, _ in os.walk(top):
        unpacked = source / Path(folder).relative_to(top)
        if MODULES in names and unpacked.is_dir() and not (unpacked / MODULES).exists():
            (unpacked / MODULES).symlink_to(Path(folder) / MODULES)
        names[:] = [name for name in names if name != MODULES and not name.startswith(".")]


def command_folders(space: Workspace) -> list[Path]:
    """Return the folders of a project's commands: `node_modules/.bin` and `.venv/bin`."""
    npm = [module / ".bin" for module in modules(space)]
    return [path for path in (*npm, space.root / ".venv" / "bin") if path.is_dir()]


def modules(space: Workspace) -> list[Path]:
    """Return every `node_modules` in the project and its parent folders, the nearest first, as Node searches them."""
    folders = [folder / MODULES for folder in (space.root, *space.root.parents)]
    return [folder for folder in folders if folder.is_dir()]
