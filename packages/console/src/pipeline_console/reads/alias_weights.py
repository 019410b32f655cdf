"""The weights of aliases, read again and again while traffic shifts."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline_console.errors import Problem
from pipeline_console.reads import functions
from pipeline_console.reads.client import Aws
from pipeline_console.views.functions import Alias, FunctionView, Place


class AliasWeights:
    """Remembers the functions that a page has listed, so that a read of their weights is one call for each."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._listed: dict[str, list[tuple[Place, str]]] = {}

    def remember(self, environment: str, listed: Iterable[FunctionView]) -> None:
        """Keep where the functions of an environment are."""
        self._listed[environment] = [(function.place, function.name) for function in listed]

    def read(self, environment: str) -> tuple[dict[str, tuple[Alias, ...]], list[Problem]]:
        """Return the aliases of each listed function, and why some could not be read."""
        problems: list[Problem] = []
        by_function = {
            name: functions.aliases(self._aws, place, name, problems)
            for place, name in self._listed.get(environment, ())
        }
        return {name: aliases for name, aliases in by_function.items() if aliases is not None}, problems
