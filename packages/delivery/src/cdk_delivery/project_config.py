"""`[tool.delivery]` of pyproject.toml: where a project keeps what its delivery is made from.

Needs the standard library only: the changes build reads it too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from cdk_delivery.errors import WrongUse
from cdk_delivery.pyproject import FILE, tool_table

TABLE = "delivery"
# `package.module:Class`
_IMPORT_STRING = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")

_NAME = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class Pages:
    """Pages of the project that messages refer to; empty where there is none. Two hold a generated table."""

    approvals: str = ""
    costs: str = ""
    """Holds the table of costs, which is made from the prices."""
    go_live: str = ""
    security: str = ""
    """Holds the table of roles."""


@dataclass(frozen=True)
class ProjectConfig:
    """Paths are relative to the project's root; empty where the project has no such file."""

    access: str
    """The folder of the generated policies, and of the list of properties whose change replaces a resource."""
    checks: Mapping[str, str] = field(default_factory=dict)
    """Path of a function's alias below its stack -> the file with the event by which new versions are checked."""
    other_pipelines: tuple[str, ...] = ()
    """Names of other pipelines in the pipeline's account, whose roles its execution policy opens as well."""
    options: str = ""
    """The import string of the model of `environments[].service`; without it, any JSON object is allowed there."""
    pages: Pages = field(default_factory=Pages)
    prices: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Pattern of a role's logical id, without its hash -> why the project's stacks have it."""


def see(page: str) -> str:
    """Return the end of a sentence that refers to a page; empty without one."""
    return f" ({page})" if page else ""


def read_config(root: Path) -> ProjectConfig:
    """Read the table of the project in `root`. Raises WrongUse, one line per fault."""
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
    """One table, read key by key; what is wrong is added to `faults`."""

    def __init__(self, name: str, values: Mapping[str, Any], faults: list[str]) -> None:
        self.where = f"{FILE} [tool.{TABLE}{name}]"
        self.values, self._faults = values, faults
        self._known: list[str] = []

    def table(self, key: str) -> _Table:
        self._known.append(key)
        found = self.values.get(key, {})
        if not isinstance(found, Mapping):
            self._refuse(key, "a table is needed")
            found = {}
        return _Table(f".{key}", found, self._faults)

    def text(self, key: str, pattern: re.Pattern[str], needed: str) -> str:
        self._known.append(key)
        found = self.values.get(key, "")
        if key in self.values and not (isinstance(found, str) and pattern.fullmatch(found)):
            self._refuse(key, needed)
        return str(found)

    def path(self, key: str, *, required: bool = False) -> str:
        if required and key not in self.values:
            self._faults.append(f"{self.where} {key}: is missing; a path below the project's folder is needed")
        found = self.text(key, re.compile(".+"), "a path below the project's folder is needed")
        if PurePosixPath(found).is_absolute() or ".." in PurePosixPath(found).parts:
            self._refuse(key, "a path below the project's folder is needed")
        return found

    def names(self, key: str) -> tuple[str, ...]:
        self._known.append(key)
        found = self.values.get(key, [])
        if not (isinstance(found, list) and all(isinstance(name, str) and _NAME.fullmatch(name) for name in found)):
            self._refuse(key, "a list of pipelines' names is needed, each of a-z, 0-9 and - with a letter first")
            return ()
        return tuple(found)

    def purpose(self, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            self._faults.append(f"{self.where}: got the key '{pattern}'; it is no regular expression: {error}")
        return self.text(pattern, re.compile(r".*\S.*"), "a sentence that says why there is such a role is needed")

    def refuse_unknown_keys(self) -> None:
        """Call it after every key that there may be was read."""
        for key in self.values:
            if key not in self._known:
                there_are = ", ".join(sorted(self._known))
                self._faults.append(f"{self.where} {key}: there is no such setting; there are {there_are}")

    def _refuse(self, key: str, needed: str) -> None:
        self._faults.append(f"{self.where} {key}: got {self.values[key]!r}; {needed}")
