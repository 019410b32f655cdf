"""`delivery destroy`, run against the embedded AWS."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from rehearsal.aws import root

from tests.commands.conftest import ACCOUNTS, PROFILES, Person
from tests.waiting import waiting_pipeline

pytestmark = pytest.mark.slow
QUEUE = {"Metadata": {"DeployedBy": "shop-delivery"}, "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}


def keeping(bucket: str) -> dict[str, Any]:
    """Return a template with a bucket and a key that are retained."""
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": bucket}},
        "Key": {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "Properties": {"KeyPolicy": {}}},
    }
    return {"Resources": resources}


@pytest.fixture(autouse=True)
def deployed(person: Person) -> None:
    """Deploy three stacks, as the pipeline does."""
    for account, name, template in zip(
        ACCOUNTS, ("shop-delivery", "Dev-Shop", "Prod-Shop"), (keeping("kept"), QUEUE, QUEUE), strict=True
    ):
        if not [stack for stack in stacks(person) if stack == name]:
            deploy(person.client("cloudformation", account), name, template)


def deploy(api: Any, name: str, template: dict[str, Any]) -> None:
    """Deploy a stack with termination protection, as the CDK CLI deploys the pipeline's stack."""
    api.create_stack(StackName=name, TemplateBody=json.dumps(template), EnableTerminationProtection=True)
    api.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})


def buckets(person: Person) -> list[str]:
    """Return the buckets of the pipeline's account."""
    return [bucket["Name"] for bucket in person.client("s3", ACCOUNTS[0]).list_buckets()["Buckets"]]


def keys(person: Person, region: str = "eu-west-1") -> set[str]:
    """Return the states of the keys of the pipeline's account."""
    kms = person.endpoint.client("kms", root(ACCOUNTS[0]), region)
    ids = [key["KeyId"] for key in kms.list_keys()["Keys"]]
    return {kms.describe_key(KeyId=id_)["KeyMetadata"]["KeyState"] for id_ in ids}


def stacks(person: Person) -> set[str]:
    """Return the stacks that are still deployed."""
    alive = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    return {
        summary["StackName"]
        for account in ACCOUNTS
        for summary in person.client("cloudformation", account).list_stacks()["StackSummaries"]
        if summary["StackStatus"] in alive
    }


def test_a_declined_destroy_deletes_nothing(person: Person) -> None:
    """The resources to delete and to retain are listed before the confirmation; declining deletes nothing."""
    done = person.run_process("destroy", *PROFILES, given="n\n")
    assert done.returncode == 130
    lines = [line for line in done.stdout.splitlines() if "/eu-west-1: " in line]
    assert [line.split(": ")[1] for line in lines] == ["Prod-Shop", "Dev-Shop", "shop-delivery"]
    assert "stays, by its deletion policy: AWS::S3::Bucket kept" in done.stdout
    assert stacks(person) == {"Prod-Shop", "Dev-Shop", "shop-delivery"}


def test_stacks_are_deleted_in_order_and_data_on_request(person: Person) -> None:
    """The highest environment is deleted first, and data only with --data; a second run finds nothing."""
    person.client("s3", ACCOUNTS[0]).put_object(Bucket="kept", Key="artifact", Body=b"1")
    done = person.run("destroy", "--yes", "--data", *PROFILES)
    assert done.returncode == 0, done.stderr
    deleted = [line.split(": ")[1] for line in done.stdout.splitlines() if line.endswith(" is deleted")]
    assert deleted == ["Prod-Shop is deleted", "Dev-Shop is deleted", "shop-delivery is deleted"]
    assert stacks(person) == set()
    assert (buckets(person), keys(person)) == ([], {"PendingDeletion"})
    assert person.run("destroy", *PROFILES).stdout == "nothing is deployed\n"


def test_retained_data_is_deleted_by_a_later_run(person: Person) -> None:
    """A later run with --data deletes retained resources, although their stack is deleted."""
    person.client("s3", ACCOUNTS[0]).put_object(Bucket="kept", Key="artifact", Body=b"1")
    assert person.run("destroy", "--yes", *PROFILES).returncode == 0
    output = person.run("destroy", *PROFILES).stdout
    assert "nothing is deployed" in output
    assert "left by an earlier deletion, stays; --data would delete it: AWS::S3::Bucket kept" in output
    assert buckets(person) == ["kept"]
    assert person.run("destroy", "--data", *PROFILES, given="n\n").returncode == 130
    done = person.run("destroy", "--data", "--yes", *PROFILES)
    assert "left by an earlier deletion, emptied and deleted: AWS::S3::Bucket kept" in done.stdout
    assert (buckets(person), keys(person)) == ([], {"PendingDeletion"})
    assert person.run("destroy", "--data", "--yes", *PROFILES).stdout == "nothing is deployed\n"


