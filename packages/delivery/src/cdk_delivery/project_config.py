"""The settings in `[tool.delivery]` of pyproject.toml: paths of a project's files, other pipelines, purposes of roles.

Imports the standard library only: the changes build reads it too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from cdk_delivery.errors import WrongUse
from cdk_delivery.pyproject import FILE, tool_table

TABLE = "delivery"
# `package.module:Class`
_IMPORT_STRING = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")

_NAME = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class Pages:
    """Paths of pages that messages refer to; empty for a page that the project lacks. Two have a generated table."""

    approvals: str = ""
    costs: str = ""
    """Has the table of costs, which is generated from the prices."""
    go_live: str = ""
    security: str = ""
    """Has the generated table of roles."""


@dataclass(frozen=True)
class ProjectConfig:
    """The values of the table. Paths are relative to the project's root, and empty for a file that it lacks."""

    access: str
    """The folder of the generated policies, and of the list of properties whose change replaces a resource."""
    checks: Mapping[str, str] = field(default_factory=dict)
    """Construct path of an alias, relative to its stack -> JSON file with the event that checks a new version."""
    other_pipelines: tuple[str, ...] = ()
    """Names of other pipelines in the pipeline's account, whose roles its execution policy allows as well."""
    options: str = ""
    """The import string of the model of `environments[].service`; without it, any JSON object is allowed there."""
    pages: Pages = field(default_factory=Pages)
    prices: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Regular expression for a role's logical id without its hash -> why the project's stacks have this role."""


def see(page: str) -> str:
    """Return ` (PAGE)`, which refers to a page at the end of a sentence; empty without a page."""
    return f" ({page})" if page else ""


def read_config(root: Path) -> ProjectConfig:
    """Read the table of the project in `root`. Raises WrongUse with one line per fault."""
    faults: list[str] = []
    table = _Table("", tool_table(root, TABLE), faults)
    pages, roles, checks = table.table("pages"), table.table("roles"), table.table("checks")
    config = ProjectConfig(
        access=table.path("access", required=True),
        checks={alias: checks.path(alias) for alias in checks.values},
        other_pipelines=table.names("other-pipelines"),
        options=table.text("options", _IMPORT_STRING, "an import string such as package.module:Class is needed"),
        pages=Pages(
            approvals=pages.path("approvals"),
            costs=pages.path("costs"),
            go_live=pages.path("go-live"),
            security=pages.path("security"),
        ),
        prices=table.path("prices"),
        roles={pattern: roles.purpose(pattern) for pattern in roles.values},
    )
    for section in (table, pages):
        section.refuse_unknown_keys()
    if bool(config.prices) != bool(config.pages.costs):
        faults.append(f"{table.where}: `prices` and `pages.costs` belong together; give both or neither")
    if faults:
        raise WrongUse("\n".join(faults))
    return config


class _Table:
    """A TOML table that is read key by key. Wrong values are added to `faults`, so that all are reported together."""

    def __init__(self, name: str, values: Mapping[str, object], faults: list[str]) -> None:
        self.where = f"{FILE} [tool.{TABLE}{name}]"
        self.values, self._faults = values, faults
        self._known: list[str] = []

    def table(self, key: str) -> _Table:
        self._known.append(key)
        value = self.values.get(key, {})
        if not isinstance(value, Mapping):
            self._refuse(key, "a table is needed")
            value = {}
        return _Table(f".{key}", value, self._faults)

    def text(self, key: str, pattern: re.Pattern[str], needed: str) -> str:
        self._known.append(key)
        value = self.values.get(key, "")
        if key in self.values and not (isinstance(value, str) and pattern.fullmatch(value)):
            self._refuse(key, needed)
        return str(value)

    def path(self, key: str, *, required: bool = False) -> str:
        if required and key not in self.values:
            self._faults.append(f"{self.where} {key}: is missing; a path below the project's folder is needed")
        path = self.text(key, re.compile(".+"), "a path below the project's folder is needed")
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            self._refuse(key, "a path below the project's folder is needed")
        return path

    def names(self, key: str) -> tuple[str, ...]:
        self._known.append(key)
        value = self.values.get(key, [])
        if not (isinstance(value, list) and all(isinstance(name, str) and _NAME.fullmatch(name) for name in value)):
            self._refuse(key, "a list of pipelines' names is needed, each of a-z, 0-9 and - with a letter first")
            return ()
        return tuple(value)

    def purpose(self, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            self._faults.append(f"{self.where}: got the key '{pattern}'; it is not a regular expression: {error}")
        return self.text(pattern, re.compile(r".*\S.*"), "a sentence that says why there is such a role is needed")

    def refuse_unknown_keys(self) -> None:
        """Add a fault for each key that no method has read. Call it last."""
        for key in self.values:
            if key not in self._known:
                known = ", ".join(sorted(self._known))
                self._faults.append(f"{self.where} {key}: there is no such setting; there are {known}")

    def _refuse(self, key: str, needed: str) -> None:
        self._faults.append(f"{self.where} {key}: got {self.values[key]!r}; {needed}")
