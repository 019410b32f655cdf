"""The environments of a push are bootstrapped before it, as an operator has to do on AWS.

A synthesis takes seconds, so there is one only where the changes since the last known commit name an account, a region
or a qualifier. Environments that are named in another way are not found: the pipeline's update then fails as on AWS,
because its policies name roles that do not exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rehearsal.deploy.bootstrap import ReportProgress
from rehearsal.errors import WrongUse
from rehearsal.host.atomic_write import write_text
from rehearsal.host.processes import CommandFailed
from rehearsal.project import cloud_assembly, configuration
from rehearsal.project.cdk_app import App, link_node_modules
from rehearsal.project.cdk_cli import Cdk
from rehearsal.project.cloud_assembly import Assembly, Environment
from rehearsal.project.git_repository import Repository
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.locks import scratch_folder

# Source: AWS General Reference, "Service endpoints": `eu-west-1`, `us-gov-east-1`.
_REGION = r"[a-z]{2}(?:-[a-z]+)?-(?:central|north|south|east|west|northeast|northwest|southeast|southwest)-\d"
_ENVIRONMENT = re.compile(rf"\b(?:\d{{12}}|{_REGION})\b|[qQ]ualifier")


def synthesize_commit(  # noqa: PLR0917 - what a synthesis needs
    space: Workspace, cdk: Cdk, repository: Repository, commit: str, app: App, folder: Path
) -> Assembly:
    """Return the assembly of a commit, as the pipeline's build would synthesize it.

    folder: gets the files of the commit as `source`. Raises CommandFailed and WrongUse.
    """
    source, default = folder / "source", configuration.read_config(space.root).environment
    repository.export(commit, source)
    link_node_modules(repository.top, source)
    built = app.synthesize(cdk, source / repository.project, folder / "cdk.out", default, commit)
    return cloud_assembly.read(built, app.pipeline, default)


def pushed_environments(  # noqa: PLR0917 - what a synthesis needs
    space: Workspace,
    cdk: Callable[[], Cdk],
    repository: Repository,
    commit: str,
    app: App,
    tell: ReportProgress,
    *,
    always: bool = False,
) -> Sequence[Environment]:
    """Return the environments that a push of the commit deploys to; none where it cannot have a new one.

    always: return them in any case. A commit that does not synthesize has none either: its build says why.
    """
    if app.assembly or not (always or _may_add_environment(space, repository, commit)):
        return ()
    reason = "accounts have to be bootstrapped again" if always else "accounts are bootstrapped before a push"
    tell(f"{commit[:8]} may have other environments: synthesizing it, since {reason}")
    with scratch_folder(space, "plan") as folder:
        try:
            found = synthesize_commit(space, cdk(), repository, commit, app, folder).environments
        except (CommandFailed, WrongUse) as error:
            tell(f"{commit[:8]} does not synthesize, which its build will show: {error}")
            return ()
    note_known_commit(space, commit)
    return found


def note_known_commit(space: Workspace, commit: str) -> None:
    """Record a commit whose environments are bootstrapped."""
    write_text(_path(space), commit)


def _may_add_environment(space: Workspace, repository: Repository, commit: str) -> bool:
    path = _path(space)
    known = path.read_text() if path.exists() else repository.head
    return not repository.has(known) or names_environment(repository.added_lines(known, commit))


def names_environment(lines: Iterable[str]) -> bool:
    """Whether one of these lines names an account, a region or the qualifier of a bootstrap."""
    return any(_ENVIRONMENT.search(line) for line in lines)


def _path(space: Workspace) -> Path:
    return space.aws / "environments-of-commit"
