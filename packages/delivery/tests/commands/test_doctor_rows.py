"""Rows of doctor for states that the embedded AWS cannot have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from cdk_delivery.access.policy_files import PolicyFiles
from cdk_delivery.commands.accounts import Target, targets
from cdk_delivery.commands.bootstrap import plans
from cdk_delivery.commands.doctor_aws import BOOTSTRAP_VERSION, connection_row
from cdk_delivery.commands.doctor_builds import QUOTA_NAME, builds_row
from cdk_delivery.commands.doctor_local import quota_rows, version_rows
from cdk_delivery.commands.stacks import environment_stacks, pipeline_stacks
from cdk_delivery.settings.model import Delivery
from tests.app.shop_options import ShopOptions
from tests.commands.stubbed import Answers, Stubbed, holding
from tests.synthesis import Synthesized

ARN = "arn:aws:codeconnections:eu-west-1:111111111111:connection/1"
HERE = Target("111111111111", "eu-west-1")


def status(found: str) -> Answers:
    answer = {"Connection": {"ConnectionName": "c", "ConnectionArn": ARN, "ConnectionStatus": found}}
    return lambda stub: stub.add_response("get_connection", answer)


def refusal(code: str) -> Answers:
    return lambda stub: stub.add_client_error("get_connection", code)


@pytest.mark.parametrize(
    ("answer", "state", "found"),
    [
        (status("AVAILABLE"), "ok", "AVAILABLE"),
        (status("PENDING"), "red", "PENDING"),
        (refusal("ResourceNotFoundException"), "red", "ResourceNotFoundException"),
        (refusal("AccessDeniedException"), "red", "AccessDeniedException"),
        (refusal("InternalFailure"), "unknown", "InternalFailure"),
    ],
)
def test_a_connection_is_green_once_a_person_accepted_it(
    context: dict[str, Any], answer: Answers, state: str, found: str
) -> None:
    """Only an available connection is green; a failed request is unknown."""
    row = connection_row(Delivery[ShopOptions].read(context["delivery"]), HERE, Stubbed(answer))
    assert row
    assert (row.state, row.finding) == (state, found)
    assert "finish the handshake" in row.remedy


def test_another_source_has_no_connection(context: dict[str, Any]) -> None:
    """No row is printed for a source without a connection."""
    source = {"type": "codecommit", "repository": "shop"}
    delivery = Delivery[ShopOptions].read({**context["delivery"], "source": source})
    assert connection_row(delivery, HERE, Stubbed(status("AVAILABLE"))) is None


def test_the_bootstrap_is_as_new_as_the_assembly_asks_for(synthesized: Synthesized) -> None:
    """BOOTSTRAP_VERSION is the highest version that a stack or a lookup role of the assembly requires."""
    needed = {
        holder["requiresBootstrapStackVersion"]
        for file in synthesized.folder.rglob("manifest.json")
        for artifact in json.loads(file.read_text())["artifacts"].values()
        for holder in (artifact.get("properties", {}), artifact.get("properties", {}).get("lookupRole", {}))
        if "requiresBootstrapStackVersion" in holder
    }
    assert max(needed) == BOOTSTRAP_VERSION


def test_every_bootstrapped_region_is_checked(context: dict[str, Any], generated: Path) -> None:
    """The pipeline's account in the regions of its environments is checked too."""
    settings = json.loads(json.dumps(context["delivery"]))
    settings["environments"][1]["region"] = "eu-central-1"
    places = [str(target) for target in targets(Delivery[ShopOptions].read(settings))]
    assert "111111111111/eu-central-1" in places
    planned = plans(Delivery[ShopOptions].read(settings), PolicyFiles.of(generated))
    assert places == [str(plan.target) for plan in planned]


