"""The stacks that a pipeline deploys, and errors of rehearsal.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rehearsal.engine.model.declaration import parse
from rehearsal.errors import WrongUse
from rehearsal.project.configuration import read_config
from rehearsal.project.deployed_stacks import list_deployed_stacks

TYPE = {"category": "Deploy", "owner": "AWS", "provider": "CloudFormation", "version": "1"}
SOURCE = {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"}


def deploys(name: str, account: str) -> dict[str, Any]:
    role = f"arn:aws:iam::{account}:role/deploy"
    return {"name": name, "actionTypeId": TYPE, "roleArn": role, "configuration": {"StackName": name}}


def test_stages_of_a_wave_are_environments() -> None:
    """An environment is a stage of the pipeline, or the prefix of an action's name in a wave."""
    stages = [
        {"name": "Source", "actions": [{"name": "Source", "actionTypeId": SOURCE, "configuration": {}}]},
        {"name": "Dev", "actions": [deploys("Echo.Deploy", "222222222222")]},
        {
            "name": "Live",
            "actions": [deploys("Prod.Echo.Deploy", "333333333333"), deploys("Prod2.Echo.Deploy", "444444444444")],
        },
    ]
    store = {"artifactStores": {"eu-west-1": {"type": "S3", "location": "artifacts"}}}
    about = {"name": "p", "roleArn": "arn:aws:iam::111111111111:role/p", "version": 1}
    pipeline = parse({**about, **store, "stages": stages})
    found = {stack.environment: stack.account for stack in list_deployed_stacks(pipeline, "eu-west-1")}
    assert found == {"Dev": "222222222222", "Prod": "333333333333", "Prod2": "444444444444"}


def test_a_rehearsal_toml_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """A rehearsal.toml that is not UTF-8 is an error that names the file."""
    (tmp_path / "rehearsal.toml").write_bytes('region = "é"'.encode("latin-1"))
    with pytest.raises(WrongUse, match=r"rehearsal\.toml: 'utf-8' codec"):
        read_config(tmp_path)


@pytest.mark.parametrize(
    ("line", "words"), [("stage = true", "stage\n  Input should be a valid string"), ('"a=b" = "c"', "a=b")]
)
def test_context_has_strings(tmp_path: Path, line: str, words: str) -> None:
    """The CDK CLI passes strings and splits at the first `=`: another value or key is an error that names it."""
    (tmp_path / "rehearsal.toml").write_text(f"[context]\n{line}\n")
    with pytest.raises(WrongUse, match=words):
        read_config(tmp_path)
