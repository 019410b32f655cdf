"""Isolation of builds: a build can neither read nor change the project."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.emulator.functions.mounts import mount_error
from tests.commands.conftest import Tiny

# Files that tools search for in parent folders.
PLANTED = {
    ".env": "PLANTED=yes",
    ".npmrc": "planted=yes",
    "conftest.py": "raise SystemExit('planted')",
    "node_modules/planted/index.js": "",
    "package.json": '{"name": "planted"}',
    "pyproject.toml": "[tool.planted]",
    "tox.ini": "[planted]",
}
WALK_UP = """
folder=$PWD
while [ "$folder" != / ]; do
  folder=$(dirname "$folder")
  for name in .git {names}; do
    test ! -e "$folder/$name" || echo "SAW $folder/$name"
  done
done
node -e 'require("planted")' 2>/dev/null && echo "SAW node_modules"
npm prefix | grep -v "^$PWD" && echo "SAW package.json"
git rev-parse --show-toplevel 2>/dev/null && echo "SAW a repository"
git describe --always 2>/dev/null && echo "SAW a commit"
git tag planted 2>/dev/null && echo "SAW and tagged"
git clean -fdx 2>/dev/null && echo "SAW and cleaned"
unset GIT_CEILING_DIRECTORIES
git clean -fdx 2>/dev/null && echo "SAW and cleaned without the ceiling"
true
"""
BY_NAME = """
cd {root} && ls -A && find . -mindepth 1 -maxdepth 1 ! -name .rehearsal -exec echo SAW {{}} +
git -C {root} tag planted 2>/dev/null && echo "SAW and tagged"
pid=$PPID
while [ -n "$pid" ] && [ "$pid" != 0 ]; do
  test ! -e /proc/$pid/cwd/.env || echo "SAW .env in the folder of process $pid"
  test ! -e /proc/$pid/root/{root}/.env || echo "SAW .env in what process $pid sees"
  pid=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$pid/status)
done
rm -rf {root}/* {root}/.git {root}/.[!.]* 2>/dev/null
echo changed > {root}/cdk.json
true
"""


@pytest.fixture
def planted(tiny: Tiny) -> Iterator[Path]:
    """The project's root, with files that tools search for; git ignores them, so they are not in the source."""
    exclude = tiny.root / ".git" / "info" / "exclude"
    ignored = exclude.read_text()
    exclude.write_text("\n".join([ignored, *(f"/{name}" for name in PLANTED)]))
    for name, text in PLANTED.items():
        (tiny.root / name).parent.mkdir(parents=True, exist_ok=True)
        (tiny.root / name).write_text(text)
    tiny.git("tag", "--force", "v1.0")
    yield tiny.root
    for name in PLANTED:
        (tiny.root / name).unlink()
    exclude.write_text(ignored)
    tiny.git("tag", "--delete", "v1.0")


def tree(root: Path) -> dict[str, str]:
    """Return the digest of every file of the project, `.git` included, except for .rehearsal/."""
    found = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != ".rehearsal"]
        for path in (Path(folder) / name for name in names):
            found[str(path.relative_to(root))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def saw(tiny: Tiny, script: str, before: dict[str, str]) -> list[str]:
    """Return what a build of this script found, after asserting that the project is unchanged."""
    view = tiny.run(Lint=script)
    lint = view.action("Build", "Lint")
    assert lint.status == "Succeeded", Path(lint.log).read_text()
    after = tree(tiny.root)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert {name for name in changed if not name.startswith(".git/")} <= {"Lint.sh"}
    assert not [name for name in changed if name.startswith(".git/refs/tags")]
    return [line for line in Path(lint.log).read_text().splitlines() if line.startswith("SAW")]


def test_a_build_finds_nothing_of_the_project_above_its_source(tiny: Tiny, planted: Path) -> None:
    """Tools find neither a repository nor settings in the parent folders of a source, as on AWS."""
    script = WALK_UP.format(names=" ".join(PLANTED))
    assert saw(tiny, script, tree(planted)) == []


@pytest.mark.skipif(bool(mount_error()), reason="this machine forbids mounts")
def test_a_build_neither_sees_nor_changes_the_project_by_its_path(tiny: Tiny, planted: Path) -> None:
    """The project's path is an empty read-only folder in a build, also through /proc of the build's processes."""
    assert saw(tiny, BY_NAME.format(root=planted), tree(planted)) == []


def test_the_source_lies_where_codebuild_has_it(tiny: Tiny) -> None:
    """The source is in `src<digits>/src`, outside of the project."""
    view = tiny.run(Lint='echo "SOURCE $CODEBUILD_SRC_DIR"')
    log = Path(view.action("Build", "Lint").log)
    (source,) = [Path(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("SOURCE")]
    assert source.name == "src"
    assert source.parent.name.removeprefix("src").isdigit()
    assert source.is_relative_to(tiny.space.builds)
    assert not source.is_relative_to(tiny.root)
