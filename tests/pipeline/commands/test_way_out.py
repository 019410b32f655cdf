"""The way out: destroy, against the embedded AWS."""

import json

import pytest

from tests.pipeline.commands.conftest import ACCOUNTS, PROFILES, Person

pytestmark = pytest.mark.slow
QUEUE = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
KEPT = {
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": "kept"}}
    }
}


@pytest.fixture(autouse=True)
def deployed(person: Person) -> None:
    """Three stacks as the pipeline leaves them."""
    for account, name, template in zip(
        ACCOUNTS, ("Pipeline", "Dev-Echo", "Prod-Echo"), (KEPT, QUEUE, QUEUE), strict=True
    ):
        api = person.client("cloudformation", account)
        if not [each for each in api.list_stacks()["StackSummaries"] if each["StackStatus"] == "CREATE_COMPLETE"]:
            api.create_stack(StackName=name, TemplateBody=json.dumps(template))
            api.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


def stacks(person: Person) -> set[str]:
    """What is still deployed."""
    alive = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    return {
        each["StackName"]
        for account in ACCOUNTS
        for each in person.client("cloudformation", account).list_stacks()["StackSummaries"]
        if each["StackStatus"] in alive
    }


def test_a_no_deletes_nothing(person: Person) -> None:
    """What would go and what would stay is listed first."""
    done = person.types("destroy", *PROFILES, given="n\n")
    assert done.returncode == 130
    lines = [line for line in done.stdout.splitlines() if "/eu-west-1: " in line]
    assert [line.split(": ")[1] for line in lines] == ["Prod-Echo", "Dev-Echo", "Pipeline"]
    assert "stays, by its deletion policy: AWS::S3::Bucket kept" in done.stdout
    assert stacks(person) == {"Prod-Echo", "Dev-Echo", "Pipeline"}


def test_everything_goes_in_order_and_data_on_request(person: Person) -> None:
    """The highest environment first; a second run finds nothing."""
    person.client("s3", ACCOUNTS[0]).put_object(Bucket="kept", Key="artifact", Body=b"1")
    done = person.types("destroy", "--yes", "--data", *PROFILES)
    assert done.returncode == 0, done.stderr
    deleted = [line.split(": ")[1] for line in done.stdout.splitlines() if line.endswith(" is deleted")]
    assert deleted == ["Prod-Echo is deleted", "Dev-Echo is deleted", "Pipeline is deleted"]
    assert stacks(person) == set()
    assert [each["Name"] for each in person.client("s3", ACCOUNTS[0]).list_buckets()["Buckets"]] == []
    assert "nothing is deployed" in person.types("destroy", *PROFILES).stdout
