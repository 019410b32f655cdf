"""Deletion of retained resources: it waits for updates, and reports objects that cannot be deleted."""

import pytest
from botocore.stub import Stubber

from cdk_delivery.commands import destroy
from cdk_delivery.commands.accounts import Target
from cdk_delivery.commands.retained_resources import RetainedResource, delete_resource
from cdk_delivery.commands.stacks import DeployedStack
from cdk_delivery.errors import PipelineError
from tests.commands.stubbed import Stubbed

HERE = Target("111111111111", "eu-west-1")


def locked(stub: Stubber) -> None:
    """A bucket with an object that S3 refuses to delete."""
    stub.add_response("list_object_versions", {"Versions": [{"Key": "artifact", "VersionId": "1"}]})
    stub.add_response("delete_objects", {"Errors": [{"Key": "artifact", "Code": "AccessDenied", "Message": "locked"}]})


def test_an_object_that_is_not_deleted_is_named() -> None:
    """The errors in S3's successful response are reported."""
    with pytest.raises(PipelineError, match="kept: 1 objects are not deleted, artifact among them: locked"):
        delete_resource(RetainedResource(HERE, "AWS::S3::Bucket", "kept"), Stubbed(locked))


def test_a_stack_that_is_being_updated_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deletion waits for a running update, such as that of an abandoned execution."""

    def updating(stub: Stubber) -> None:
        for status in ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"):
            held = {"StackName": "Dev-Shop", "StackStatus": status, "CreationTime": "2026-01-01T00:00:00Z"}
            stub.add_response("describe_stacks", {"Stacks": [held]})

    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    destroy._wait_for_update(Stubbed(updating).client("cloudformation", HERE), DeployedStack(HERE, "Dev-Shop"))
    assert len(waited) == 2
