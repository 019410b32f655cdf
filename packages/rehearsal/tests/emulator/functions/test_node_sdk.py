"""The AWS SDK of Lambda's Node.js runtimes: each package is installed before the first invocation that needs it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from rehearsal.emulator.functions import node_sdk
from rehearsal.emulator.functions.node_sdk import NodeSdk, called_clients, imported_packages
from rehearsal.host.checked_command import CommandFailed
from tests.emulator.functions.conftest import Functions, zipped

PACKAGE = "client-ec2"  # MiniStack has no imitation of it
CODE = f'exports.handler = async () => require("@aws-sdk/{PACKAGE}").name;'
CALLS = {"Create": '{"service":"CloudWatchLogs","action":"x"}', "Delete": '{"service":"@aws-sdk/client-sts"}'}
FUNCTION: Any = {"Runtime": "nodejs22.x", "CodeSha256": "1"}


def archive(**files: str) -> bytes:
    """Return an archive of JavaScript files; a name has `__` for each `/`."""
    return zipped(**{f"{name}.js": text for name, text in files.items()})


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """A fake npm that installs every requested package."""
    run = Mock()

    def install(folder: Path, packages: list[str]) -> None:
        run(packages)
        for package in packages:
            (folder / "node_modules" / package.rpartition("@")[0]).mkdir(parents=True)

    monkeypatch.setattr(node_sdk, "npm_install", install)
    return run


def test_a_function_of_node_finds_the_installed_sdk(functions: Functions) -> None:
    """A Node.js function imports the real SDK package instead of MiniStack's imitation."""
    folder = functions.space.node_sdk / "node_modules" / "@aws-sdk" / PACKAGE
    folder.mkdir(parents=True)
    (folder / "index.js").write_text('exports.name = "the real one";')
    name = functions.make(zipped(**{"index.js": CODE}), handler="index.handler", Runtime="nodejs22.x")
    result = functions.call(name)
    assert (result.answer, result.error) == ("the real one", False)


def test_packages_are_those_that_the_code_imports() -> None:
    """Only imports of the function's own code count, not those of its node_modules."""
    code = archive(
        index='require("@aws-sdk/client-s3"); require("@aws-sdk/lib-dynamodb")',
        node_modules__other__index='require("@aws-sdk/client-not-named")',
    )
    assert imported_packages(22, code) == {"@aws-sdk/client-s3", "@aws-sdk/lib-dynamodb"}
    assert imported_packages(16, code) == set()


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("const AWS = require('aws-sdk');", True),
        ('var x = require("aws-sdk/clients/s3")', True),
        ("import { S3 } from 'aws-sdk';", True),
        ('require("aws-sdk-mock"); require("@aws-sdk/client-s3")', False),
    ],
)
def test_version_2_is_needed_where_code_imports_it(text: str, needed: bool) -> None:
    """nodejs16.x installs aws-sdk for each form of its import; nodejs18.x does not have it."""
    assert imported_packages(16, archive(index=text)) == ({"aws-sdk"} if needed else set())
    assert "aws-sdk" not in imported_packages(18, archive(index=text))


def test_a_custom_resource_needs_the_clients_of_the_services_that_it_calls() -> None:
    """A custom resource's event names the SDK clients of its calls; other events need none."""
    assert called_clients({"ResourceProperties": CALLS}) == {"@aws-sdk/client-cloudwatch-logs", "@aws-sdk/client-sts"}
    assert (
        called_clients({"ResourceProperties": {"service": ["a"]}})
        == called_clients({"ResourceProperties": "a"})
        == set()
    )
    assert called_clients({"service": "sts"}) == called_clients(["a"]) == called_clients(None) == set()


def test_each_package_is_installed_once(tmp_path: Path, npm: Mock) -> None:
    """Each package is installed once, also if a later function needs it."""
    sdk, code = NodeSdk(tmp_path), archive(index='require("@aws-sdk/client-s3"); require("@aws-sdk/client-ssm")')
    (tmp_path / "node_modules" / "@aws-sdk" / "client-ssm").mkdir(parents=True)
    sdk.provide(FUNCTION, code, {})
    sdk.provide(FUNCTION, code, {"ResourceProperties": CALLS})
    sdk.provide(FUNCTION | {"CodeSha256": "2"}, code, {})
    asked = [call.args[0] for call in npm.call_args_list]
    assert asked == [["@aws-sdk/client-s3@3"], ["@aws-sdk/client-cloudwatch-logs@3", "@aws-sdk/client-sts@3"]]


def test_without_a_registry_the_function_runs_without_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A failed npm install is logged and not repeated; the invocation continues."""
    install = Mock(side_effect=CommandFailed("npm error exit handler", "no registry"))
    monkeypatch.setattr(node_sdk, "npm_install", install)
    sdk = NodeSdk(tmp_path)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            sdk.provide(FUNCTION, archive(index='require("@aws-sdk/client-s3")'), {})
    assert install.call_count == 1
    assert "functions of Node go without @aws-sdk/client-s3@3: no registry" in caplog.text
