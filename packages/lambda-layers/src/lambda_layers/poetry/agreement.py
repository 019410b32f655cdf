"""The check that poetry.lock has what pyproject.toml requires.

Poetry compares only a hash of pyproject.toml with the one in the lock. After a merge conflict that was resolved by
hand, the hash may be right and the packages wrong. This check compares the packages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.utils import canonicalize_name

from lambda_layers.errors import LayersError
from lambda_layers.locks.graph import Lock
from lambda_layers.locks.pin import Pin
from lambda_layers.target.platform import Target


def check_agreement(lock: Lock, closures: Mapping[str, Sequence[Pin]], target: Target, project: str) -> None:
    """Raise LayersError if a group's closure is not what pyproject.toml requires.

    closures: group -> its packages. project: the name of the project, which a group may require itself.
    """
    problems = [
        problem for group, pins in closures.items() for problem in _problems(lock, group, pins, target, project)
    ]
    if problems:
        raise LayersError(
            "poetry.lock does not hold what pyproject.toml asks for, although its content-hash is that of "
            f"pyproject.toml: {'; '.join(problems)}. Run `poetry lock` and commit what it writes"
        )


def _problems(lock: Lock, group: str, pins: Sequence[Pin], target: Target, project: str) -> Iterator[str]:
    locked = {pin.name: pin for pin in pins if target.accepts(pin.marker)}
    for need in lock.roots.get(group, ()):
        name = canonicalize_name(need.name)
        if name == canonicalize_name(project) or not target.accepts(str(need.marker or "")):
            continue
        pin = locked.get(name)
        if pin is None:
            yield f"group {group} asks for {need}, which is not locked in it"
        elif pin.version and not need.specifier.contains(pin.version, prereleases=True):
            yield f"group {group} asks for {need}, and {pin.version} is locked"
    for superfluous in sorted({*locked} - {*lock.chains(group, None)}):
        yield f"{superfluous} is locked in group {group}, and nothing asks for it"
