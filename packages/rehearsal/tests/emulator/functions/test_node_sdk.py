"""Functions of Node find the SDK that was installed for them."""

from __future__ import annotations

import shutil

import pytest

from tests.emulator.functions.conftest import Functions, zipped

PACKAGE = "client-ec2"  # of which MiniStack has no imitation
CODE = f'exports.handler = async () => require("@aws-sdk/{PACKAGE}").name;'


@pytest.mark.skipif(not shutil.which("node"), reason="this machine has no Node")
def test_a_function_of_node_finds_the_installed_sdk(functions: Functions) -> None:
    """The package itself, in place of MiniStack's imitations."""
    folder = functions.space.node_sdk / "node_modules" / "@aws-sdk" / PACKAGE
    folder.mkdir(parents=True)
    (folder / "index.js").write_text('exports.name = "the real one";')
    name = functions.make(zipped(**{"index.js": CODE}), handler="index.handler", Runtime="nodejs22.x")
    told = functions.call(name)
    assert (told.answer, told.error) == ("the real one", False)