def test_a_running_execution_is_stopped_first(person: Person) -> None:
    """A running execution is stopped, since it would deploy again what is being deleted."""
    execution, _ = waiting_pipeline(
        person.endpoint, root(ACCOUNTS[0]), "eu-west-1", name="shop-delivery", bucket="source"
    )
    done = person.run("destroy", "--yes", "--data", *PROFILES)
    assert done.returncode == 0, done.stderr
    assert f"shop-delivery: execution {execution} is stopped" in done.stdout.splitlines()[:6]
    api = person.client("codepipeline", ACCOUNTS[0])
    found = api.get_pipeline_execution(pipelineName="shop-delivery", pipelineExecutionId=execution)
    assert found["pipelineExecution"]["status"] == "Stopped"
    stages = api.get_pipeline_state(name="shop-delivery")["stageStates"]
    assert [stage["inboundTransitionState"]["enabled"] for stage in stages[1:]] == [False]
    api.delete_pipeline(name="shop-delivery")


def test_stacks_of_one_environment_go_in_reverse_order_of_their_creation(person: Person) -> None:
    """A later stack may import from an earlier one; a stack with a YAML template is not the delivery's."""
    api = person.client("cloudformation", ACCOUNTS[1])
    deploy(api, "Dev-Later", QUEUE)
    api.create_stack(StackName="Dev-Yaml", TemplateBody="Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n")
    done = person.run("destroy", "--yes", *PROFILES)
    assert done.returncode == 0, done.stderr
    deleted = [line.split(": ")[1] for line in done.stdout.splitlines() if line.endswith(" is deleted")]
    assert deleted == [f"{name} is deleted" for name in ("Prod-Shop", "Dev-Later", "Dev-Shop", "shop-delivery")]
    assert f"{ACCOUNTS[1]}/eu-west-1: Dev-Yaml stays: shop-delivery did not deploy it" in done.stderr
    api.delete_stack(StackName="Dev-Yaml")
    assert person.run("destroy", "--data", "--yes", *PROFILES).returncode == 0


def test_a_stack_of_another_pipeline_is_not_deleted(person: Person) -> None:
    """A stack that another pipeline deployed to an environment of the same name is not deleted."""
    person.set(name="other-delivery")
    done = person.run("destroy", "--yes", *PROFILES)
    person.set(name="shop-delivery")
    assert f"{ACCOUNTS[1]}/eu-west-1: Dev-Shop stays: other-delivery did not deploy it" in done.stderr
    assert done.stdout == "nothing is deployed\n"
    assert {"Dev-Shop", "Prod-Shop"} <= stacks(person)


@pytest.fixture
def another_region(person: Person) -> Iterator[Any]:
    """A region of prod in which CDK adds a support stack to the pipeline's account."""
    before = json.loads((person.folder / "cdk.json").read_text())["context"]["delivery"]["environments"]
    person.set(environments=[before[0], before[1] | {"region": "eu-central-1"}])
    api = person.endpoint.client("cloudformation", root(ACCOUNTS[0]), "eu-central-1")
    deploy(api, "shop-delivery-support-eu-central-1", keeping("support"))
    yield api
    person.set(environments=before)


def test_support_stacks_of_other_regions_are_deleted(person: Person, another_region: Any) -> None:
    """The support stack's bucket and key are listed, and deleted with --data."""
    listed = person.run("destroy", *PROFILES, given="n\n").stdout
    assert f"{ACCOUNTS[0]}/eu-central-1: shop-delivery-support-eu-central-1" in listed
    assert "stays, by its deletion policy: AWS::S3::Bucket support" in listed
    assert person.run("destroy", "--yes", "--data", *PROFILES).returncode == 0
    (summary,) = another_region.list_stacks()["StackSummaries"]
    assert summary["StackStatus"] == "DELETE_COMPLETE"
    assert "support" not in buckets(person)
    assert keys(person, "eu-central-1") == {"PendingDeletion"}
