"""The record of the last bootstrap, and the environments that a run bootstrapped after the first deployment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from rehearsal.host.atomic_write import write_json
from rehearsal.project.cloud_assembly import Environment
from rehearsal.workspace.layout import Workspace


@dataclass(frozen=True)
class BootstrapRecord:
    """The command (empty: `cdk bootstrap`), the digest of its files, and the environments."""

    command: str = ""
    digest: str = ""
    environments: tuple[Environment, ...] = ()


def read_record(space: Workspace) -> BootstrapRecord:
    """Return the record of the last bootstrap; an empty one before the first."""
    path = _path(space)
    if not path.exists():
        return BootstrapRecord()
    record = json.loads(path.read_text())
    # An earlier version wrote another key: its environments are bootstrapped again.
    environments = tuple(Environment(*environment) for environment in record.get("environments", []))
    return BootstrapRecord(record["command"], record["digest"], environments)


def write_record(space: Workspace, record: BootstrapRecord) -> None:
    """Write the record that `read_record` reads."""
    environments = [astuple(environment) for environment in record.environments]
    write_json(_path(space), {"command": record.command, "digest": record.digest, "environments": environments})


def grants_administrator_access(space: Workspace) -> bool:
    """Return whether CloudFormation has AdministratorAccess, because the project has no bootstrap command."""
    return not read_record(space).command


def record_late_bootstrap(space: Workspace, environments: Sequence[Environment]) -> None:
    """Record the environments that this run bootstrapped after the first deployment; on AWS an operator has to."""
    write_json(_late_bootstraps(space), [str(environment) for environment in environments])


def late_bootstraps(space: Workspace) -> list[str]:
    """Return the environments that the last run bootstrapped after the first deployment."""
    path = _late_bootstraps(space)
    environments: list[str] = json.loads(path.read_text()) if path.exists() else []
    return environments


def _path(space: Workspace) -> Path:
    return space.aws / "bootstrap.json"


def _late_bootstraps(space: Workspace) -> Path:
    return space.aws / "bootstrapped-again.json"
