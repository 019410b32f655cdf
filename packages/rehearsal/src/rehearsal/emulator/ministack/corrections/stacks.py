"""Faults of MiniStack's CloudFormation: what resources return, which changes are detected, and when a stack fails."""

from __future__ import annotations

from rehearsal.emulator.cloudformation import (
    endpoint_attributes,
    failed_functions,
    load_balancer_attributes,
    network_attributes,
    output_changes,
    secret_references,
)
from rehearsal.emulator.cloudformation.resource_handlers import after_create, after_update
from rehearsal.emulator.ministack.corrections.upstream import UNREDUCED
from rehearsal.emulator.ministack.patch import Correction, Patch
from rehearsal.emulator.s3 import bucket_tags

TESTS = "tests/emulator"
HANDLERS = "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS"
LAMBDA = "ministack.services.lambda_svc"

OUTPUT_CHANGES = Correction(
    fault="A change set that changes only outputs fails as one without changes, so that the outputs stay the same.",
    test=f"{TESTS}/cloudformation/test_output_changes.py::test_a_change_of_outputs_only_can_be_executed",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.services.cloudformation:_ACTION_HANDLERS[CreateChangeSet]",
            "sha256:06b31550065c78d5",
            output_changes.accept_output_changes,
        ),
    ),
)
NETWORK_ATTRIBUTES = Correction(
    fault="Fn::GetAtt does not return the address range of a VPC or subnet, and the stack fails.",
    test=f"{TESTS}/cloudformation/test_network_attributes.py::test_ministacks_network_lacks_attributes",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{HANDLERS}[AWS::EC2::VPC][create]",
            "sha256:4920746a78254f7a",
            network_attributes.add_to_created,
        ),
        Patch(
            f"{HANDLERS}[AWS::EC2::VPC][update]",
            "sha256:4e762c188f5488c1",
            network_attributes.add_to_updated,
        ),
        Patch(
            f"{HANDLERS}[AWS::EC2::Subnet][create]",
            "sha256:626e1b1e5d2ac16c",
            network_attributes.add_to_created,
        ),
        Patch(
            f"{HANDLERS}[AWS::EC2::Subnet][update]",
            "sha256:a42f8a789d6e8580",
            network_attributes.add_to_updated,
        ),
    ),
)
LOAD_BALANCER_NAMES = Correction(
    fault="Network load balancers have the ARN of application load balancers, and the full name of a target group lacks"
    " `targetgroup/`, so that metrics and alarms watch nothing.",
    test=f"{TESTS}/cloudformation/test_load_balancer_attributes.py::test_ministacks_load_balancers_have_other_names",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{HANDLERS}[AWS::ElasticLoadBalancingV2::LoadBalancer][create]",
            "sha256:2a2822d7d5941d38",
            load_balancer_attributes.name_created,
        ),
        Patch(
            f"{HANDLERS}[AWS::ElasticLoadBalancingV2::LoadBalancer][update]",
            "sha256:112eb34491abfb01",
            load_balancer_attributes.name_updated,
        ),
        Patch(
            f"{HANDLERS}[AWS::ElasticLoadBalancingV2::Listener][create]",
            "sha256:8fc67cd08574ad5d",
            load_balancer_attributes.name_created_listener,
        ),
        Patch(
            f"{HANDLERS}[AWS::ElasticLoadBalancingV2::Listener][update]",
            "sha256:642e9be5eabf9844",
            load_balancer_attributes.name_updated_listener,
        ),
        Patch(
            f"{HANDLERS}[AWS::ElasticLoadBalancingV2::TargetGroup][create]",
            "sha256:34b1fcad9c9ad8a9",
            load_balancer_attributes.name_target_group,
        ),
        Patch(
            f"{HANDLERS}[AWS::ElasticLoadBalancingV2::TargetGroup][update]",
            "sha256:d139cbb7dd279d45",
            load_balancer_attributes.name_target_group,
        ),
    ),
)
ENDPOINT_INTERFACES = Correction(
    fault="An interface endpoint has neither DnsEntries nor NetworkInterfaceIds, and Fn::Select of one fails.",
    test=f"{TESTS}/cloudformation/test_endpoint_attributes.py::test_ministacks_endpoints_have_no_host_names",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{HANDLERS}[AWS::EC2::VPCEndpoint][create]", "sha256:5b94e6dbeef749db", endpoint_attributes.add_to_created
        ),
        Patch(
            f"{HANDLERS}[AWS::EC2::VPCEndpoint][update]", "sha256:a3134482b4355917", endpoint_attributes.add_to_updated
        ),
    ),
)
BUCKET_TAGS = Correction(
    fault="CloudFormation drops the tags of a bucket, and CDK's autoDeleteObjects fails when its stack is deleted.",
    test=f"{TESTS}/s3/test_bucket_tags.py::test_ministacks_buckets_lose_their_tags",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{HANDLERS}[AWS::S3::Bucket][create]", "sha256:477b78a3cb150dfd", after_create(bucket_tags.keep_tags)),
        Patch(f"{HANDLERS}[AWS::S3::Bucket][update]", "sha256:1d4f3f6390bb209c", after_update(bucket_tags.keep_tags)),
    ),
)
SECRET_REFERENCES = Correction(
    fault="Ref of a secret returns its name, so that a policy for it allows nothing.",
    test=f"{TESTS}/cloudformation/test_secret_references.py::test_ministack_refers_to_a_secret_by_its_name",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{HANDLERS}[AWS::SecretsManager::Secret][create]",
            "sha256:0bae0110fce2f2ba",
            secret_references.identify_created,
        ),
        Patch(
            f"{HANDLERS}[AWS::SecretsManager::Secret][update]",
            "sha256:e87220a5ff35a459",
            secret_references.identify_updated,
        ),
        Patch(
            f"{HANDLERS}[AWS::SecretsManager::Secret][delete]",
            "sha256:4ff615ac828999af",
            secret_references.find_deleted,
        ),
    ),
)
FAILED_FUNCTIONS = Correction(
    fault="Where the function of a custom resource fails, its stack waits for an hour.",
    test=f"{TESTS}/cloudformation/test_failed_functions.py::test_ministack_waits_for_a_function_that_has_failed",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{LAMBDA}:_execute_function_with_config_scope",
            "sha256:26a9d5f64e175204",
            failed_functions.answer_for_failed_functions,
        ),
    ),
)
