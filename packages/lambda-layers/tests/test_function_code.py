"""The zips of functions' code: reproducible, with bytecode that Lambda accepts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambda_layers import manifest
from lambda_layers.builder import restore
from lambda_layers.builder.project_build import build
from lambda_layers.builder.restore import restore_build
from lambda_layers.errors import LayersError, WrongUse
from tests.projects import Project
from tests.root import PACKAGE
from tests.test_reproducible import compiled, unpack

_BUILD = "from pathlib import Path; from lambda_layers.builder.project_build import build; build(Path.cwd())"


@pytest.fixture
def root(project: Project) -> Path:
    """A project with two functions and no packages; `one` has a module next to its handler."""
    root = project.write({"main": []})
    (root / "lambda" / "one" / "inner").mkdir()
    (root / "lambda" / "one" / "inner" / "part.py").write_text("VALUES = {'a', 'b', 'c'}\n")
    (root / "lambda" / "one" / "main.py").write_text("from inner import part\ndef handler(event, context): ...\n")
    return root


def code(root: Path, function: str) -> manifest.FunctionCode:
    """Return the code of one function from layers.json."""
    return manifest.read(root / manifest.MANIFEST_PATH).code_of(function)


def names(root: Path, function: str) -> list[str]:
    """Return the names in the zip of one function."""
    with zipfile.ZipFile(root / code(root, function).zip) as zipped:
        return zipped.namelist()


def test_a_function_is_a_zip_of_its_folder_with_bytecode(root: Path) -> None:
    """The zip's root, which becomes /var/task, has sources and bytecode; layers.json has digest and sizes."""
    (root / "lambda" / "one" / "data.json").write_text("{}")
    build(root)
    assert names(root, "one") == [
        "__pycache__/main.cpython-313.pyc",
        "data.json",
        "inner/__pycache__/part.cpython-313.pyc",
        "inner/part.py",
        "main.py",
    ]
    made, archive = code(root, "one"), root / code(root, "one").zip
    assert made.zip == f"build/layers/function-one-{made.sha256}.zip"
    assert made.bytes == archive.stat().st_size
    with zipfile.ZipFile(archive) as zipped:
        assert made.unzipped_bytes == sum(entry.file_size for entry in zipped.infolist())


def test_an_import_of_the_handler_compiles_nothing(root: Path, tmp_path: Path) -> None:
    """The bytecode is valid with the zip's times, in a read-only folder."""
    build(root)
    unpack(root / code(root, "one").zip, tmp_path / "task")
    assert compiled(tmp_path / "task", "main") == []


@pytest.mark.gate
def test_code_without_its_bytecode_would_be_noticed(root: Path, tmp_path: Path) -> None:
    """The check above finds each module whose bytecode is missing."""
    build(root)
    unpack(root / code(root, "one").zip, tmp_path / "task")
    for folder in (tmp_path / "task").rglob("__pycache__"):
        folder.chmod(0o755)
        shutil.rmtree(folder)
    assert sorted(Path(path).name for path in compiled(tmp_path / "task", "main")) == ["main.py", "part.py"]


def test_tracebacks_name_the_path_on_lambda(root: Path) -> None:
    """The bytecode has the path in /var/task, not the path of the build."""
    build(root)
    with zipfile.ZipFile(root / code(root, "one").zip) as zipped:
        content = zipped.read("inner/__pycache__/part.cpython-313.pyc")
    assert b"/var/task/inner/part.py" in content
    assert str(root).encode() not in content


def test_the_bytes_depend_on_nothing_around_them(root: Path, tmp_path: Path) -> None:
    """Folder, umask, time zone, hash seed, file times and other functions do not change a function's bytes."""
    for index in range(20):
        (root / "lambda" / "one" / f"m{index}.py").write_text(f"NAMES = {{'part', 'inner'}}\nNUMBER = {index}\n")
    other = tmp_path / "elsewhere" / "with a space"
    shutil.copytree(root, other)
    (other / "lambda" / "another").mkdir()
    (other / "lambda" / "another" / "main.py").write_text("NAMES = {'part', 'inner', 'VALUES'}\n")
    for path in (other / "lambda").rglob("*.py"):
        os.utime(path, (0, 0))
    for folder, umask, zone, seed in ((root, "022", "UTC", "0"), (other, "077", "Asia/Tokyo", "12345")):
        environ = {**os.environ, "PYTHONPATH": str(PACKAGE), "TZ": zone, "PYTHONHASHSEED": seed}
        environ["XDG_CACHE_HOME"] = str(folder / "cache")
        subprocess.run(
            ["sh", "-c", f"umask {umask}; exec {sys.executable} -c '{_BUILD}'"],
            cwd=folder,
            env=environ,
            check=True,
            capture_output=True,
        )
    assert code(root, "one") == code(other, "one")
    assert code(root, "two") == code(other, "two")


