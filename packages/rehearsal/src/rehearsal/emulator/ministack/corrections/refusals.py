"""Requests that AWS refuses and MiniStack accepts: states of stacks, limits, and principals that do not exist."""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.emulator.cloudformation import invalid_names, property_checks, stack_states, taken_names
from rehearsal.emulator.ecr import missing_images
from rehearsal.emulator.functions import function_code, limits
from rehearsal.emulator.iam import policy_principals
from rehearsal.emulator.logs import group_keys, pages
from rehearsal.emulator.ministack.corrections.upstream import UNREDUCED
from rehearsal.emulator.ministack.patch import Correction, Patch
from rehearsal.emulator.s3 import public_access

TESTS = "tests/emulator"
HANDLERS = "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS"
IAM = "ministack.services.iam:_IAM_HANDLERS"
LAMBDA = "ministack.services.lambda_svc"
SQS = "ministack.services.sqs:_HANDLERS"
OPERATIONS = "ministack.services.cloudformation:_ACTION_HANDLERS"


def _checked[Data](type_: str, create: str, update: str, check: Callable[[Data], None]) -> tuple[Patch, Patch]:
    """Return the patches that check a type's properties. create, update: the digests of its handlers."""
    return (
        Patch(f"{HANDLERS}[{type_}][create]", create, property_checks.check_created(check)),
        Patch(f"{HANDLERS}[{type_}][update]", update, property_checks.check_updated(check)),
    )


