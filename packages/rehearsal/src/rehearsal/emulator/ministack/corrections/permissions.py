"""Permissions that MiniStack does not check: for stacks' resources, event sources, keys, passed roles, code, layers."""

from __future__ import annotations

from rehearsal.emulator.cloudformation.resource_handlers import after_create, after_update
from rehearsal.emulator.functions import credentials
from rehearsal.emulator.iam import (
    boundaries,
    bucket_policies,
    cloudformation_roles,
    dependent_actions,
    event_sources,
    kms_usage,
    pass_role,
    resource_operations,
)
from rehearsal.emulator.ministack.corrections.upstream import UNREDUCED
from rehearsal.emulator.ministack.patch import Correction, Patch

TESTS = "tests/emulator/iam"
CLOUDFORMATION = "ministack.services.cloudformation"
HANDLERS = f"{CLOUDFORMATION}.provisioners:_RESOURCE_HANDLERS"
LAMBDA = "ministack.services.lambda_svc"

STACK_ROLE_BOUNDARIES = Correction(
    fault="CloudFormation drops PermissionsBoundary of a role, which then has more permissions than on AWS.",
    test=f"{TESTS}/test_boundaries.py::test_a_stacks_roles_have_their_boundary",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{HANDLERS}[AWS::IAM::Role][create]", "sha256:2d7e3d8ec507d448", boundaries.create_role_with_boundary),
        Patch(f"{HANDLERS}[AWS::IAM::Role][update]", "sha256:4f4039080dc14d49", boundaries.update_role_with_boundary),
    ),
)
BUCKET_ENCRYPTION = Correction(
    fault="CloudFormation drops BucketEncryption, so that objects are not encrypted with the bucket's key.",
    test=f"{TESTS}/test_bucket_policies.py::test_buckets_keep_their_encryption",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{HANDLERS}[AWS::S3::Bucket][create]",
            "sha256:477b78a3cb150dfd",
            after_create(bucket_policies.keep_encryption),
        ),
        Patch(
            f"{HANDLERS}[AWS::S3::Bucket][update]",
            "sha256:1d4f3f6390bb209c",
            after_update(bucket_policies.keep_encryption),
        ),
    ),
)
FOREIGN_BUCKETS = Correction(
    fault="A denial by another account's bucket policy is recorded as allowed, and does not say what is missing.",
    test=f"{TESTS}/test_bucket_policies.py::test_another_accounts_bucket_is_asked_with_the_callers_policies",
    upstream=UNREDUCED,
    check=bucket_policies.foreign_bucket_denial,
)
OBJECT_KEYS = Correction(
    fault="S3 uses a KMS key without a check of the caller's permission.",
    test=f"{TESTS}/test_kms_usage.py::test_s3_asks_for_the_key",
    upstream=UNREDUCED,
    check=kms_usage.object_key_denial,
)
QUEUE_KEYS = Correction(
    fault="SQS uses a KMS key without a check of the caller's permission.",
    test=f"{TESTS}/test_kms_usage.py::test_sqs_asks_for_the_key",
    upstream=UNREDUCED,
    check=kms_usage.queue_key_denial,
)
TOPIC_KEYS = Correction(
    fault="SNS uses a KMS key without a check of the caller's permission.",
    test=f"{TESTS}/test_kms_usage.py::test_sns_asks_for_the_key",
    upstream=UNREDUCED,
    check=kms_usage.topic_key_denial,
)
STORED_VALUE_KEYS = Correction(
    fault="Secrets Manager and Parameter Store use a KMS key without a check of the caller's permission.",
    test=f"{TESTS}/test_kms_usage.py::test_secrets_and_parameters_ask_for_the_key",
    upstream=UNREDUCED,
    check=kms_usage.stored_value_key_denial,
)
REENCRYPT_KEYS = Correction(
    fault="ReEncrypt does not check the permission for the destination key.",
    test=f"{TESTS}/test_kms_usage.py::test_reencrypt_needs_both_keys",
    upstream=UNREDUCED,
    check=kms_usage.reencrypt_key_denial,
)
STACK_ROLES = Correction(
    fault="A caller may pass any role to CloudFormation, also one that does not trust it.",
    test=f"{TESTS}/test_stack_callers.py::test_a_stacks_role_needs_pass_role",
    upstream=UNREDUCED,
    patches=tuple(
        Patch(f"{CLOUDFORMATION}:_ACTION_HANDLERS[{operation}]", source, cloudformation_roles.check_stack_role)
        for operation, source in (
            ("CreateStack", "sha256:84e0df897c75b4a0"),
            ("UpdateStack", "sha256:6a6a6ca3db0d00d0"),
            ("DeleteStack", "sha256:09d64e10e4f299ae"),
            ("CreateChangeSet", "sha256:06b31550065c78d5"),
        )
    ),
)
STACK_PERMISSIONS = Correction(
    fault="The policies of a stack's role are not evaluated for its resources, nor for those of nested stacks.",
    test=f"{TESTS}/test_cloudformation_roles.py::test_a_stacks_role_has_to_be_allowed_what_its_resources_need",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{CLOUDFORMATION}.stacks:_provision_resource",
            "sha256:3b8f01fb187141b6",
            resource_operations.check_create,
            also=(f"{CLOUDFORMATION}.provisioners:_provision_resource",),
        ),
        Patch(
            f"{CLOUDFORMATION}.stacks:_update_resource",
            "sha256:21b9b1207f59a864",
            resource_operations.check_update,
            also=(f"{CLOUDFORMATION}.provisioners:_update_resource",),
        ),
        Patch(
            f"{CLOUDFORMATION}.stacks:_delete_resource",
            "sha256:9e9ba54fb4281d65",
            resource_operations.check_delete,
            also=(f"{CLOUDFORMATION}.provisioners:_delete_resource",),
        ),
        Patch(
            f"{HANDLERS}[AWS::CloudFormation::Stack][delete]",
            "sha256:7770365b9f05fecb",
            resource_operations.delete_nested_stack,
        ),
    ),
)
IMPORTS = Correction(
    fault="A stack imports any resource, also one that its role may not read.",
    test=f"{TESTS}/test_cloudformation_roles.py::test_a_role_has_to_be_allowed_to_read_what_it_imports",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{CLOUDFORMATION}.changesets:_import_resources_async",
            "sha256:a9f38d92ae809384",
            resource_operations.name_importing_stack,
        ),
        Patch(
            f"{CLOUDFORMATION}.changesets:_import_resource",
            "sha256:0466d8e0cf560238",
            resource_operations.check_import,
            also=(f"{CLOUDFORMATION}.provisioners:_import_resource", f"{CLOUDFORMATION}.stacks:_import_resource"),
        ),
        Patch(
            f"{CLOUDFORMATION}.stacks:_adopt_resource",
            "sha256:dd6c8911148d1a4e",
            resource_operations.name_adopting_stack,
        ),
    ),
)
QUEUE_POLLS = Correction(
    fault="A function receives a queue's messages without its role's permission.",
    test=f"{TESTS}/test_event_sources.py::test_a_queues_messages_are_received_with_the_functions_role",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{LAMBDA}:_iter_all_esms", "sha256:7db06c0627a59696", event_sources.poll_permitted_mappings),
        Patch(
            f"{HANDLERS}[AWS::Lambda::EventSourceMapping][create]",
            "sha256:f053a4e8c30c5543",
            event_sources.create_permitted_mapping,
        ),
    ),
)
TOPIC_INVOCATIONS = Correction(
    fault="A topic invokes any function, also where the function's policy does not allow it.",
    test=f"{TESTS}/test_event_sources.py::test_a_topic_invokes_only_functions_that_allow_it",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.services.sns:_deliver_to_lambda",
            "sha256:aa6b8a8c312e182a",
            event_sources.deliver_to_permitted_functions,
        ),
    ),
)
RULE_INVOCATIONS = Correction(
    fault="A rule invokes any function, also where the function's policy does not allow it.",
    test=f"{TESTS}/test_event_sources.py::test_a_rule_invokes_only_functions_that_allow_it",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.services.eventbridge:_invoke_target",
            "sha256:550e304af0809563",
            event_sources.invoke_permitted_functions,
        ),
    ),
)
PASSED_ROLES = Correction(
    fault="A caller may pass any role to a service: iam:PassRole is not checked.",
    test=f"{TESTS}/test_pass_role.py::test_a_passed_role_needs_pass_role",
    upstream=UNREDUCED,
    check=pass_role.pass_role_denial,
)
CODE_AND_LAYERS = Correction(
    fault="A caller of Lambda's API may use any code, layer and tag: only the action itself is checked.",
    test=f"{TESTS}/test_dependent_actions.py::test_code_and_layers_need_permissions",
    upstream=UNREDUCED,
    check=dependent_actions.code_and_layer_denial,
)
FUNCTION_CREDENTIALS = Correction(
    fault="A function's access keys are computed from its name and its role's name, so that anyone can guess them.",
    test="tests/emulator/functions/test_credentials.py::test_ministack_derives_credentials_from_names",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.core.lambda_runtime:execution_credentials",
            "sha256:cffaadc4f396f6e4",
            credentials.issue_session_credentials,
            also=(f"{LAMBDA}:execution_credentials",),
        ),
    ),
)
FUNCTION_ROLES = Correction(
    fault="A function may have a role that does not trust Lambda.",
    test=f"{TESTS}/test_function_roles.py::test_a_function_gets_only_a_role_that_trusts_lambda",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{LAMBDA}:_create_function", "sha256:e307eecdf0d8b51c", credentials.create_with_trust),
        Patch(f"{LAMBDA}:_update_config", "sha256:6999cb0695dace00", credentials.update_with_trust),
        Patch(
            f"{HANDLERS}[AWS::Lambda::Function][create]", "sha256:8b2cf80e961d92ee", credentials.provision_with_trust
        ),
    ),
)
