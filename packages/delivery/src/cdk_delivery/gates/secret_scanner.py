"""detect-secrets on given files, with its default settings but for filters of file names, without network calls.

detect-secrets calls every filter and plugin by introspection for each line, although hardly any line has a secret. A
filter of this module, the first one, skips the lines in which no plugin finds anything. That saves two thirds of the
processor time (19 s to 7 s for 134,000 lines) and no finding.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings, get_plugins, transient_settings

# Filters that skip files by their names.
_DISABLED_FILTERS = [
    f"detect_secrets.filters.heuristic.{name}" for name in ("is_lock_file", "is_non_text_file", "is_swagger_file")
]


class Finding(NamedTuple):
    """A potential secret. The digest is the one that a baseline of detect-secrets records."""

    line: int
    kind: str
    digest: str


def scan(folder: Path, names: Iterable[str]) -> dict[str, list[Finding]]:
    """Return file -> findings, in the order of their lines, of the files in `folder` that have any."""
    with _settings():
        findings = {
            # as a set, which keeps the first line of a secret that the file has several times
            name: sorted(Finding(s.line_number, s.type, s.secret_hash) for s in {*scan_file(str(folder / name))})
            for name in names
        }
    return {name: found for name, found in findings.items() if found}


@contextmanager
def _settings() -> Iterator[None]:
    with default_settings() as settings:
        defaults = settings.json()
    first = {"path": f"{__name__}.{has_no_candidate.__name__}"}
    with transient_settings({**defaults, "filters_used": [first, *defaults["filters_used"]]}) as settings:
        settings.disable_filters(*_DISABLED_FILTERS)
        yield


def has_no_candidate(filename: str, line: str) -> bool:
    """Return whether no plugin finds anything in this line; a filter of detect-secrets."""
    return _has_no_candidate(os.path.splitext(filename)[1], line)  # noqa: PTH122 - as its plugins do


# Four of ten lines exist more than once. Of the file's name, plugins use the extension only.
@cache
def _has_no_candidate(extension: str, line: str) -> bool:
    return not any(plugin.analyze_line(filename=f"file{extension}", line=line) for plugin in get_plugins())
