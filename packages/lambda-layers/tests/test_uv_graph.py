"""uv.lock as a graph, and the commands that change it."""

from __future__ import annotations

import tomllib
from typing import cast

from lambda_layers.locks import lockfile
from lambda_layers.locks.pin import PYPI, Source
from lambda_layers.target.platform import Target
from lambda_layers.uv.lock import parse_lock
from lambda_layers.uv.lock_toml import UvLock

LOCK = """
[[package]]
name = "project"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "top", extra = ["more"] }]
[[package]]
name = "top"
version = "1.0"
source = { registry = "https://corp.example/simple" }
dependencies = [{ name = "deep" }, { name = "old", marker = "python_full_version < '3.13'" }]
sdist = { url = "https://corp.example/top-1.0.tar.gz", hash = "sha256:aa" }
wheels = [{ url = "https://corp.example/top-1.0%2Blocal-py3-none-any.whl", hash = "sha256:bb" }]
[package.optional-dependencies]
more = [{ name = "rich", marker = "sys_platform == 'linux'" }]
[[package]]
name = "deep"
version = "2"
source = { registry = "INDEX" }
[[package]]
name = "old"
version = "1"
source = { registry = "INDEX" }
[[package]]
name = "rich"
version = "1"
source = { registry = "INDEX" }
resolution-markers = ["sys_platform == 'linux'"]
"""


def test_the_graph_of_uv_lock_has_markers_extras_files_and_sources() -> None:
    """The graph omits packages for other Pythons, and has each package's files and index."""
    pyproject = """
    [project]
    dependencies = ["top[more]"]
    [[tool.uv.index]]
    name = "corp"
    url = "https://corp.example/simple/"
    """
    lock = cast("UvLock", tomllib.loads(LOCK.replace("INDEX", f"https://{PYPI}/simple")))
    found = parse_lock(lock, tomllib.loads(pyproject))
    assert sorted(found.chains("main", Target("3.13", "x86_64"))) == ["deep", "rich", "top"]
    assert "old" in found.chains("main", Target("3.12", "x86_64"))
    assert found.files("top", "1.0") == {"top-1.0.tar.gz": "aa", "top-1.0+local-py3-none-any.whl": "bb"}
    sources = {name: packages[0].source for name, packages in found.packages.items()}
    assert sources == {"top": Source("corp", "https://corp.example/simple"), "deep": None, "old": None, "rich": None}


def test_commands_are_those_of_the_lock_s_tool() -> None:
    """Messages name the commands of the tool whose lock file is used."""
    assert lockfile.UV.add_command("boto3", "one") == "uv add --no-sync --group one boto3"
    assert lockfile.POETRY.add_command("boto3") == "poetry add --lock boto3"