STACK_STATES = Correction(
    fault="A change set updates a stack whose creation was rolled back, and a new stack may have its name.",
    test=f"{TESTS}/cloudformation/test_stack_states.py::test_a_stack_that_was_rolled_back_takes_no_change_set",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{OPERATIONS}[CreateStack]", "sha256:84e0df897c75b4a0", stack_states.reject_creation),
        Patch(f"{OPERATIONS}[UpdateStack]", "sha256:6a6a6ca3db0d00d0", stack_states.reject_update),
        Patch(f"{OPERATIONS}[CreateChangeSet]", "sha256:06b31550065c78d5", stack_states.reject_change_set),
    ),
)
TAKEN_NAMES = Correction(
    fault="A stack may create a resource with the name of another stack's resource, and replaces that one.",
    test=f"{TESTS}/cloudformation/test_taken_names.py::test_ministack_replaces_a_table_of_another_stack",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.services.cloudformation.stacks:_provision_resource",
            "sha256:3b8f01fb187141b6",
            taken_names.refuse_taken_names,
            also=("ministack.services.cloudformation.provisioners:_provision_resource",),
        ),
    ),
)
INVALID_NAMES = Correction(
    fault="A stack's resource may have a name of any length and with any characters.",
    test=f"{TESTS}/cloudformation/test_invalid_names.py::test_ministack_creates_a_role_with_a_long_name",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.services.cloudformation.stacks:_provision_resource",
            "sha256:3b8f01fb187141b6",
            invalid_names.refuse_invalid_names,
            also=("ministack.services.cloudformation.provisioners:_provision_resource",),
        ),
    ),
)
MISSING_IMAGES = Correction(
    fault="DescribeImages of an image that does not exist returns no error: cdk-assets takes the image as published.",
    test=f"{TESTS}/ecr/test_missing_images.py::test_an_image_that_does_not_exist_is_an_error",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.services.ecr:_describe_images",
            "sha256:86c7f7b273ab2316",
            missing_images.refuse_missing_images,
        ),
    ),
)
PAYLOADS = Correction(
    fault="Payloads and results of functions may have any size.",
    test=f"{TESTS}/functions/test_limits.py::test_a_payload_has_a_limit",
    upstream=UNREDUCED,
    patches=(Patch(f"{LAMBDA}:_invoke", "sha256:ab193779e5c2ea94", limits.limit_payloads),),
)
FUNCTION_LIMITS = Correction(
    fault="A function may have any timeout, more than 4 KB of environment variables, and reserved ones.",
    test=f"{TESTS}/functions/test_limits.py::test_a_functions_configuration_has_limits",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{LAMBDA}:_create_function", "sha256:e307eecdf0d8b51c", limits.limit_creation),
        Patch(f"{LAMBDA}:_update_config", "sha256:6999cb0695dace00", limits.limit_configuration),
        *_checked(
            "AWS::Lambda::Function", "sha256:8b2cf80e961d92ee", "sha256:4855410e37d7a80d", limits.check_configuration
        ),
    ),
)
FUNCTION_CODE = Correction(
    fault="Where the object with a function's code does not exist, the function is created without code, and hangs.",
    test=f"{TESTS}/functions/test_function_code.py::test_a_function_needs_the_object_that_has_its_code",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{LAMBDA}:_create_function", "sha256:e307eecdf0d8b51c", function_code.refuse_missing_code),
        *_checked(
            "AWS::Lambda::Function", "sha256:8b2cf80e961d92ee", "sha256:4855410e37d7a80d", function_code.check_code
        ),
    ),
)
QUEUE_VISIBILITY = Correction(
    fault="An event source may be a queue whose visibility timeout is shorter than the function's timeout.",
    test=f"{TESTS}/functions/test_limits.py::test_a_queue_hides_messages_as_long_as_its_function_may_take",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{LAMBDA}:_create_esm", "sha256:d351521bb6cdd30f", limits.limit_mappings),
        Patch(
            f"{HANDLERS}[AWS::Lambda::EventSourceMapping][create]",
            "sha256:f053a4e8c30c5543",
            property_checks.check_created(limits.check_visibility),
        ),
    ),
)
PUBLIC_BUCKETS = Correction(
    fault="A stack's buckets may have public policies and access control lists, which S3 refuses for a new bucket.",
    test=f"{TESTS}/s3/test_public_access.py::test_ministack_stores_a_public_policy",
    upstream=UNREDUCED,
    patches=(
        *_checked(
            "AWS::S3::BucketPolicy", "sha256:3f5b8eaf6b5504f9", "sha256:49b0a92ca247ab1d", public_access.check_policy
        ),
        *_checked("AWS::S3::Bucket", "sha256:477b78a3cb150dfd", "sha256:1d4f3f6390bb209c", public_access.check_acl),
    ),
)
LOG_PAGES = Correction(
    fault="FilterLogEvents returns one page, and drops what is beyond 10,000 events.",
    test=f"{TESTS}/logs/test_pages.py::test_a_search_has_several_pages",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.services.cloudwatch_logs:_filter_log_events", "sha256:9b3d13c713b5d3cb", pages.answer_in_pages
        ),
    ),
)
LOG_GROUP_KEYS = Correction(
    fault="A log group may have a key that CloudWatch Logs may not use.",
    test=f"{TESTS}/logs/test_group_keys.py::test_a_key_that_does_not_let_the_logs_in_is_refused",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{HANDLERS}[AWS::Logs::LogGroup][create]", "sha256:6e18ae6e4373ba0e", group_keys.reject_in_created),
        Patch(f"{HANDLERS}[AWS::Logs::LogGroup][update]", "sha256:0c65d3a8ddea45c2", group_keys.reject_in_updated),
        Patch(
            "ministack.services.cloudwatch_logs:_create_log_group",
            "sha256:ce6fd1931ae9eb64",
            group_keys.reject_in_request,
        ),
    ),
)
PRINCIPALS = Correction(
    fault="Resource policies and trust policies may have roles and users that do not exist as principals.",
    test=f"{TESTS}/iam/test_policy_principals.py::test_a_principal_that_does_not_exist_is_refused",
    upstream=UNREDUCED,
    patches=(
        Patch("ministack.services.kms:_create_key", "sha256:b2509f44b316e4ea", policy_principals.reject_key_policy),
        Patch("ministack.services.kms:_put_key_policy", "sha256:996b086b167a43ab", policy_principals.reject_key_policy),
        Patch(
            "ministack.services.s3:_put_bucket_policy",
            "sha256:0496f198bf503e3a",
            policy_principals.reject_bucket_policy,
        ),
        Patch(f"{SQS}[CreateQueue]", "sha256:5f6e8f364cd9e78a", policy_principals.reject_queue_policy),
        Patch(f"{SQS}[SetQueueAttributes]", "sha256:c7a502e07f5ee102", policy_principals.reject_queue_policy),
        Patch("ministack.services.sns:_create_topic", "sha256:54ac305cd220d73f", policy_principals.reject_topic_policy),
        Patch(
            "ministack.services.sns:_set_topic_attributes",
            "sha256:9565723b04fa6b98",
            policy_principals.reject_topic_policy,
        ),
        Patch(f"{LAMBDA}:_add_permission", "sha256:d0f846365868caa5", policy_principals.reject_permission),
        *(
            Patch(f"{IAM}[{operation}]", source, policy_principals.reject_trust_policy(parameter))
            for operation, source, parameter in (
                ("CreateRole", "sha256:fef5dffbcd31bd0d", "AssumeRolePolicyDocument"),
                ("UpdateAssumeRolePolicy", "sha256:2d3f98f08393cbee", "PolicyDocument"),
            )
        ),
        *(
            Patch(f"{HANDLERS}[{kind}][{operation}]", source, replace(property_, message))
            for kind, property_, message, create, update in (
                (
                    "AWS::KMS::Key",
                    "KeyPolicy",
                    policy_principals.KMS_MESSAGE,
                    "sha256:c6df6af885a32614",
                    "sha256:9c9241e53c424d99",
                ),
                (
                    "AWS::S3::BucketPolicy",
                    "PolicyDocument",
                    policy_principals.S3_MESSAGE,
                    "sha256:3f5b8eaf6b5504f9",
                    "sha256:49b0a92ca247ab1d",
                ),
                (
                    "AWS::SQS::QueuePolicy",
                    "PolicyDocument",
                    policy_principals.SQS_MESSAGE,
                    "sha256:3b358ef92bd866ae",
                    "sha256:75281d4d129c947c",
                ),
                (
                    "AWS::SNS::TopicPolicy",
                    "PolicyDocument",
                    policy_principals.SNS_MESSAGE,
                    "sha256:fef6f5bd954cf8f4",
                    "sha256:1b3f1125799bdf01",
                ),
                (
                    "AWS::IAM::Role",
                    "AssumeRolePolicyDocument",
                    policy_principals.IAM_MESSAGE,
                    "sha256:2d7e3d8ec507d448",
                    "sha256:4f4039080dc14d49",
                ),
            )
            for operation, source, replace in (
                ("create", create, policy_principals.reject_in_created),
                ("update", update, policy_principals.reject_in_updated),
            )
        ),
    ),
)
DELETED_ROLES = Correction(
    fault="A role that is deleted and created again matches policies that were written for the first one.",
    test=f"{TESTS}/iam/test_policy_principals.py::test_a_role_that_is_created_again_is_another_principal",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{IAM}[DeleteRole]", "sha256:6611fd0972d19644", policy_principals.lose_deleted_role),
        Patch(f"{HANDLERS}[AWS::IAM::Role][delete]", "sha256:c39b3e6c9b7164a5", policy_principals.lose_role_of_stack),
    ),
)