def test_the_stacks_are_those_of_the_assembly(context: dict[str, Any], synthesized: Synthesized) -> None:
    """`destroy` finds exactly the stacks of the assembly among all stacks of the accounts."""
    found = {
        (artifact["properties"]["stackName"], artifact["environment"].removeprefix("aws://"))
        for file in synthesized.folder.rglob("manifest.json")
        for artifact in json.loads(file.read_text())["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    delivery = Delivery[ShopOptions].read(context["delivery"])
    everywhere = Stubbed(holding(*(name for name, _ in found)))
    stacks = [stack for environment in delivery.environments for stack in environment_stacks(environment, everywhere)]
    assert {(stack.name, str(stack.target)) for stack in [*stacks, *pipeline_stacks(delivery)]} == found


@pytest.mark.parametrize("lock", ["poetry.lock", "uv.lock"])
def test_the_library_is_the_one_that_is_locked(shop: Path, tmp_path: Path, lock: str) -> None:
    """The installed aws-cdk-lib is compared with the lock, in addition to the CLI and cdk-assets."""
    found = {row.check.partition(" ")[0]: row.state for row in version_rows(shop)}
    assert found["aws-cdk-lib"] == "ok"
    (tmp_path / "package.json").write_text((shop / "package.json").read_text())
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / lock).write_text('[[package]]\nname = "aws-cdk-lib"\nversion = "2.1.0"\n')
    (row,) = (row for row in version_rows(tmp_path) if row.check == "aws-cdk-lib 2.1.0")
    assert (row.state, row.remedy) == ("red", "make setup")


def test_without_an_assembly_the_quotas_are_unknown(tmp_path: Path) -> None:
    """A check without an answer is not green."""
    (row,) = quota_rows(tmp_path)
    assert (row.state, row.remedy) == ("unknown", "make synth")


def quotas(value: float, name: str = QUOTA_NAME) -> Answers:
    def answers(stub: Stubber) -> None:
        for operation in ("list_service_quotas", "list_aws_default_service_quotas"):
            quota = {"QuotaName": name, "QuotaCode": "L-1", "Value": value}
            stub.add_response(operation, {"Quotas": [quota]}, {"ServiceCode": "codebuild"})

    return answers


def delivery_with_wave(context: dict[str, Any], size: int) -> Delivery[ShopOptions]:
    """Return settings whose largest wave has this number of environments."""
    (first, *others) = context["delivery"]["environments"]
    wave = [{**first, "name": f"wave{number}", "wave": "wide"} for number in range(size)]
    return Delivery[ShopOptions].read({**context["delivery"], "environments": [*wave, *others]})


@pytest.mark.parametrize(
    ("value", "size", "state", "found"),
    [
        (60.0, 12, "ok", "60 allowed; the largest wave starts 12"),
        (12.0, 12, "ok", "12 allowed"),
        (2.0, 12, "unknown", "the others wait, in new accounts StartBuild may be refused"),
        (1.0, 12, "red", "1 allowed; the largest wave starts 12: StartBuild is refused beyond the queue"),
        (0.0, 1, "red", "0 allowed"),
    ],
)
def test_the_quota_of_builds_is_held_against_the_largest_wave(
    context: dict[str, Any], value: float, size: int, state: str, found: str
) -> None:
    """A wave with more builds than the account may run or queue is red before the first push."""
    row = builds_row(delivery_with_wave(context, size), HERE, Stubbed(quotas(value)))
    assert row.state == state
    assert found in row.finding
    assert ("--quota-code L-1 --desired-value" in row.remedy) == (state != "ok")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (lambda stub: stub.add_client_error("list_service_quotas", "AccessDeniedException"), "AccessDeniedException"),
        (quotas(1, "Another quota"), f"Service Quotas has no '{QUOTA_NAME}'"),
    ],
)
def test_a_quota_that_cannot_be_read_is_unknown(context: dict[str, Any], answer: Answers, found: str) -> None:
    """An unreadable quota does not make doctor red: not every user may read quotas."""
    row = builds_row(delivery_with_wave(context, 2), HERE, Stubbed(answer))
    assert (row.state, row.finding) == ("unknown", found)
