"""Invocations at the end of `run` that rehearsal.toml declares."""

from __future__ import annotations

import json
from pathlib import Path

from rehearsal.project.configuration import Config
from rehearsal.project.deployed_stacks import DeployedStack
from rehearsal.project.function_calls import invoke_functions
from tests.emulator.functions.conftest import ACCOUNT, REGION, Functions, zipped

CODE = "def handler(event, context):\n    return '{}'\n"


def test_an_alias_is_called_where_one_is_named(functions: Functions, tmp_path: Path) -> None:
    """An invocation calls the alias in `qualifier`, or $LATEST without one; a missing alias fails."""
    name, api = functions.make(CODE.format("released")), functions.client("lambda")
    version = api.publish_version(FunctionName=name)["Version"]
    api.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    api.update_function_code(FunctionName=name, ZipFile=zipped(main_py=CODE.format("changed")))
    template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"Name": {"Value": name}}}
    functions.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))
    (tmp_path / "event.json").write_text("{}")

    def called(**more: str) -> list[tuple[bool, str]]:
        config = Config.model_validate({"invoke": [{"function": "Name", "event": "event.json", **more}]})
        stack = DeployedStack("Dev", ACCOUNT, REGION, name)
        return [
            (function.ok, function.text) for function in invoke_functions(config, tmp_path, functions.endpoint, [stack])
        ]

    assert called(qualifier="live") == [(True, '"released"')]
    assert called() == [(True, '"changed"')]
    ((ok, text),) = called(qualifier="staging")
    assert not ok
    assert "staging" in text
