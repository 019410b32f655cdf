"""Which of the files that a lock names gets installed: pip and uv choose a wheel by its file's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion

from lambda_layers.target.platform import Target


def tags_by_file(files: Iterable[str]) -> dict[str, frozenset[Tag]]:
    """Return each wheel among the files, with the tags of its name."""
    found: dict[str, frozenset[Tag]] = {}
    for name in sorted(files):
        try:
            found[name] = parse_wheel_filename(name)[3]
        except (InvalidWheelFilename, InvalidVersion):
            continue  # a source package, or a name that uv would not take either
    return found


def installed_wheel(files: Mapping[str, str], said: frozenset[Tag], target: Target) -> tuple[str, str] | None:
    """Return the wheel that was installed and its sha256; None where it was built here.

    files: the lock's files with their sha256. said: the tags inside of the wheel, which decide only where several
    files fit, because published wheels may contradict their own names.
    """
    ranks = {tag: rank for rank, tag in enumerate(target.ranked_tags())}
    fitting = {name: tags & ranks.keys() for name, tags in tags_by_file(files).items() if tags & ranks.keys()}
    if not fitting:
        return None
    exact = [name for name in fitting if said and tags_by_file([name])[name] == said]
    best = min(exact or fitting, key=lambda name: (min(ranks[tag] for tag in fitting[name]), name))
    return best, files[best]
