"""File patterns of buildspecs: `**/*`, `dist/*.whl`, base directories with a star.

Source: AWS CodeBuild user guide, "Build specification reference", artifacts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wcmatch import glob

# Patterns match names that begin with a dot. Linked folders are not walked.
_FLAGS = glob.GLOBSTAR | glob.DOTGLOB
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True)
class MatchedFile:
    """A file, and its name relative to the base directory."""

    path: Path
    name: str


@dataclass(frozen=True)
class Reach:
    """The folders whose files a build's artifacts and reports may have; without any, all files."""

    folders: tuple[Path, ...] = ()

    def has(self, file: MatchedFile, *, links: bool = False) -> bool:
        """Return whether the file is in them, and with `links` False also what it leads to."""
        path = file.path.parent.resolve() / file.path.name if links else file.path.resolve()
        return not self.folders or any(path.is_relative_to(folder.resolve()) for folder in self.folders)


def expand_variables(text: str, env: Mapping[str, str]) -> str:
    """Replace `$NAME` and `${NAME}` by their values, as a shell does; unknown variables are empty."""
    return _VARIABLE.sub(lambda match: env.get(match[1] or match[2], ""), text)


def bases(source: Path, base_directory: str, env: Mapping[str, str]) -> list[Path]:
    """Return the directories that match a base directory; a pattern may match several."""
    pattern = expand_variables(base_directory, env)
    relative = _relative(pattern, source).rstrip("/")
    if relative in {"", "."}:
        return [source]
    start = Path("/") if relative.startswith("/") else source
    return sorted(path for path in start.glob(relative.lstrip("/")) if path.is_dir())


def files(
    base: Path, patterns: Iterable[str], env: Mapping[str, str], excluded: Iterable[str] = (), *, links: bool = False
) -> list[MatchedFile]:
    """Return the files below `base` that match, without duplicates, sorted by name.

    links: include links to folders, which are not followed.
    """
    include = [_relative(expand_variables(pattern, env), base) for pattern in patterns]
    names = glob.glob(
        include, root_dir=base, flags=_FLAGS, exclude=[expand_variables(pattern, env) for pattern in excluded] or None
    )
    matched = {name.removeprefix("./").rstrip("/") for name in names}
    return [
        MatchedFile(base / name, name.lstrip("/")) for name in sorted(matched) if _is_file(base / name, links=links)
    ]


def _is_file(path: Path, *, links: bool) -> bool:
    return not path.is_dir() or (links and path.is_symlink())


def _relative(pattern: str, base: Path) -> str:
    """The pattern relative to `base`; absolute patterns such as `$CODEBUILD_SRC_DIR/dist` are allowed."""
    return pattern.removeprefix(f"{base}/") if pattern != str(base) else "."
