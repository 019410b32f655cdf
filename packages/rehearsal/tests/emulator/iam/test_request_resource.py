"""MiniStack's faults in a request's resource ARN, reproduced without the correction."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.core import iam_actions

from rehearsal.emulator.ministack.corrections import requests
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, REGION, make_role

pytestmark = pytest.mark.usefixtures("as_it_comes")

LAMBDA = f"arn:aws:lambda:{REGION}:{ACCOUNT}"


def resource(service: str, path: str = "/", body: Any = None, target: str = "", **parameters: str) -> str:
    """Return the resource for which policies are evaluated."""
    text, headers = json.dumps(body or {}).encode(), {"x-amz-target": target}
    found: str = iam_actions.extract_resource_arn(service, "POST", path, headers, text, parameters, REGION, ACCOUNT)
    return found


def test_a_log_groups_resource_ends_in_its_stream() -> None:
    """The fault: the ARN lacks the stream suffix that policies for a log group have."""
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/a/group"
    assert resource("logs", body={"logGroupName": "/a/group"}) == group
    correct(requests.LOG_STREAM_ARNS)
    assert resource("logs", body={"logGroupName": "/a/group"}) == f"{group}:log-stream:"
    assert resource("logs", body={"logGroupName": "/a/group", "logStreamName": "s"}) == f"{group}:log-stream:s"
    assert resource("logs", body={"resourceArn": group}, target="Logs_20140328.TagResource") == group


def test_a_qualifier_is_part_of_a_functions_resource() -> None:
    """The fault: a policy for an alias only denies an invocation of the alias."""
    path = "/2015-03-31/functions/echo/invocations"
    assert resource("lambda", path, Qualifier="live") == f"{LAMBDA}:function:echo"
    correct(requests.FUNCTION_QUALIFIERS)
    assert resource("lambda", path, Qualifier="live") == f"{LAMBDA}:function:echo:live"
    assert resource("lambda", path) == f"{LAMBDA}:function:echo"


def test_a_version_is_part_of_a_layers_resource() -> None:
    """The fault: a policy for one layer version denies a request for it."""
    arn = f"{LAMBDA}:layer:shared:3"
    assert resource("lambda", "/2018-10-31/layers/shared/versions/3") == f"{LAMBDA}:layer:shared"
    correct(requests.LAYER_VERSIONS)
    assert resource("lambda", "/2018-10-31/layers/shared/versions/3") == arn
    assert resource("lambda", "/2018-10-31/layers", Arn=arn) == arn


def test_the_resource_of_a_build_is_its_project() -> None:
    """The fault: a policy for the project denies reading its builds."""
    target = "CodeBuild_20161006.BatchGetBuilds"
    assert resource("codebuild", body={"ids": ["shop:1"]}, target=target) == "*"
    correct(requests.BUILD_PROJECTS)
    project = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/shop"
    assert resource("codebuild", body={"ids": ["shop:1", "shop:2"]}, target=target) == project
    assert resource("codebuild", body={"id": f"{project.replace('project', 'build')}:1"}, target=target) == project
    assert resource("codebuild", body={"ids": ["shop:1", "other:2"]}, target=target) == "*"


def test_a_path_is_part_of_a_roles_resource() -> None:
    """The fault: a policy for roles below a path denies a request for one of them."""
    role = make_role("deep", path="/a/path/")
    assert resource("iam", RoleName="deep") == f"arn:aws:iam::{ACCOUNT}:role/deep"
    correct(requests.ROLE_PATHS)
    assert resource("iam", RoleName="deep") == role


def test_the_path_of_a_request_to_opensearch_has_its_resource() -> None:
    """The fault: a policy for the domain denies an update of its access policies, which CDK sends from a function."""
    path = "/2021-01-01/opensearch/domain/products/config"
    assert resource("opensearch", path) == "*"
    correct(requests.SEARCH_DOMAINS)
    assert resource("opensearch", path) == f"arn:aws:es:{REGION}:{ACCOUNT}:domain/products"
    assert resource("opensearch", "/2021-01-01/opensearch/versions") == "*"


def test_a_list_of_one_repository_is_its_resource() -> None:
    """The fault: CDK's image publishing role may not describe its repository, as cdk-assets does."""
    target = "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"
    assert resource("ecr", body={"repositoryNames": ["images"]}, target=target) == "*"
    correct(requests.IMAGE_REPOSITORIES)
    images = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/images"
    assert resource("ecr", body={"repositoryNames": ["images"]}, target=target) == images
    assert resource("ecr", body={"repositoryNames": ["images", "others"]}, target=target) == "*"
    assert resource("ecr", target=target) == "*"
    assert resource("ecr", "/v2/images/blobs/uploads/1", body={"repositoryNames": ["images"]}) == "*"
