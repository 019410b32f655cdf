"""The build area: a folder outside the project for the sources and caches of builds.

A tool that searches parent folders for its configuration (git, npm, Node, pytest, uv, dotenv) must not find the
project's files, because on AWS a build's source has no such parent folders. `.rehearsal/builds` and `.rehearsal/cache`
are symbolic links into the area.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rehearsal.errors import WrongUse
from rehearsal.host.folder_lock import lock_folder
from rehearsal.host.removal import remove_in_background
from rehearsal.workspace import shared_caches
from rehearsal.workspace.prepared_folders import user_cache

VARIABLE = "REHEARSAL_BUILDS"
BUILDS, CACHE = "builds", "cache"
# LINK: in an action's folder, the link to the work folder of its build. STARTED: the name of the work folder of a build
# that StartBuild started, which has no action.
LINK, STARTED = "build", "started-"
TEMPORARY = Path("/tmp")  # noqa: S108 - each build gets a separate folder in it
# Names that programs search for in parent folders.
FOUND_BY_WALKING_UP = (
    ".env", ".git", ".hg", ".nvmrc", ".python-version", ".tool-versions", ".venv", "Cargo.toml", "cdk.json",
    "conftest.py", "go.mod", "node_modules", "package.json", "pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini",
    "tsconfig.json",
)  # fmt: skip
_OWNER = "project"  # a file with the path of the `.rehearsal/` that the area belongs to


def connect(home: Path) -> None:
    """Link `home/builds` and `home/cache` to an area of this workspace. Raises WrongUse where none can be created."""
    if not _is_connected(home):
        with lock_folder(home):
            if not _is_connected(home):
                _connect(home)
    caches = (home / CACHE).resolve()
    if not shared_caches.are_connected(caches):
        with lock_folder(home):
            shared_caches.connect(caches, shared_folder(caches.parent))


def area(home: Path) -> Path | None:
    """Return the area of this workspace; None where it has none yet."""
    return (home / BUILDS).readlink().parent if _is_connected(home) else None


def areas(root: Path) -> list[Path]:
    """Return the areas of all projects in a folder."""
    return [file.parent for file in root.glob(f"*/{_OWNER}")]


def shared_folder(area: Path) -> Path:
    """Return the folder of the caches that all areas share, which is next to them."""
    return area.parent / "shared"


def found_above(folder: Path) -> list[Path]:
    """Return files in the parent folders that programs in `folder` would take for their project's configuration."""
    return [above / name for above in folder.parents for name in FOUND_BY_WALKING_UP if os.path.lexists(above / name)]


def unused(builds: Path, executions: Path) -> list[Path]:
    """Return the work folders that no action's folder links to.

    A build creates its link before its folder, so folders are listed before links: the search may run while one starts.
    """
    folders = [path for path in builds.glob("*") if not path.name.startswith(STARTED)]
    links = executions.glob(f"*/*/*/*/{LINK}")  # execution, stage, action, attempt
    linked = {link.readlink().parent for link in links if link.is_symlink()}
    return [folder for folder in folders if folder not in linked]


def tmpdir_prefix(builds: Path) -> str:
    """Return the start of the names of the TMPDIRs of an area's builds. builds: the area's folder of work folders."""
    return f"build-{hashlib.sha256(os.fsencode(builds.resolve())).hexdigest()[:8]}-"


def tmpdirs(builds: Path) -> list[Path]:
    """Return the TMPDIRs of an area's builds; while none runs, they are those of a killed embedded AWS."""
    return [*TEMPORARY.glob(f"{tmpdir_prefix(builds)}*")]


def _is_connected(home: Path) -> bool:
    """Return whether the links lead to this workspace's area; those of a copied project lead to the original's."""
    try:
        folder = (home / BUILDS).readlink().parent
        return (home / CACHE).readlink().parent == folder and _owner(folder) == home.resolve()
    except OSError:
        return False


def _owner(folder: Path) -> Path:
    return Path((folder / _OWNER).read_text())


def _connect(home: Path) -> None:
    root = _root(home)
    fresh = root / f"{home.parent.name[:40]}-{hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:10]}"
    _remove(fresh)  # left by a `.rehearsal/` that was deleted
    _move(_moved_from(home), fresh)
    fresh.mkdir(mode=0o700, exist_ok=True)
    (fresh / _OWNER).write_text(str(home.resolve()))
    for name in (BUILDS, CACHE):
        link, target = home / name, fresh / name
        if link.is_symlink():
            link.unlink()
        elif link.is_dir():
            _move(link, target)
        target.mkdir(exist_ok=True)
        link.symlink_to(target)
    _remove(*_orphans(root))


def _root(home: Path) -> Path:
    """The folder for the areas of all projects, preferably without files that programs find in parent folders.

    Raises WrongUse where none can be created, or where the variable names a folder inside the project.
    """
    if chosen := os.environ.get(VARIABLE):
        root = Path(chosen).absolute()
        if root.resolve().is_relative_to(home.parent.resolve()):
            raise WrongUse(f"{VARIABLE}: got {chosen}; a folder outside of {home.parent} is allowed")
        root.mkdir(parents=True, exist_ok=True)
        return root
    usable = [root for root in _candidates() if not root.is_relative_to(home.parent.resolve()) and _make_private(root)]
    if not usable:
        tried = ", ".join(map(str, _candidates()))
        raise WrongUse(f"builds need a folder outside of the project, and {tried} cannot be used: set {VARIABLE}")
    return next((root for root in usable if not found_above(root)), usable[0])


def _candidates() -> list[Path]:
    others = [Path(folder) / f"rehearsal-{os.getuid()}" for folder in ("/var/tmp", tempfile.gettempdir())]  # noqa: S108
    return [folder.resolve() for folder in (user_cache() / "rehearsal", *others) if folder.is_absolute()]


def _make_private(folder: Path) -> bool:
    """Create the folder; return whether it belongs to this user: in /var/tmp another user could have created it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return False
    return status.st_uid == os.getuid() and os.access(folder, os.W_OK | os.X_OK)


def _moved_from(home: Path) -> Path | None:
    """The area of a project that was moved or renamed since; None for a copy of a project that still exists."""
    with suppress(OSError):
        folder = (home / BUILDS).readlink().parent
        return None if _owner(folder).exists() else folder
    return None


def _move(source: Path | None, target: Path) -> None:
    if source is not None:
        shutil.move(source, target)


def _orphans(root: Path) -> Iterator[Path]:
    """The areas of projects that do not exist any more."""
    for folder in root.iterdir():
        with suppress(OSError):
            if not _owner(folder).exists():
                yield folder


def _remove(*folders: Path) -> None:
    """Remove folders in the background; rename them first, so that their names are free immediately."""
    for folder in folders:
        if folder.exists():
            trash = Path(tempfile.mkdtemp(prefix=".gone-", dir=folder.parent))
            remove_in_background(folder.rename(trash / folder.name).parent)
