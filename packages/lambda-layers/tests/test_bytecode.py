"""Bytecode of layers: py_compile's output, under the names that the target's interpreter expects."""

from __future__ import annotations

import py_compile
import sys
from pathlib import Path

import pytest

from lambda_layers.builder.bytecode import compile_all, compile_code
from lambda_layers.builder.extent import ExtentReader

MODULES = {
    "base/__init__.py": "import os\nNAME = 'base'\n",
    "base/text.py": "# -*- coding: latin-1 -*-\nTEXT = '\xe9'\n",
    "base/deep/code.py": "class A:\n    'doc'\n    def f(self, x=(1, 'NAME')):\n        return lambda: [self, x]\n",
    "lone.py": "",
}


def written(folder: Path) -> Path:
    """Return a layer's `python/` folder with these modules, in Latin-1."""
    for name, text in MODULES.items():
        path = folder / "python" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1"))
    return folder / "python"


@pytest.mark.gate
def test_the_bytecode_is_what_py_compile_writes(tmp_path: Path) -> None:
    """The bytecode equals py_compile's unchecked hash-based output for files in /opt."""
    folder = written(tmp_path)
    found = compile_all(sys.executable, folder, tmp_path)
    assert sorted(found) == sorted(f"python/{name}" for name in MODULES)
    with ExtentReader() as reader:
        for module, (name, content) in found.items():
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            expected = py_compile.compile(
                str(tmp_path / module), dfile=f"/opt/{module}", doraise=True, invalidation_mode=mode
            )
            assert expected is not None
            assert name == Path(expected).relative_to(tmp_path).as_posix()
            assert b"".join(reader.chunks(content)) == Path(expected).read_bytes()


def test_invalid_modules_get_no_bytecode(tmp_path: Path) -> None:
    """Templates and modules for other Python versions get no bytecode and no error."""
    folder = written(tmp_path)
    for name, content in {"template.py": b"{% if x %}\n", "old.py": b"print 1\n", "binary.py": b"\0\0"}.items():
        (folder / name).write_bytes(content)
    assert sorted(compile_all(sys.executable, folder, tmp_path)) == sorted(f"python/{name}" for name in MODULES)


@pytest.mark.gate
def test_a_function_may_have_thousands_of_modules(tmp_path: Path) -> None:
    """Names of modules that are longer together than Linux allows for one argument are compiled."""
    names = [f"{number:0200}.py" for number in range(700)]
    for name in names:
        (tmp_path / name).touch()
    assert compile_code(sys.executable, tmp_path, names) == {}
    assert len([*(tmp_path / "__pycache__").iterdir()]) == len(names)