def test_a_change_of_code_builds_no_layer(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A code change builds only that function's zip, without Poetry and uv."""
    build(root)
    before = {name: code(root, name) for name in ("one", "two")}
    monkeypatch.setattr("lambda_layers.poetry.export.export", pytest.fail)
    (root / "lambda" / "one" / "main.py").write_text("def handler(event, context): return 1\n")
    restored = restore_build(root)
    assert restored
    assert restored.new == ("one",)
    assert code(root, "one") != before["one"]
    assert code(root, "two") == before["two"]
    assert (root / code(root, "one").zip).exists()
    again = restore_build(root)
    assert again
    assert again.new == ()


@pytest.mark.gate
def test_a_damaged_zip_is_put_right(root: Path) -> None:
    """A damaged zip is restored from the cache, or built again if the cache is damaged too."""
    build(root)
    archive, content = root / code(root, "one").zip, (root / code(root, "one").zip).read_bytes()
    archive.write_bytes(content[:-1])
    assert restore_build(root)
    assert archive.read_bytes() == content
    (kept,) = Path(os.environ["XDG_CACHE_HOME"]).rglob(f"files/{code(root, 'one').sha256}")
    for damaged in (archive, kept):
        damaged.write_bytes(content[:-1])
    assert restore_build(root)
    assert archive.read_bytes() == content


@pytest.mark.gate
@pytest.mark.parametrize("first", [True, False])
def test_a_handler_that_is_not_python_is_refused(root: Path, *, first: bool) -> None:
    """A handler with a syntax error is rejected with file, line and error, in every build."""
    if not first:
        build(root)
    (root / "lambda" / "one" / "main.py").write_text("import os\ndef handler(:\n")
    with pytest.raises(LayersError, match=r"lambda/one/main\.py:2: invalid syntax: the handler is not Python 3\.13"):
        build(root) if first else restore_build(root)


def test_another_module_that_is_not_python_is_warned_of(root: Path) -> None:
    """Another module with a syntax error, such as a template, is shipped with a warning in each build."""
    (root / "lambda" / "one" / "template.py").write_text("print {{ name }}\n")
    expected = "lambda/one/template.py:1: Missing parentheses in call to 'print'. Did you mean print(...)?: no bytecode"
    (warning,) = build(root)
    assert warning.startswith(expected)
    restored = restore_build(root)
    assert restored
    assert restored.warnings == [warning]
    assert [name for name in names(root, "one") if "template" in name] == ["template.py"]


def test_files_of_tools_are_not_shipped(root: Path) -> None:
    """Caches, bytecode of this machine and editors' lock files are not shipped."""
    build(root)
    before = code(root, "one")
    folder = root / "lambda" / "one"
    for name in ("__pycache__/main.cpython-313.pyc", "inner/.mypy_cache/x.json", ".DS_Store", "main.pyc"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    (folder / ".#main.py").symlink_to("user@host.123:456")
    assert restore_build(root)
    assert code(root, "one") == before


def test_links_within_the_project_are_followed(root: Path) -> None:
    """Symbolic links to folders and files of the project are replaced by their content."""
    (root / "texts").mkdir()
    (root / "texts" / "text.py").write_text("TEXT = 1\n")
    (root / "lambda" / "one" / "text").symlink_to("../../texts")
    (root / "lambda" / "two" / "text.py").symlink_to("../../texts/text.py")
    build(root)
    assert "text/text.py" in names(root, "one")
    assert "text.py" in names(root, "two")
    with zipfile.ZipFile(root / code(root, "two").zip) as zipped:
        assert zipped.read("text.py") == b"TEXT = 1\n"


@pytest.mark.gate
@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nowhere", r"lambda/one/link is a link to nowhere, which does not exist; remove the link"),
        ("/etc", r"lambda/one/link is a link to /etc, outside the project, .*copy it into the project"),
        ("../one", r"lambda/one/link is a link to \.\./one, a folder that contains the link; remove the link"),
        ("../two", r"lambda/two/back is a link to \.\./one, a folder that contains the link; remove the link"),
    ],
)
def test_links_that_no_build_can_follow_are_refused(root: Path, target: str, message: str) -> None:
    """Broken, external and circular links are rejected; the error names link and target."""
    (root / "lambda" / "one" / "link").symlink_to(target)
    if target == "../two":
        (root / "lambda" / "two" / "back").symlink_to("../one")
        message = message.replace("lambda/two/back", "lambda/one/link/back")
    with pytest.raises(LayersError, match=message):
        build(root)


@pytest.mark.gate
def test_a_function_that_the_manifest_lacks_is_named(root: Path) -> None:
    """An unknown function is an error that lists the known ones and the build command."""
    build(root)
    with pytest.raises(WrongUse, match=r"no code of the function three; it has one, two\..*lambda-layers build"):
        code(root, "three")
    path = root / manifest.MANIFEST_PATH
    older: dict[str, Any] = json.loads(path.read_text())
    del older["functions"]
    path.write_text(json.dumps(older))
    with pytest.raises(WrongUse, match="it has none"):
        code(root, "one")


def test_old_zips_are_removed(root: Path) -> None:
    """A function's old zip is removed after a day."""
    build(root)
    old = root / code(root, "one").zip
    os.utime(old, (0, 0))
    (root / "lambda" / "one" / "main.py").write_text("def handler(event, context): return 1\n")
    assert restore.restore_build(root)
    assert not old.exists()
