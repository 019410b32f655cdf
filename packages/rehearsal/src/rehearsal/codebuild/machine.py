"""Where the commands of a build run: on this machine, or in an image (build_image.py)."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rehearsal.bundling.docker_program import bundling_variables, notes_file
from rehearsal.codebuild import builtin_variables, images, runtimes
from rehearsal.codebuild.aws_cli import provide_aws_cli
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.buildspec import Buildspec
from rehearsal.codebuild.cache_keys import provide_hash_files
from rehearsal.codebuild.file_patterns import Reach
from rehearsal.codebuild.model import Build, BuildFolders
from rehearsal.codebuild.yarn import provide_yarn
from rehearsal.host.foreground_command import ForegroundCommand
from rehearsal.host.processes import Processes


@dataclass(frozen=True)
class Equipment:
    """The preparation of a build. variables: of its first command. commands: run before those of the buildspec."""

    variables: Mapping[str, str]
    commands: tuple[str, ...] = ()


class Machine(Protocol):
    """Runs the commands of one build. Its paths are those that commands see.

    image: its name, empty on this machine. user: runs the commands. sources: as in BuildFolders. state: the folder of
    the shell. reach: the files that can be artifacts.
    """

    image: str
    user: str
    sources: Mapping[str, Path]
    state: Path
    reach: Reach

    def variables(self) -> Mapping[str, str]:
        """Return the variables of the image, without CodeBuild's."""

    def visible(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return variables of this machine with their paths as commands see them."""

    def readable(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return variables of the build with their paths as this machine sees them."""

    def equip(self, spec: Buildspec, env: Mapping[str, str], log: BuildLog) -> Equipment:
        """Provide what the image has, with `env` and the variables that this needs. May raise RuntimeNotFound."""

    def shell(self, name: str) -> tuple[str, ...]:
        """Return the command of the shell, where the buildspec names it `name`."""

    def terminal(self, command: Sequence[str], env: Mapping[str, str], first: Sequence[str]) -> ForegroundCommand:
        """Return what runs a command in the caller's terminal, in the primary source, after the commands `first`."""

    def processes(self, on_line: Callable[[str], None], cached: Sequence[Path] = ()) -> Processes:
        """Return what runs commands. cached: folders of the cache, in the source or the home."""


class ThisMachine:
    """Runs commands with this machine's tools."""

    image = ""

    def __init__(self, build: Build, folders: BuildFolders) -> None:
        self._build, self._folders = build, folders
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.sources, self.state, self.reach = folders.sources, folders.state, Reach()

    def variables(self) -> Mapping[str, str]:
        return builtin_variables.image_variables(self._folders)

    def visible(self, values: Mapping[str, str]) -> dict[str, str]:
        return dict(values)

    readable = visible

    def equip(self, spec: Buildspec, env: Mapping[str, str], log: BuildLog) -> Equipment:
        image, folder, downloads = self._build.image, self._folders.folder, self._folders.caches / "runtimes"
        versions = spec.phases.install.runtime_versions
        for note in images.notes(image, versions, spec.env.shell):
            log.note(note)
        effective = {name: version for name, version in versions.items() if name not in images.WITHOUT_EFFECT}
        installed = runtimes.install(effective, env, folder, image, downloads)
        for runtime in installed.requested:
            log.say(f"Selecting '{runtime.name}' runtime version '{runtime.version}' based on manual selections...")
        provide_hash_files(installed.path[0])
        if installed.missing:
            log.note(f"the image has Python {installed.missing}, this machine has not: {installed.python.version}")
        bundling = bundling_variables(folder, installed.bundling_node, privileged=self._build.privileged)
        provide_aws_cli(installed.path[0], downloads, notes_file(folder), env["PATH"])
        path = os.pathsep.join([*map(str, installed.path), env["PATH"]])
        if "yarn" in images.missing_tools(image, path):
            provide_yarn(installed.path[0], notes_file(folder))
        log.report_missing(images.missing_tools(image, path))
        return Equipment({**bundling, **env, "PATH": path})

    def shell(self, name: str) -> tuple[str, ...]:
        return images.shell_command(name, self._build.image)

    def terminal(self, command: Sequence[str], env: Mapping[str, str], first: Sequence[str]) -> ForegroundCommand:  # noqa: ARG002 - equip returns no commands
        return ForegroundCommand(command, self.sources[""], env)

    def processes(self, on_line: Callable[[str], None], cached: Sequence[Path] = ()) -> Processes:  # noqa: ARG002 - commands see the folders of the cache
        return Processes(on_line)
