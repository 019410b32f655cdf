"""The folder outside the project where builds work and their caches are.

A tool that looks for its configuration in the folders above (git, npm, Node, pytest, uv, dotenv) must not find the
project's files: on AWS nothing is above a build's source. `.rehearsal/builds` and `.rehearsal/cache` are links into it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rehearsal.errors import WrongUse
from rehearsal.host.processes import remove_in_background

VARIABLE = "REHEARSAL_BUILDS"
BUILDS, CACHE = "builds", "cache"
# In an action's folder, the link to the one that its build works in; without one are the builds of StartBuild.
LINK, STARTED = "build", "started-"
# What programs look for in the folders above the one that they work in.
FOUND_BY_WALKING_UP = (
    ".env", ".git", ".hg", ".nvmrc", ".python-version", ".tool-versions", ".venv", "Cargo.toml", "cdk.json",
    "conftest.py", "go.mod", "node_modules", "package.json", "pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini",
    "tsconfig.json",
)  # fmt: skip
_OWNER = "project"  # names the `.rehearsal/` that an area belongs to


def connect(home: Path) -> None:
    """Link `home/builds` and `home/cache` to an area of this workspace. Raises WrongUse where none can be created."""
    if _is_connected(home):
        return
    with _lock(home):
        if not _is_connected(home):
            _connect(home)


def area(home: Path) -> Path | None:
    """The area of this workspace, None where it has none yet."""
    return (home / BUILDS).readlink().parent if _is_connected(home) else None


def found_above(folder: Path) -> list[Path]:
    """Files above `folder` that programs would take for those of the project that they work on."""
    return [above / name for above in folder.parents for name in FOUND_BY_WALKING_UP if os.path.lexists(above / name)]


def unused(builds: Path, executions: Path) -> list[Path]:
    """The folders of builds that no action's folder links to; a build's link exists as long as it runs."""
    links = executions.glob(f"*/*/*/*/{LINK}")  # execution, stage, action, attempt
    linked = {link.readlink().parent for link in links if link.is_symlink()}
    return [each for each in builds.glob("*") if each not in linked and not each.name.startswith(STARTED)]


def _is_connected(home: Path) -> bool:
    """Whether the links exist and are this workspace's own: those of a copied project belong to the original."""
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
    _remove(fresh)  # of a `.rehearsal/` that was deleted
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
    """Where the areas of all projects are: outside this project, and where no program finds anything above."""
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
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    others = [Path(folder) / f"rehearsal-{os.getuid()}" for folder in ("/var/tmp", tempfile.gettempdir())]  # noqa: S108
    return [folder.resolve() for folder in (cache / "rehearsal", *others) if folder.is_absolute()]


def _make_private(folder: Path) -> bool:
    """Whether the folder exists now and is this user's: in /var/tmp another user could have created it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.lstat()
    except OSError:
        return False
    return about.st_uid == os.getuid() and os.access(folder, os.W_OK | os.X_OK)


def _moved_from(home: Path) -> Path | None:
    """The area that this workspace had under the project's former name; None for a copy of a project that exists."""
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
    """Rename the folders first, so that their names are free immediately."""
    for folder in folders:
        if folder.exists():
            gone = Path(tempfile.mkdtemp(prefix=".gone-", dir=folder.parent))
            remove_in_background(folder.rename(gone / folder.name).parent)


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    file = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
