"""The import path of functions."""

from __future__ import annotations

import importlib.metadata
import os
import struct

import pytest

from tests.emulator.functions.conftest import RUNTIME, Functions, zipped

SITE = f"python/lib/{RUNTIME}/site-packages".replace("/", "__")


def test_the_search_path_is_that_of_aws(functions: Functions) -> None:
    """sys.path has the code, then both folders of the layers, then the runtime."""
    path = functions.ask("sys.path")
    layers = [f"/opt/python/lib/{RUNTIME}/site-packages", "/opt/python"]
    assert path[:5] == ["/var/task", *layers, f"/var/lang/lib/{RUNTIME}/site-packages", "/var/runtime"]


def test_the_code_wins_over_the_layers_and_they_over_the_runtime(functions: Functions) -> None:
    """A module of the code precedes a layer's site-packages, which precede its python folder."""
    everywhere = {
        "one_py": "at = 'code'",
        "main_py": "import one, two, three\nhandler = lambda *_: [one.at, two.at, three.at]",
    }
    layer = {f"{SITE}__{name}_py": "at = 'site-packages'" for name in ("one", "two")}
    plain = {f"python__{name}_py": "at = 'python'" for name in ("one", "two", "three")}
    name = functions.make(zipped(**everywhere), layers=[functions.layer(**layer, **plain)])
    assert functions.call(name).answer == ["code", "site-packages", "python"]


def test_a_later_layer_overwrites_an_earlier_one(functions: Functions) -> None:
    """All layers are unpacked into /opt, and a later one overwrites an earlier one."""
    first = functions.layer(python__both_py="at = 'first'", python__first_py="")
    second = functions.layer(python__both_py="at = 'second'")
    assert functions.ask("__import__('first') and __import__('both').at", layers=[first, second]) == "second"


def test_a_layer_may_replace_the_sdk(functions: Functions) -> None:
    """A layer's boto3 precedes the runtime's."""
    layer = functions.layer(python__boto3_py="__version__ = 'of the layer'")
    assert functions.ask("__import__('boto3').__version__", layers=[layer]) == "of the layer"


def test_the_sdk_is_there_at_the_version_beside_the_rehearsal(functions: Functions) -> None:
    """A function without layers has boto3 in the version of the project's lock file."""
    assert functions.ask("__import__('boto3').__version__") == importlib.metadata.version("boto3")


@pytest.mark.parametrize("module", ["ministack", "pydantic", "rich", "rehearsal", "pip", "yaml"])
def test_nothing_of_this_machine_is_found(functions: Functions, module: str) -> None:
    """A function cannot import the rehearsal's dependencies or other packages of this machine."""
    result = functions.call(functions.make(f"import {module}\nhandler = print"))
    assert result.answer["errorType"] == "Runtime.ImportModuleError"


def test_a_package_that_the_layers_lack_fails_as_on_aws(functions: Functions) -> None:
    """A missing package has the error type, message and log line of AWS's runtime client."""
    result = functions.call(functions.make("import requests\nhandler = print"))
    assert result.error
    assert result.answer["errorType"] == "Runtime.ImportModuleError"
    assert result.answer["errorMessage"] == "Unable to import module 'main': No module named 'requests'"
    assert "[ERROR] Runtime.ImportModuleError: Unable to import module 'main': No module named 'requests'" in result.log


def test_path_files_of_a_layer_count(functions: Functions) -> None:
    """A `.pth` file in a layer adds to the search path, as in AWS's runtime."""
    layer = functions.layer(**{"python__more.pth": "/opt/elsewhere\n", "elsewhere__hidden_py": "at = 'elsewhere'"})
    assert functions.ask("__import__('hidden').at", layers=[layer]) == "elsewhere"


def test_a_pythonpath_of_the_functions_own_takes_the_layers_place(functions: Functions) -> None:
    """A function's PYTHONPATH replaces the layers' folders, as on AWS."""
    path = functions.ask("sys.path", Environment={"Variables": {"PYTHONPATH": "/opt/mine"}})
    assert path[0] == "/var/task"
    assert "/opt/mine" in path
    assert "/opt/python" not in path


def test_only_a_call_that_loads_a_library_for_another_architecture_fails(functions: Functions) -> None:
    """A function for the other architecture answers, until a call imports an extension module for it."""
    foreign, machine = ("arm64", 183) if os.uname().machine == "x86_64" else ("x86_64", 62)
    header = (
        b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0)
    )
    code = "def handler(event, context):\n    if event:\n        import native\n    return 'answered'\n"
    layer = functions.layer(**{"python__native.so": header})
    name = functions.make(code, layers=[layer], Architectures=[foreign])
    assert functions.call(name, {}).answer == "answered"
    result = functions.call(name, {"load": True})
    assert (result.error, result.answer["errorType"]) == (True, "ImportError")
    assert "native.so" in result.answer["errorMessage"]
    assert functions.call(name, {}).answer == "answered"
