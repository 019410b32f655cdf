"""The choice of a wheel among the files in a lock, by file name, as pip and uv choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion

from lambda_layers.target.platform import Target


def tags_by_file(files: Iterable[str]) -> dict[str, frozenset[Tag]]:
    """Return file name -> tags, for each file that is a wheel."""
    tags: dict[str, frozenset[Tag]] = {}
    for name in sorted(files):
        try:
            tags[name] = parse_wheel_filename(name)[3]
        except (InvalidWheelFilename, InvalidVersion):
            continue  # a source package, or a name that uv would not take either
    return tags


def installed_wheel(files: Mapping[str, str], installed_tags: frozenset[Tag], target: Target) -> tuple[str, str] | None:
    """Return the name and sha256 of the wheel that was installed; None if it was built from source.

    files: file name -> sha256, from the lock. installed_tags: the tags in the WHEEL file, which decide only between
    several fitting files, because published wheels may contradict their own names.
    """
    ranks = {tag: rank for rank, tag in enumerate(target.ranked_tags())}
    fitting = {name: tags & ranks.keys() for name, tags in tags_by_file(files).items() if tags & ranks.keys()}
    if not fitting:
        return None
    exact = [name for name in fitting if installed_tags and tags_by_file([name])[name] == installed_tags]
    best = min(exact or fitting, key=lambda name: (min(ranks[tag] for tag in fitting[name]), name))
    return best, files[best]
