"""The execution policies of this project allow what its stacks need, and fit into a managed policy."""

import json
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from cdk_delivery.access.policy_files import PolicyFiles
from cdk_delivery.access.resource_permissions import needed_actions
from cdk_delivery.quotas import MANAGED_POLICY, document_size
from tests.root import ROOT
from tests.synthesized import Synthesized

FILES = {"pipeline": "*.template.json", "environment": "assembly-*/*.template.json"}


def policies(name: str) -> Mapping[str, Mapping[str, Any]]:
    """Return each part of a policy; the boundary has one."""
    files = PolicyFiles.of(ROOT)
    return {part: json.loads(files.read(part)) for part in files.parts(name)}


@pytest.mark.parametrize("name", FILES)
def test_the_policy_covers_what_the_templates_need(synthesized_cdk_json: Synthesized, name: str) -> None:
    """The policy allows every action for the templates' resource types, also after a type was added."""
    statements = [statement for part in policies(name).values() for statement in part["Statement"]]
    allowed = {action for statement in statements if statement["Effect"] == "Allow" for action in statement["Action"]}
    templates = [json.loads(file.read_text()) for file in synthesized_cdk_json.folder.glob(FILES[name])]
    types = {resource["Type"] for template in templates for resource in template["Resources"].values()}
    kinds = [kind for kind in types if not kind.startswith(("AWS::CDK::", "Custom::"))]
    needed = {action for kind in kinds for action in needed_actions(kind)}
    assert needed <= allowed


@pytest.mark.parametrize("name", [*FILES, "boundary"])
def test_the_policy_fits_into_a_managed_policy(name: str) -> None:
    """Each policy is within IAM's limit, which does not count white space."""
    assert [part for part, document in policies(name).items() if document_size(document) > MANAGED_POLICY] == []


def test_a_rehearsal_bootstraps_again_when_any_policy_changes() -> None:
    """rehearsal.toml matches every part of the policies, also future ones."""
    patterns = tomllib.loads((ROOT / "rehearsal.toml").read_text())["bootstrap"]["files"]
    parts = [*policies("pipeline"), *policies("environment"), "boundary", "environment-resources-2"]
    paths = [PolicyFiles.of(ROOT).path(part) for part in parts]
    assert [path for path in paths if not any(fnmatchcase(path, pattern) for pattern in patterns)] == []
