"""Faults of MiniStack's IAM about a request: its principal, action, resource and condition keys, and denials of it."""

from __future__ import annotations

from rehearsal.emulator.iam import (
    boundaries,
    conditions,
    enforcement,
    request_action,
    request_resource,
    signatures,
    trust_policies,
)
from rehearsal.emulator.iam.conditions import override_condition_key
from rehearsal.emulator.iam.request_resource import override_resource_arn
from rehearsal.emulator.ministack.corrections.upstream import DIFFERENT_DESIGN, UNREDUCED
from rehearsal.emulator.ministack.patch import Correction, Patch

TESTS = "tests/emulator/iam"
EVALUATOR = "ministack.core.iam_evaluator"
ACTIONS = "ministack.core.iam_actions"

ROOT_SIGNATURES = Correction(
    fault="With a root user's access key, which is an account's id, the signature is not verified.",
    test=f"{TESTS}/test_signatures.py::test_signatures_of_root_users_are_verified",
    upstream=DIFFERENT_DESIGN,
    patches=(
        Patch(
            f"{EVALUATOR}:pin_signed_request",
            "sha256:7fbb21e6b82f7fbd",
            signatures.verify_root_signatures,
            also=("ministack.app:pin_signed_request",),
        ),
    ),
)
ENFORCEMENT = Correction(
    fault="A denial does not say what is missing in which policy, and only the action itself is checked.",
    test=f"{TESTS}/test_enforcement.py::test_the_answer_to_a_denied_request_says_why",
    upstream=DIFFERENT_DESIGN,
    patches=(
        Patch(f"{EVALUATOR}:enforce", "sha256:cf64b1ee5b099c8f", enforcement.check_requests),
        Patch(f"{EVALUATOR}:authenticate", "sha256:42c3660c401bdfa7", enforcement.keep_signed_request),
        Patch(f"{ACTIONS}:access_denied_response", "sha256:3cc2e315f91f45da", enforcement.explain_denials),
    ),
)
BOUNDARY_KEY = Correction(
    fault="iam:PermissionsBoundary has no value, so that a policy that requires a boundary denies every role.",
    test=f"{TESTS}/test_boundaries.py::test_boundaries_are_known_to_policies",
    upstream=UNREDUCED,
    patches=(Patch(f"{ACTIONS}:request_tag_context", "sha256:d46adb816e024778", boundaries.add_boundary_key),),
)
PRINCIPAL_ARN = Correction(
    fault="aws:PrincipalArn of a session is the session's ARN, not its role's.",
    test=f"{TESTS}/test_conditions.py::test_principal_arn_of_a_session_is_its_roles",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{EVALUATOR}:_resolve_condition_key",
            "sha256:15e26964cd38f32c",
            override_condition_key(conditions.principal_arn),
        ),
    ),
)
ROLE_TAGS = Correction(
    fault="iam:ResourceTag has no value, so that CDK's self-mutation can assume no role.",
    test=f"{TESTS}/test_conditions.py::test_tags_of_an_assumed_role_are_known",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{EVALUATOR}:_resolve_condition_key",
            "sha256:15e26964cd38f32c",
            override_condition_key(conditions.role_tag),
        ),
    ),
)
BUCKET_ACCOUNT = Correction(
    fault="aws:ResourceAccount and s3:ResourceAccount are the caller's account, not the bucket's.",
    test=f"{TESTS}/test_conditions.py::test_a_buckets_account_is_its_owners",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{EVALUATOR}:_resolve_condition_key",
            "sha256:15e26964cd38f32c",
            override_condition_key(conditions.bucket_account),
        ),
    ),
)
VIA_SERVICE = Correction(
    fault="aws:ViaAWSService has no value, and Bool compares texts: roles of CDK's older pipelines are never assumed.",
    test=f"{TESTS}/test_conditions.py::test_a_text_that_is_no_boolean_is_false",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{EVALUATOR}:_resolve_condition_key",
            "sha256:15e26964cd38f32c",
            override_condition_key(conditions.via_service),
        ),
        Patch(f"{EVALUATOR}:_CONDITION_OPS[bool]", "sha256:0112a42c792f6ab8", conditions.compare_booleans),
    ),
)
BUCKET_POLICY_PRINCIPAL = Correction(
    fault="Another account's bucket policy is evaluated for the root user of the caller's account, not for its role.",
    test=f"{TESTS}/test_conditions.py::test_a_foreign_bucket_is_asked_about_the_calling_role",
    upstream=UNREDUCED,
    patches=(Patch(f"{EVALUATOR}:evaluate_resource_policy", "sha256:e49ce7161ad63e35", conditions.evaluate_for_role),),
)
ACTION_PARAMETER = Correction(
    fault="With ?Action=ListThem in the URL, every request is checked as that action.",
    test=f"{TESTS}/test_request_action.py::test_an_operation_is_not_what_its_caller_calls_it",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{ACTIONS}:extract_iam_action", "sha256:ec476b92d969822b", request_action.ignore_action_parameter),
    ),
)
LAMBDA_ACTIONS = Correction(
    fault="DeleteAlias is checked as ListAliases, InvokeWithResponseStream not at all.",
    test=f"{TESTS}/test_request_action.py::test_an_operation_of_lambda_is_told_by_its_path",
    upstream=UNREDUCED,
    patches=(Patch(f"{ACTIONS}:extract_iam_action", "sha256:ec476b92d969822b", request_action.resolve_lambda_action),),
)
OPERATION_PERMISSIONS = Correction(
    fault="SendMessageBatch is checked as an action of its own, which AWS does not have: only a wildcard allows it.",
    test=f"{TESTS}/test_request_action.py::test_an_operation_without_an_action_is_asked_as_another_one",
    upstream=UNREDUCED,
    patches=(Patch(f"{ACTIONS}:extract_iam_action", "sha256:ec476b92d969822b", request_action.map_to_permission),),
)
LOG_STREAM_ARNS = Correction(
    fault="A log group's ARN does not end in `:*` as in policies, which therefore do not match.",
    test=f"{TESTS}/test_request_resource.py::test_a_log_groups_resource_ends_in_its_stream",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{ACTIONS}:extract_resource_arn",
            "sha256:82f51700695c62fd",
            override_resource_arn(request_resource.log_stream_arn),
        ),
    ),
)
FUNCTION_QUALIFIERS = Correction(
    fault="A policy for an alias does not allow requests to the alias: its name is missing in the ARN.",
    test=f"{TESTS}/test_request_resource.py::test_a_qualifier_is_part_of_a_functions_resource",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{ACTIONS}:extract_resource_arn",
            "sha256:82f51700695c62fd",
            override_resource_arn(request_resource.qualified_function_arn),
        ),
    ),
)
LAYER_VERSIONS = Correction(
    fault="A policy for a layer's version does not allow requests for it: the version is missing in the ARN.",
    test=f"{TESTS}/test_request_resource.py::test_a_version_is_part_of_a_layers_resource",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{ACTIONS}:extract_resource_arn",
            "sha256:82f51700695c62fd",
            override_resource_arn(request_resource.layer_version_arn),
        ),
    ),
)
BUILD_PROJECTS = Correction(
    fault="A policy for a build project does not allow reads of its builds: they are evaluated on `*`.",
    test=f"{TESTS}/test_request_resource.py::test_the_resource_of_a_build_is_its_project",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{ACTIONS}:extract_resource_arn",
            "sha256:82f51700695c62fd",
            override_resource_arn(request_resource.build_project_arn),
        ),
    ),
)
ROLE_PATHS = Correction(
    fault="A policy for roles with a path does not allow requests for them: the path is missing in the ARN.",
    test=f"{TESTS}/test_request_resource.py::test_a_path_is_part_of_a_roles_resource",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{ACTIONS}:extract_resource_arn",
            "sha256:82f51700695c62fd",
            override_resource_arn(request_resource.role_path_arn),
        ),
    ),
)
IMAGE_REPOSITORIES = Correction(
    fault="A policy for a repository of ECR does not allow to describe it: the request is evaluated on `*`.",
    test=f"{TESTS}/test_request_resource.py::test_a_list_of_one_repository_is_its_resource",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{ACTIONS}:extract_resource_arn",
            "sha256:82f51700695c62fd",
            override_resource_arn(request_resource.image_repository_arn),
        ),
    ),
)
SEARCH_DOMAINS = Correction(
    fault="A policy for a domain of OpenSearch does not allow changes of its configuration: they are evaluated on `*`.",
    test=f"{TESTS}/test_request_resource.py::test_the_path_of_a_request_to_opensearch_has_its_resource",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{ACTIONS}:extract_resource_arn",
            "sha256:82f51700695c62fd",
            override_resource_arn(request_resource.search_domain_arn),
        ),
    ),
)
TRUST_DENIALS = Correction(
    fault="The error of a denial by a role's trust policy is the one for a denial by the caller's own policies.",
    test=f"{TESTS}/test_trust_policies.py::test_a_denial_by_a_trust_policy_names_the_policy",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{EVALUATOR}:evaluate_trust_policy", "sha256:4b50aa29ad29fe20", trust_policies.record_trust_denials),
        Patch("ministack.services.sts:_error", "sha256:b0214044b75c3873", trust_policies.explain_trust_denials),
    ),
)
