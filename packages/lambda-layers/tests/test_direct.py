"""The reader of poetry.lock: it returns the packages that Poetry exports, or leaves the lock to Poetry."""

from __future__ import annotations

import json
import random
import subprocess
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from lambda_layers.builder.project_build import build
from lambda_layers.errors import LayersError
from lambda_layers.locks.pin import Pin
from lambda_layers.poetry import direct, export
from lambda_layers.subprocesses import find_tool
from lambda_layers.target.platform import Target
from tests.projects import Project
from tests.root import ROOT
from tests.wheels import House

TARGETS = [Target(python, machine) for python in ("3.12", "3.13", "3.14") for machine in ("x86_64", "arm64")]
GROUPS = ("main", "one", "some-group")
# One process for all projects: Poetry takes half a second to start.
EXPORTS = """
import json, sys, tempfile
from pathlib import Path
from cleo.io.null_io import NullIO
from poetry.factory import Factory
from poetry_plugin_export.exporter import Exporter
exports = {}
for root, groups in json.loads(sys.argv[1]).items():
    poetry = Factory().create_poetry(Path(root))
    if not poetry.locker.is_fresh():
        exports[root] = None
        continue
    exports[root] = []
    for group in groups:
        exporter = Exporter(poetry, NullIO())
        exporter.only_groups([group])
        with tempfile.NamedTemporaryFile("r") as written:
            exporter.export("requirements.txt", Path(root), written.name)
            exports[root].append(Path(written.name).read_text())
print(json.dumps(exports))
"""
MARKERS = (
    *["", "", 'sys_platform == "win32"', 'sys_platform == "linux" or sys_platform == "darwin"'],
    *['python_version < "3.13"', 'python_version >= "3.13"', 'python_version == "3.13"', 'python_version > "3.12"'],
    *['python_full_version < "3.13.2"', 'python_full_version >= "3.13.0" and python_version < "3.14"'],
    *['platform_machine == "aarch64"', 'platform_python_implementation != "PyPy"', 'implementation_name == "pypy"'],
    'sys_platform == "linux" and (platform_machine == "x86_64" or python_version >= "3.14")',
    *['extra == "more"', 'extra == "more" and sys_platform == "linux"', 'python_version < "3.13" and extra == "more"'],
    'sys_platform == "linux" or extra == "more"',
)
PYTHONS = (">=3.12,<3.15", ">=3.12,<4.0", ">=3.12", ">=3.13,<4", "==3.13.*", "~=3.12", ">=3.11, <3.14")
SOURCES = (
    *["", "", "", 'type = "legacy"\nurl = "https://packages.example.com/simple"\nreference = "company"'],
    *['type = "directory"\nurl = "libs/{name}"', 'type = "file"\nurl = "libs/{name}.whl"'],
    'type = "git"\nurl = "https://github.com/a/b.git"\nreference = "HEAD"\nresolved_reference = "0123abc"',
    'type = "url"\nurl = "https://packages.example.com/a-1-py3-none-any.whl"',
)
VERSIONS = ("1.0", "2.31.0", "0.0.1", "1.0.0rc1", "2024.8.30", "1.0.post1", "1!2.0", "1.0+local.1", "01.0")


def poetry_exports(projects: Mapping[Path, Sequence[str]]) -> dict[Path, list[str] | None]:
    """Return project -> Poetry's export of each of its groups; None for a stale lock."""
    python = Path(find_tool("poetry", ROOT)).resolve().parent / "python"
    asked = json.dumps({str(root): list(groups) for root, groups in projects.items()})
    done = subprocess.run([python, "-c", EXPORTS, asked], capture_output=True, text=True, check=True)
    return {Path(root): texts for root, texts in json.loads(done.stdout.splitlines()[-1]).items()}


def for_target(pins: Sequence[Pin], target: Target) -> list[Pin]:
    """Return the pins of one target, without the markers, which may be spelled differently."""
    return [replace(pin, marker="") for pin in pins if target.accepts(pin.marker)]


