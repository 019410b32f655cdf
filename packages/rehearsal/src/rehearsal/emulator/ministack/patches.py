"""Every correction of MiniStack, in the order in which they are applied.

Only this module replaces MiniStack's functions. Of several patches with the same target, each replacement calls the
previous one, so that the last one is called first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version

from rehearsal.emulator.iam import enforcement
from rehearsal.emulator.ministack import patch
from rehearsal.emulator.ministack.corrections import permissions, refusals, requests, services, stacks, traffic
from rehearsal.emulator.ministack.patch import Correction, Patch

log = logging.getLogger(__name__)

Originals = list[tuple[Correction, Patch, Callable[..., object]]]

ALWAYS = (
    services.UNSAVED_STATE,
    services.SERVICE_MODELS,
    services.SESSION_REGISTRATION,
    services.PROJECT_LOGS_AND_CACHE,
    services.FUNCTION_DEAD_LETTERS,
    services.RULE_RETRIES,
    stacks.OUTPUT_CHANGES,
    stacks.NETWORK_ATTRIBUTES,
    stacks.LOAD_BALANCER_NAMES,
    stacks.ENDPOINT_INTERFACES,
    stacks.BUCKET_TAGS,
    stacks.SECRET_REFERENCES,
    services.FOREIGN_OBJECTS,
    refusals.STACK_STATES,
    refusals.TAKEN_NAMES,
    refusals.INVALID_NAMES,
    refusals.MISSING_IMAGES,
    traffic.ALIAS_ROUTING,
    traffic.INVOCATION_METRICS,
    traffic.ALIAS_RULES,
    traffic.UPDATE_POLICIES,
    services.API_HOSTS,
    services.API_OWNERS,
    stacks.FAILED_FUNCTIONS,
    refusals.PAYLOADS,
    refusals.FUNCTION_LIMITS,
    refusals.FUNCTION_CODE,
    refusals.QUEUE_VISIBILITY,
    refusals.PUBLIC_BUCKETS,
    refusals.LOG_PAGES,
)
WITHOUT_IAM = (services.OPEN_BUCKETS,)
# The order of the checks decides which of several denials a caller sees.
WITH_IAM = (
    requests.ROOT_SIGNATURES,
    requests.ENFORCEMENT,
    permissions.STACK_ROLE_BOUNDARIES,
    refusals.PRINCIPALS,
    refusals.DELETED_ROLES,
    refusals.LOG_GROUP_KEYS,
    requests.BOUNDARY_KEY,
    requests.PRINCIPAL_ARN,
    requests.ROLE_TAGS,
    requests.BUCKET_ACCOUNT,
    requests.VIA_SERVICE,
    requests.BUCKET_POLICY_PRINCIPAL,
    permissions.BUCKET_ENCRYPTION,
    permissions.FOREIGN_BUCKETS,
    permissions.OBJECT_KEYS,
    permissions.QUEUE_KEYS,
    permissions.TOPIC_KEYS,
    permissions.STORED_VALUE_KEYS,
    permissions.REENCRYPT_KEYS,
    requests.ACTION_PARAMETER,
    requests.LAMBDA_ACTIONS,
    requests.OPERATION_PERMISSIONS,
    requests.LOG_STREAM_ARNS,
    requests.FUNCTION_QUALIFIERS,
    requests.LAYER_VERSIONS,
    requests.BUILD_PROJECTS,
    requests.ROLE_PATHS,
    requests.IMAGE_REPOSITORIES,
    requests.SEARCH_DOMAINS,
    requests.TRUST_DENIALS,
    permissions.STACK_ROLES,
    permissions.STACK_PERMISSIONS,
    permissions.IMPORTS,
    permissions.QUEUE_POLLS,
    permissions.TOPIC_INVOCATIONS,
    permissions.RULE_INVOCATIONS,
    permissions.PASSED_ROLES,
    permissions.CODE_AND_LAYERS,
    permissions.FUNCTION_CREDENTIALS,
    permissions.FUNCTION_ROLES,
)
# Services that this project implements itself. They are applied last, so that their replacements are called first.
OWN_SERVICES = (
    services.UNSUPPORTED_TYPES,
    services.MANAGED_FUNCTIONS,
    services.RETIRED_RUNTIMES,
    services.PIPELINE_TARGETS,
    services.SOURCE_EVENTS,
    services.START_BUILD,
    services.STOP_BUILD,
    traffic.STATE_CHANGES,
    traffic.ALARM_EVALUATION,
    traffic.METRIC_MATH,
    traffic.ALIAS_UPDATES,
)
CORRECTIONS = (*ALWAYS, *WITHOUT_IAM, *WITH_IAM, *OWN_SERVICES)

# Targets with several patches -> their corrections, in the order in which they are applied.
SHARED_TARGETS: Mapping[str, tuple[Correction, ...]] = {
    **{  # a caller that may not pass the role learns nothing about the stack
        f"ministack.services.cloudformation:_ACTION_HANDLERS[{operation}]": (
            *((stacks.OUTPUT_CHANGES,) if operation == "CreateChangeSet" else ()),
            refusals.STACK_STATES,
            permissions.STACK_ROLES,
            services.UNSUPPORTED_TYPES,
        )
        for operation in ("CreateStack", "UpdateStack", "CreateChangeSet")
    },
    **{
        f"ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS[AWS::S3::Bucket][{operation}]": (
            stacks.BUCKET_TAGS,
            refusals.PUBLIC_BUCKETS,
            permissions.BUCKET_ENCRYPTION,
        )
        for operation in ("create", "update")
    },
    "ministack.services.cloudformation.stacks:_provision_resource": (
        refusals.TAKEN_NAMES,
        refusals.INVALID_NAMES,
        permissions.STACK_PERMISSIONS,  # a stack without permission learns nothing about other stacks
    ),
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS[AWS::Lambda::Function][create]": (
        services.FUNCTION_DEAD_LETTERS,
        refusals.FUNCTION_LIMITS,
        refusals.FUNCTION_CODE,
        permissions.FUNCTION_ROLES,  # a function whose role is refused is not created
        services.RETIRED_RUNTIMES,
    ),
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS[AWS::Lambda::Function][update]": (
        services.FUNCTION_DEAD_LETTERS,
        refusals.FUNCTION_LIMITS,
        refusals.FUNCTION_CODE,
    ),
    **{
        f"ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS[AWS::IAM::Role][{operation}]": (
            permissions.STACK_ROLE_BOUNDARIES,
            refusals.PRINCIPALS,  # a role whose trust policy is refused is not created
        )
        for operation in ("create", "update")
    },
    **{
        f"ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS[AWS::S3::BucketPolicy][{operation}]": (
            refusals.PUBLIC_BUCKETS,
            refusals.PRINCIPALS,
        )
        for operation in ("create", "update")
    },
    "ministack.services.lambda_svc:_invoke": (
        traffic.ALIAS_ROUTING,
        refusals.PAYLOADS,  # no version is chosen for a payload that is refused
    ),
    "ministack.services.lambda_svc:_create_function": (
        refusals.FUNCTION_LIMITS,
        refusals.FUNCTION_CODE,
        permissions.FUNCTION_ROLES,
        services.RETIRED_RUNTIMES,
    ),
    "ministack.services.lambda_svc:_update_config": (refusals.FUNCTION_LIMITS, permissions.FUNCTION_ROLES),
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS[AWS::Lambda::EventSourceMapping][create]": (
        refusals.QUEUE_VISIBILITY,
        permissions.QUEUE_POLLS,
    ),
    "ministack.core.iam_evaluator:_resolve_condition_key": (  # different keys
        requests.PRINCIPAL_ARN,
        requests.ROLE_TAGS,
        requests.BUCKET_ACCOUNT,
        requests.VIA_SERVICE,
    ),
    "ministack.core.iam_actions:extract_iam_action": (
        requests.ACTION_PARAMETER,
        requests.LAMBDA_ACTIONS,
        requests.OPERATION_PERMISSIONS,  # maps the result of the others
    ),
    "ministack.core.iam_actions:extract_resource_arn": (  # different services or paths
        requests.LOG_STREAM_ARNS,
        requests.FUNCTION_QUALIFIERS,
        requests.LAYER_VERSIONS,
        requests.BUILD_PROJECTS,
        requests.ROLE_PATHS,
        requests.IMAGE_REPOSITORIES,
        requests.SEARCH_DOMAINS,
    ),
    "ministack.services.eventbridge:_invoke_target": (
        permissions.RULE_INVOCATIONS,
        services.PIPELINE_TARGETS,  # a pipeline is started before MiniStack rejects its ARN
    ),
}


def apply(*, iam: bool, owners: Iterable[object]) -> Originals:
    """Apply the corrections in this process, before MiniStack serves its first request.

    owners: the objects of the patches' `owner` classes. Returns the original functions, for
    `report_other_version`. Raises MissingTarget.
    """
    corrections = (*ALWAYS, *(WITH_IAM if iam else WITHOUT_IAM), *OWN_SERVICES)
    functions = originals(corrections)
    correct(*corrections, owners=owners)
    return functions


def originals(corrections: Iterable[Correction]) -> Originals:
    """Return the functions that the corrections will replace; call it before `correct`. Raises MissingTarget."""
    return [
        (correction, replaced, patch.read(replaced.target))
        for correction in corrections
        for replaced in correction.patches
    ]


def correct(*corrections: Correction, owners: Iterable[object] = ()) -> None:
    """Apply corrections in the given order. Raises MissingTarget."""
    objects = {type(owner): owner for owner in owners}
    for correction in corrections:
        for replaced in correction.patches:
            patch.replace(replaced, objects)
        if correction.check:
            enforcement.add_check(correction.check)


def report_other_version(functions: Originals) -> None:
    """Report changed functions where MiniStack has another version than the patches; 0.1 s, only then."""
    if version("ministack") != patch.VERSION:
        report_changes(functions)


def report_changes(functions: Originals) -> None:
    """Log a warning for each function whose source is not the one its patch was written for."""
    files: dict[str, list[str]] = {}
    for correction, replaced, function in functions:
        if _digest(function, files) != replaced.source:
            log.warning("MiniStack changed what we patch: %s (fault: %s)", replaced.target, correction.fault)


def _digest(function: Callable[..., object], files: dict[str, list[str]]) -> str:
    """Return the digest of a function's source; empty where it has none, such as a compiled function."""
    try:
        return patch.digest(patch.source(function, files))
    except (AttributeError, OSError):
        return ""
