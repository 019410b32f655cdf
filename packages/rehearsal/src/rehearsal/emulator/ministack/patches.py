"""Faults of MiniStack 1.5.33, each corrected by one function, so that a correction can go when MiniStack mends it.

Each function says what AWS does; the test of the same name shows the fault without it.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ministack.core import persistence, responses
from ministack.services import codebuild, eventbridge, lambda_svc, s3, sts
from ministack.services.cloudformation import provisioners

from rehearsal import aws
from rehearsal.emulator.functions import credentials
from rehearsal.emulator.iam import (
    boundaries,
    bucket_policies,
    cloudformation_roles,
    conditions,
    dependent_actions,
    enforcement,
    event_sources,
    kms_usage,
    pass_role,
    request_action,
    request_resource,
    signatures,
    trust_policies,
)

ProvisionedResource = tuple[str, dict[str, str]]

# The services whose state could not be saved.
UNSAVED: list[str] = []


def apply(*, iam: bool) -> None:
    """Correct this process's MiniStack, before it serves its first request."""
    report_unsaved_state()
    cache_service_models()
    serialize_session_registration()
    retain_project_logs_and_cache()
    retain_function_dead_letters_and_concurrency()
    retry_rule_events()
    if not iam:
        allow_cross_account_buckets_without_iam()
        return
    signatures.verify_root_user_signatures()
    enforcement.install()
    boundaries.apply()
    conditions.apply()
    bucket_policies.apply()
    kms_usage.apply()
    request_action.apply()
    request_resource.apply()
    trust_policies.explain_trust_policy_denials()
    cloudformation_roles.apply()
    event_sources.apply()
    pass_role.check_pass_role()
    dependent_actions.check_code_and_layer_access()
    credentials.issue_session_credentials()
    credentials.require_lambda_trust()


def report_unsaved_state() -> None:
    """MiniStack goes over a service whose state it cannot save: the next start would read an old one, or none."""
    save = persistence.save_state

    def saves(service: str, state: dict[str, Any]) -> None:
        path = Path(persistence.STATE_DIR) / f"{service}.json"
        path.unlink(missing_ok=True)
        save(service, state)
        if not path.exists():
            UNSAVED.append(service)

    persistence.save_state = saves


def cache_service_models() -> None:
    """For each service that answers, MiniStack makes a session of botocore, which takes as long as the model itself."""

    @functools.cache
    def model(service: str) -> Any:
        return aws.service_model(responses._BOTOCORE_NAME.get(service, service))

    responses._service_model = model


def serialize_session_registration() -> None:
    """The sessions are gone through without a lock, while actions side by side and functions register theirs."""
    register, one_by_one = sts.register_session, threading.Lock()

    def registers(access_key: str, session: dict[str, Any]) -> None:
        with one_by_one:
            register(access_key, session)

    sts.register_session = registers


def retain_project_logs_and_cache() -> None:
    """CloudFormation drops LogsConfig and Cache of a CodeBuild project: its builds would log and cache elsewhere."""
    kept = {"LogsConfig": "logsConfig", "Cache": "cache"}
    handlers = provisioners._RESOURCE_HANDLERS["AWS::CodeBuild::Project"]
    create, update, shape = handlers["create"], handlers["update"], codebuild._project_shape

    def keep(made: ProvisionedResource, properties: Mapping[str, Any]) -> ProvisionedResource:
        project = codebuild._projects[made[0]]
        for name, key in kept.items():
            project[key] = provisioners._pascal_to_camel(properties.get(name, {}))
        return made

    def creates(logical_id: str, properties: Mapping[str, Any], stack: str) -> ProvisionedResource:
        return keep(create(logical_id, properties, stack), properties)

    def updates(name: str, old: Mapping[str, Any], new: Mapping[str, Any], stack: str) -> ProvisionedResource:
        return keep(update(name, old, new, stack), new)

    def shown(project: Mapping[str, Any]) -> dict[str, Any]:
        return {**shape(project), **{key: project[key] for key in kept.values() if project.get(key)}}

    handlers |= {"create": creates, "update": updates}
    codebuild._project_shape = shown


def retain_function_dead_letters_and_concurrency() -> None:
    """CloudFormation drops DeadLetterConfig and ReservedConcurrentExecutions of a function."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create, update = handlers["create"], handlers["update"]

    def keep(made: ProvisionedResource, properties: Mapping[str, Any]) -> ProvisionedResource:
        function = lambda_svc._functions[made[0]]
        reserved = properties.get("ReservedConcurrentExecutions")
        function["concurrency"] = None if reserved is None else int(reserved)
        function["config"].pop("DeadLetterConfig", None)
        if properties.get("DeadLetterConfig"):
            function["config"]["DeadLetterConfig"] = properties["DeadLetterConfig"]
        return made

    def creates(logical_id: str, properties: Mapping[str, Any], stack: str) -> ProvisionedResource:
        return keep(create(logical_id, properties, stack), properties)

    def updates(
        name: str, old: Mapping[str, Any], new: Mapping[str, Any], stack: str, logical_id: str
    ) -> ProvisionedResource:
        return keep(update(name, old, new, stack, logical_id), new)

    handlers |= {"create": creates, "update": updates}


def retry_rule_events() -> None:
    """A rule's call of a function is given up at its first error; Lambda tries again, then dead letters get it."""

    def dispatch(arn: str, payload: str) -> None:
        function, configuration, _ = lambda_svc._get_func_record_for_ref(arn)
        if function and configuration:
            record = lambda_svc._execution_record_for_config(function, configuration)
            lambda_svc.invoke_async_with_retry(record, json.loads(payload))

    eventbridge._dispatch_to_lambda = dispatch


def allow_cross_account_buckets_without_iam() -> None:
    """Another account's bucket asks its policy about the caller's account root, even where IAM is off.

    On AWS the policy is asked about the calling role; where nothing is enforced, it should not be asked at all.
    """

    def allows(*_: Any, **__: Any) -> bool:
        return True

    s3._foreign_bucket_allows = allows
