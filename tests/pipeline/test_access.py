"""Execution policies of this project allow all that its stacks need, and fit into a managed policy."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cdk_delivery.access.resource_permissions import is_required, required_actions
from cdk_delivery.project_config import read_config
from cdk_delivery.quotas import MANAGED_POLICY
from tests.root import ROOT
from tests.synthesized import Synthesized

FILES = {"pipeline": "*.template.json", "environment": "assembly-*/*.template.json"}


def policy(name: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads((ROOT / read_config(ROOT).access / f"{name}.json").read_text())
    return document


@pytest.mark.parametrize("name", FILES)
def test_the_policy_covers_what_the_templates_need(ours: Synthesized, name: str) -> None:
    """A type of resource may have been added to the service without `make generate`."""
    allowed = {action for each in policy(name)["Statement"] if each["Effect"] == "Allow" for action in each["Action"]}
    templates = [json.loads(file.read_text()) for file in ours.folder.glob(FILES[name])]
    types = {each["Type"] for template in templates for each in template["Resources"].values()}
    needed = {action for kind in types if not kind.startswith("AWS::CDK::") for action in required_actions(kind)}
    assert {action for action in needed if is_required(action)} <= allowed


@pytest.mark.parametrize("name", [*FILES, "boundary"])
def test_the_policy_fits_into_a_managed_policy(name: str) -> None:
    """IAM counts characters without white space."""
    assert len(json.dumps(policy(name), separators=(",", ":"))) <= MANAGED_POLICY
