"""The environments of a push are bootstrapped before it, as an operator has to do on AWS.

A synthesis takes seconds, so there is one only where the changes since the last known commit name an account, a region
or a qualifier. Environments that are named in another way are not found: the pipeline's update then fails as on AWS,
because its policies name roles that do not exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal.deploy.bootstrap import ReportProgress
from rehearsal.errors import WrongUse
from rehearsal.host.atomic_write import write_text
from rehearsal.host.checked_command import CommandFailed
from rehearsal.project import configuration
from rehearsal.project.assembly_manifest import read_assembly
from rehearsal.project.cdk_app import App, link_node_modules
from rehearsal.project.cdk_cli import Cdk
from rehearsal.project.cloud_assembly import Assembly, Environment
from rehearsal.project.git_repository import Repository
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.locks import scratch_folder

# Source: AWS General Reference, "Service endpoints": `eu-west-1`, `us-gov-east-1`.
_REGION = r"[a-z]{2}(?:-[a-z]+)?-(?:central|north|south|east|west|northeast|northwest|southeast|southwest)-\d"
_ENVIRONMENT = re.compile(rf"\b(?:\d{{12}}|{_REGION})\b|[qQ]ualifier")


@dataclass(frozen=True)
class PushedCommit:
    """A commit that is pushed next. cdk: called only where the commit is synthesized."""

    space: Workspace
    cdk: Callable[[], Cdk]
    repository: Repository
    app: App
    id: str

    def synthesize(self, folder: Path) -> Assembly:
        """Return the commit's assembly, as the pipeline's build would synthesize it.

        folder: gets the files of the commit as `source`. Raises CommandFailed and WrongUse.
        """
        source, config = folder / "source", configuration.read_config(self.space.root)
        self.repository.export(self.id, source)
        link_node_modules(self.repository.top, source)
        project = source / self.repository.project
        built = self.app.synthesize(self.cdk(), project, folder / "cdk.out", config, self.id)
        return read_assembly(built, self.app.pipeline, config.environment)

    def may_add_environment(self) -> bool:
        """Return whether the changes since the last known commit can add an environment."""
        path = _path(self.space)
        known = path.read_text() if path.exists() else self.repository.head
        return not self.repository.has(known) or names_environment(self.repository.added_lines(known, self.id))

    def environments(self, tell: ReportProgress) -> Sequence[Environment]:
        """Synthesize the commit, and return the environments that it deploys to. tell: reports progress.

        Empty for an app that is an assembly, and for a commit that does not synthesize: its build says why.
        """
        if self.app.assembly:
            return ()
        tell(f"{self.id[:8]} may have other environments: synthesizing it, to bootstrap accounts before the push")
        with scratch_folder(self.space, "plan") as folder:
            try:
                assembly = self.synthesize(folder)
            except (CommandFailed, WrongUse) as error:
                tell(f"{self.id[:8]} does not synthesize, which its build will show: {error}")
                return ()
        note_known_commit(self.space, self.id)
        return assembly.environments


def note_known_commit(space: Workspace, commit: str) -> None:
    """Record a commit whose environments are bootstrapped."""
    write_text(_path(space), commit)


def names_environment(lines: Iterable[str]) -> bool:
    """Whether one of these lines names an account, a region or the qualifier of a bootstrap."""
    return any(_ENVIRONMENT.search(line) for line in lines)


def _path(space: Workspace) -> Path:
    return space.aws / "environments-of-commit"
