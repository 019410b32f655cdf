"""The modules of the target's standard library, which may differ from those of the running interpreter.

Source: Python documentation, "What's New In Python 3.13" (PEP 594 and lib2to3) and "What's new in Python 3.14" (new
modules).
"""

from __future__ import annotations

import sys

# Python version -> the public modules that it removed.
_REMOVED = {
    "3.13": frozenset(
        {"aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis"}
        | {"nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"}
    ),
}
# Python version -> the public modules that it added.
_ADDED = {"3.14": frozenset({"annotationlib", "compression"})}


def module_names(version: str) -> frozenset[str]:
    """Return the top-level modules of the standard library of Python `version` (3.13)."""
    differing = frozenset[str]().union(*_REMOVED.values(), *_ADDED.values())
    return (sys.stdlib_module_names - differing) | (differing - removed_names(version) - _later_names(version))


def removed_names(version: str) -> frozenset[str]:
    """Return the modules that older versions had and `version` does not have."""
    return frozenset[str]().union(*(names for since, names in _REMOVED.items() if _number(since) <= _number(version)))


def _later_names(version: str) -> frozenset[str]:
    return frozenset[str]().union(*(names for since, names in _ADDED.items() if _number(since) > _number(version)))


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