def assert_same(root: Path, groups: Sequence[str], texts: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Compare both readers for every target; return whether the lock was read without Poetry."""
    found = direct.read_closures(root, groups)
    if found is None:
        return False
    monkeypatch.setattr(export, "_export_in_one_process", lambda *_: texts)
    exported = export.export(root, groups)
    for group in groups:
        assert bool(found[group]) == bool(exported[group]), (root, group)
        for target in TARGETS:
            assert for_target(found[group], target) == for_target(exported[group], target), (root, group, target)
    return True


def lock_text(packages: Sequence[str], python: str, content_hash: str | None) -> str:
    """Return a poetry.lock of Poetry 2.1 and later."""
    tail = f'[metadata]\nlock-version = "2.1"\npython-versions = "{python}"\ncontent-hash = "{content_hash}"\n'
    return "\n".join([*packages, tail])


def write_project(root: Path, pyproject: str, packages: Sequence[str], python: str) -> Path:
    """Write both files; the lock has pyproject.toml's content-hash."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").write_text(pyproject)
    content_hash = direct._content_hash(tomllib.loads(pyproject))
    (root / "poetry.lock").write_text(lock_text(packages, python, content_hash))
    return root


def modern(python: str) -> str:
    """Return a pyproject.toml with the groups of these tests' locks."""
    lines = f'[project]\nname = "p"\nversion = "1"\nrequires-python = "{python}"\ndependencies = []\n'
    return f"{lines}[dependency-groups]\none = []\nSome_Group = []\n[tool.poetry]\npackage-mode = false\n"


def random_packages(choose: random.Random) -> Iterator[str]:
    """Yield up to nine packages in every form that a lock allows, some in several versions."""
    for number in range(choose.randint(1, 9)):
        for version in choose.sample(VERSIONS, choose.choice((1, 1, 1, 2))):
            yield package_text(choose, f"Pack_age{number}", version)


def package_text(choose: random.Random, name: str, version: str) -> str:
    """Return one package that is in some of the groups."""
    groups = choose.sample(["main", "one", "Some_Group", "dev"], choose.randint(1, 3))
    lines = [f'[[package]]\nname = "{name}"\nversion = "{version}"\noptional = false\npython-versions = ">=3.8"']
    lines += [f"groups = {json.dumps(groups)}"]
    marker = choose.choice(MARKERS)
    if marker and choose.random() < 0.5:
        lines += [f"markers = {json.dumps(marker)}"]
    elif marker:
        named = choose.sample(groups, choose.randint(1, len(groups)))
        lines += ["markers = {" + ", ".join(f'"{group}" = {json.dumps(marker)}' for group in named) + "}"]
    source = choose.choice(SOURCES).replace("{name}", f"{name}-{version}")
    hashes = [choose.randbytes(32).hex() for _ in range(choose.randint(1, 3))]
    files = [f'{{file = "{name}-{number}.whl", hash = "sha256:{digest}"}}' for number, digest in enumerate(hashes)]
    lines += [f"files = [{', '.join([] if 'directory' in source or 'git' in source else files)}]"]
    lines += ["develop = true"] if "directory" in source and choose.random() < 0.5 else []
    return "\n".join([*lines, *([f"\n[package.source]\n{source}"] if source else [])]) + "\n"


def test_many_locks_give_what_poetry_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred random locks give Poetry's export for six targets; most simple ones need no Poetry."""
    projects: dict[Path, Sequence[str]] = {}
    for seed in range(100):
        choose = random.Random(seed)  # noqa: S311 - the same locks in each run
        python, packages = choose.choice(PYTHONS), [*random_packages(choose)]
        simple = [text for text in packages if "git" not in text and '"url"' not in text and '"01.0"' not in text]
        kept = simple if seed % 2 else packages
        projects[write_project(tmp_path / str(seed), modern(python), kept or ["package = []\n"], python)] = GROUPS
    found = poetry_exports(projects)
    assert None not in found.values()
    read = [root for root, texts in found.items() if assert_same(root, GROUPS, texts or [], monkeypatch)]
    assert len(read) > 40


def test_real_locks_give_what_poetry_exports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every group of this repository's locks is read without Poetry, and equals the export."""
    groups = {
        root: ["main", *tomllib.loads((root / "pyproject.toml").read_text()).get("dependency-groups", {})]
        for root in (ROOT, ROOT / "bench" / "slices" / "native")
    }
    for root, texts in poetry_exports(groups).items():
        assert texts is not None, root
        assert assert_same(root, groups[root], texts, monkeypatch), root


PACKAGE = '[[package]]\nname = "base"\nversion = "1.0"\noptional = false\npython-versions = ">=3.8"\n'
PACKAGE += f'groups = ["main"]\nfiles = [{{file = "base.whl", hash = "sha256:{"a" * 64}"}}]\n'
LEGACY = '[tool.poetry]\nname = "p"\nversion = "1"\npackage-mode = false\n[tool.poetry.dependencies]\npython = "{}"\n'
RANGE = ">=3.12,<4.0"
# The range of Python in the lock, and pyproject.toml.
PYPROJECTS = {
    "groups": (RANGE, modern(RANGE)),
    "no groups": (RANGE, modern(RANGE).replace("[dependency-groups]\none = []\nSome_Group = []\n", "")),
    "extras": (RANGE, modern(RANGE) + "[project.optional-dependencies]\nmore = []\n"),
    "an index": (RANGE, modern(RANGE) + '[[tool.poetry.source]]\nname = "a"\nurl = "https://packages.example.com/"\n'),
    "both tables": ("~3.13", modern(RANGE) + '[tool.poetry.dependencies]\npython = "~3.13"\n'),
    "Poetry's tables": ("^3.12", LEGACY.format("^3.12")),
    "Poetry's groups": ("^3.12", LEGACY.format("^3.12") + "[tool.poetry.group.one.dependencies]\n"),
}


def test_the_content_hash_is_poetrys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content-hash equals Poetry's, for Poetry's tables, PEP 621, PEP 735, and mixtures."""
    roots = [
        write_project(tmp_path / name, pyproject, [PACKAGE], python) for name, (python, pyproject) in PYPROJECTS.items()
    ]
    exported = poetry_exports({root: ["main"] for root in roots})
    for root, texts in exported.items():
        assert texts is not None, root.name
        assert assert_same(root, ["main"], texts, monkeypatch), root.name


@pytest.mark.gate
@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("pyproject.toml", "dependencies = []", 'dependencies = ["more"]'),
        ("pyproject.toml", "package-mode = false", 'package-mode = false\nrequires-poetry = ">=99"'),
        ("poetry.lock", 'lock-version = "2.1"', 'lock-version = "2.0"'),
        ("poetry.lock", 'lock-version = "2.1"', 'lock-version = "2.2"'),
        ("poetry.lock", "sha256:", "md5:"),
        ("poetry.lock", 'version = "1.0"', 'version = "1.00"'),
        ("poetry.lock", 'version = "1.0"', "version = \"1.0\"\nmarkers = \"sys_platform == 'linux' or extra == 'a'\""),
        ("poetry.lock", 'python-versions = ">=3.12,<4.0"', 'python-versions = ">=3.13"'),
        ("poetry.lock", "groups = ", "category = "),
    ],
    ids=[
        "stale",
        "another Poetry",
        "an older lock",
        "a newer lock",
        "another hash",
        "another spelling of a version",
        "an extra",
        "another Python",
        "no groups",
    ],
)
def test_unusual_locks_are_left_to_poetry(tmp_path: Path, name: str, before: str, after: str) -> None:
    """Unusual and stale locks are left to Poetry, which exports them or reports the error."""
    root = write_project(tmp_path / "p", modern(RANGE), [PACKAGE], RANGE)
    assert direct.read_closures(root, ["main"]) is not None
    file = root / name
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))
    assert direct.read_closures(root, ["main"]) is None


@pytest.mark.parametrize("python", [">=3.12.1,<4.0", ">=3.12,!=3.13.0", "*", ">3.11", "3.13", "^3.12 || ^4.0"])
def test_unusual_ranges_of_python_are_left_to_poetry(tmp_path: Path, python: str) -> None:
    """A Python range with a patch version or an unusual operator is left to Poetry."""
    root = write_project(tmp_path / "p", LEGACY.format(python), ["package = []\n"], python)
    assert direct.read_closures(root, ["main"]) is None


def test_a_build_starts_no_poetry(
    project: Project, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An ordinary lock is built without Poetry, with the same bytes as with Poetry's export."""
    house.wheel("base", requires=["deep"])
    house.wheel("deep")
    root = project.write({"main": ["base"]})
    with monkeypatch.context() as patch:
        patch.setattr("lambda_layers.poetry.export._EXPORT", "import sys; sys.exit('Poetry was started')")
        build(root)
        built = (root / "build" / "layers" / "layers.json").read_bytes()
        patch.setattr(direct, "read_closures", lambda *_: None)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
        with pytest.raises(LayersError, match="Poetry was started"):
            build(root)
    monkeypatch.setattr(direct, "read_closures", lambda *_: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "third"))
    build(root)
    assert (root / "build" / "layers" / "layers.json").read_bytes() == built
