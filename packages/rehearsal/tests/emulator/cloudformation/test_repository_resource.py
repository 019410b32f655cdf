"""CodeCommit repositories in templates."""

from __future__ import annotations

import pytest

from tests.conftest import Embedded


@pytest.mark.slow
def test_a_stack_has_a_repository(embedded: Embedded) -> None:
    """A stack's repository has the attributes that other resources and source actions refer to."""
    name, repository = embedded.name("stack"), embedded.name("repository")
    resource = {"Type": "AWS::CodeCommit::Repository", "Properties": {"RepositoryName": repository}}
    get = {name_: {"Fn::GetAtt": ["Repo", name_]} for name_ in ("Arn", "Name", "CloneUrlHttp")}
    stack = embedded.stack(name, {"Repo": resource}, **get)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert outputs["Arn"] == f"arn:aws:codecommit:eu-west-1:111111111111:{repository}"
    assert outputs["Name"] == repository
    assert outputs["CloneUrlHttp"] == f"https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/{repository}"
