"""The lock file as a graph, and a project's requirements in each form that Poetry reads."""

from __future__ import annotations

import tomllib
from typing import cast

import pytest

from lambda_layers.errors import WrongUse
from lambda_layers.locks.graph import Lock
from lambda_layers.locks.groups import requirements_by_group
from lambda_layers.poetry.lock import parse_lock
from lambda_layers.poetry.lock_toml import PoetryLock
from lambda_layers.target.platform import Target

TARGET = Target("3.13", "x86_64")


def parse(lock: str, pyproject: str) -> Lock:
    """Return the graph of a lock and a pyproject.toml."""
    return parse_lock(cast("PoetryLock", tomllib.loads(lock)), tomllib.loads(pyproject))


LOCK = """
[[package]]
name = "top"
version = "1"
files = [{file = "top-1.tar.gz", hash = "sha256:aa"}]
[package.dependencies]
Deep_Package = "*"
older = {version = "*", markers = "python_version < '3.13'"}
choice = {version = "*", optional = true}
rich = {version = "*", extras = ["more"]}
[package.extras]
choice = ["choice (>=1)"]
[[package]]
name = "deep-package"
version = "1"
[[package]]
name = "older"
version = "1"
[[package]]
name = "choice"
version = "1"
[[package]]
name = "rich"
version = "1"
[package.extras]
more = ["extra", "windows ; sys_platform == 'win32'"]
[[package]]
name = "extra"
version = "1"
[[package]]
name = "windows"
version = "1"
"""


def test_every_way_to_ask_is_read() -> None:
    """Requirements are read from PEP 621, PEP 735 with included groups, and Poetry's tables."""
    text = """
    [project]
    dependencies = ["one[x]>=1"]
    dynamic = ["dependencies"]
    [dependency-groups]
    echo = ["two", {include-group = "common"}]
    common = ["three ; python_version > '3'"]
    [tool.poetry.dependencies]
    python = "^3.12"
    four = {version = "^1", extras = ["a", "b"]}
    [tool.poetry.group.five.dependencies]
    own = {path = "libs/own", markers = "sys_platform == 'linux'"}
    """
    found = {
        name: sorted(str(need) for need in needs) for name, needs in requirements_by_group(tomllib.loads(text)).items()
    }
    assert found == {
        "main": ["four[a,b]", "one[x]>=1"],
        "echo": ['three; python_version > "3"', "two"],
        "common": ['three; python_version > "3"'],
        "five": ['own; sys_platform == "linux"'],
    }
    static = requirements_by_group(tomllib.loads(text.replace('dynamic = ["dependencies"]', "")))
    assert [str(need) for need in static["main"]] == ["one[x]>=1"]


@pytest.mark.gate
def test_an_invalid_requirement_is_rejected() -> None:
    """An invalid requirement is an error in pyproject.toml that names its text."""
    with pytest.raises(WrongUse, match=r"pyproject.toml: 'a b c' is not a requirement"):
        requirements_by_group(tomllib.loads('[project]\ndependencies = ["a b c"]\n'))


def test_extras_that_contradict_themselves_are_read() -> None:
    """Extras with the constraint `(<empty>)`, which older Poetry versions wrote, are read."""
    text = '[[package]]\nname = "a"\nversion = "1"\n[package.extras]\nall = ["b (<empty>)", "c[d] (>=1)"]\n'
    (package,) = parse(text, "").packages["a"]
    assert [need.name for need in package.extras["all"]] == ["b", "c"]


def test_groups_are_read_as_poetry_reads_them() -> None:
    """Group names are compared in canonical form, and Poetry's tables may include groups."""
    text = """
    [dependency-groups]
    My_Fn = ["one", {include-group = "the.common"}]
    The-Common = ["two"]
    [tool.poetry.group.own]
    include-groups = ["my-fn"]
    """
    found = {name: [str(need) for need in needs] for name, needs in requirements_by_group(tomllib.loads(text)).items()}
    assert found == {"main": [], "my-fn": ["one", "two"], "the-common": ["two"], "own": ["one", "two"]}


@pytest.mark.gate
def test_a_cycle_of_groups_is_reported() -> None:
    """A cycle of included groups is an error that names the cycle."""
    text = '[dependency-groups]\na = [{include-group = "B"}]\nb = [{include-group = "a"}]\n'
    with pytest.raises(WrongUse, match="in a circle: a -> b -> a"):
        requirements_by_group(tomllib.loads(text))


def test_a_chain_follows_markers_and_extras() -> None:
    """A chain omits packages for another Python, another platform or an unused extra."""
    locked = parse(LOCK, '[project]\ndependencies = ["top"]\n')
    chains = locked.chains("main", TARGET)
    assert sorted(chains) == ["deep-package", "extra", "rich", "top"]
    assert chains["extra"] == (("top", ""), ("rich", "more"), ("extra", ""))
    assert "choice" in parse(LOCK, '[project]\ndependencies = ["top[choice]"]\n').chains("main", TARGET)
    assert "older" in locked.chains("main", Target("3.12", "x86_64"))


def test_a_chain_can_leave_packages_out() -> None:
    """A chain can leave out packages, and the packages that only they need."""
    locked = parse(LOCK, '[project]\ndependencies = ["top"]\n')
    assert sorted(locked.chains("main", TARGET, frozenset({"rich"}))) == ["deep-package", "top"]
    assert locked.closure("rich", TARGET) == {"rich"}


def test_of_two_versions_the_target_has_its_own() -> None:
    """A lock with two versions of a package gives each target its version, requirements and files."""
    text = """
    [[package]]
    name = "dual"
    version = "1"
    groups = ["main"]
    markers = "python_version == '3.13'"
    files = [{file = "dual-1.whl", hash = "sha256:one"}]
    [package.dependencies]
    old = "*"
    [[package]]
    name = "dual"
    version = "2"
    groups = ["main", "test"]
    markers = {main = "python_version != '3.13'", test = "python_version >= '3.14'"}
    files = [{file = "dual-2.whl", hash = "sha256:two"}]
    [package.dependencies]
    new = "*"
    [[package]]
    name = "old"
    version = "1"
    [[package]]
    name = "new"
    version = "1"
    """
    locked = parse(text, '[project]\ndependencies = ["dual"]\n')
    assert sorted(locked.chains("main", TARGET)) == ["dual", "old"]
    assert sorted(locked.chains("main", Target("3.14", "x86_64"))) == ["dual", "new"]
    assert (locked.files("dual", "1.0"), locked.files("dual", "2"), locked.files("dual", "3")) == (
        {"dual-1.whl": "one"},
        {"dual-2.whl": "two"},
        {},
    )


def test_files_are_known_by_their_digest() -> None:
    """The lock returns the digest of each file, for the bill of materials."""
    assert parse(LOCK, "").files("top", "1.0") == {"top-1.tar.gz": "aa"}


def test_extras_are_compared_by_their_canonical_names() -> None:
    """Extras are compared in canonical form, in requirements and in locks."""
    text = LOCK.replace("[package.extras]\nchoice", "[package.extras]\nThe-Choice")
    assert "choice" in parse(text, '[project]\ndependencies = ["top[the_choice]"]\n').chains("main", TARGET)
