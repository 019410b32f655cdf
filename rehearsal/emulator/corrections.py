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
    actions,
    boundaries,
    buckets,
    checks,
    conditions,
    event_sources,
    execution_roles,
    keys,
    passing,
    references,
    resources,
    signatures,
    trust,
)

Made = tuple[str, dict[str, str]]

# The services whose state could not be saved.
UNSAVED: list[str] = []


def apply(*, iam: bool) -> None:
    """Correct this process's MiniStack, before it serves its first request."""
    what_cannot_be_saved_is_told()
    one_session_reads_models()
    sessions_are_registered_one_by_one()
    projects_keep_their_log_group_and_cache()
    functions_keep_their_dead_letters_and_concurrency()
    a_rules_event_is_tried_again()
    if not iam:
        foreign_buckets_open_without_iam()
        return
    signatures.signatures_of_root_users_are_verified()
    checks.install()
    boundaries.apply()
    conditions.apply()
    buckets.apply()
    keys.apply()
    actions.apply()
    resources.apply()
    trust.who_may_not_assume_a_role_is_told_why()
    execution_roles.apply()
    event_sources.apply()
    passing.who_names_a_role_has_to_be_allowed_to_pass_it()
    references.who_names_code_and_layers_has_to_be_allowed_to_use_them()
    credentials.functions_have_keys_that_nobody_guesses()
    credentials.functions_get_a_role_that_lambda_may_assume()


def what_cannot_be_saved_is_told() -> None:
    """MiniStack goes over a service whose state it cannot save: the next start would read an old one, or none."""
    save = persistence.save_state

    def saves(service: str, state: dict[str, Any]) -> None:
        path = Path(persistence.STATE_DIR) / f"{service}.json"
        path.unlink(missing_ok=True)
        save(service, state)
        if not path.exists():
            UNSAVED.append(service)

    persistence.save_state = saves


def one_session_reads_models() -> None:
    """For each service that answers, MiniStack makes a session of botocore, which takes as long as the model itself."""

    @functools.cache
    def model(service: str) -> Any:
        return aws.service_model(responses._BOTOCORE_NAME.get(service, service))

    responses._service_model = model


def sessions_are_registered_one_by_one() -> None:
    """The sessions are gone through without a lock, while actions side by side and functions register theirs."""
    register, one_by_one = sts.register_session, threading.Lock()

    def registers(access_key: str, session: dict[str, Any]) -> None:
        with one_by_one:
            register(access_key, session)

    sts.register_session = registers


def projects_keep_their_log_group_and_cache() -> None:
    """CloudFormation drops LogsConfig and Cache of a CodeBuild project: its builds would log and cache elsewhere."""
    kept = {"LogsConfig": "logsConfig", "Cache": "cache"}
    handlers = provisioners._RESOURCE_HANDLERS["AWS::CodeBuild::Project"]
    create, update, shape = handlers["create"], handlers["update"], codebuild._project_shape

    def keep(made: Made, properties: Mapping[str, Any]) -> Made:
        project = codebuild._projects[made[0]]
        for name, key in kept.items():
            project[key] = provisioners._pascal_to_camel(properties.get(name, {}))
        return made

    def creates(logical_id: str, properties: Mapping[str, Any], stack: str) -> Made:
        return keep(create(logical_id, properties, stack), properties)

    def updates(name: str, old: Mapping[str, Any], new: Mapping[str, Any], stack: str) -> Made:
        return keep(update(name, old, new, stack), new)

    def shown(project: Mapping[str, Any]) -> dict[str, Any]:
        return {**shape(project), **{key: project[key] for key in kept.values() if project.get(key)}}

    handlers |= {"create": creates, "update": updates}
    codebuild._project_shape = shown


def functions_keep_their_dead_letters_and_concurrency() -> None:
    """CloudFormation drops DeadLetterConfig and ReservedConcurrentExecutions of a function."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create, update = handlers["create"], handlers["update"]

    def keep(made: Made, properties: Mapping[str, Any]) -> Made:
        function = lambda_svc._functions[made[0]]
        reserved = properties.get("ReservedConcurrentExecutions")
        function["concurrency"] = None if reserved is None else int(reserved)
        function["config"].pop("DeadLetterConfig", None)
        if properties.get("DeadLetterConfig"):
            function["config"]["DeadLetterConfig"] = properties["DeadLetterConfig"]
        return made

    def creates(logical_id: str, properties: Mapping[str, Any], stack: str) -> Made:
        return keep(create(logical_id, properties, stack), properties)

    def updates(name: str, old: Mapping[str, Any], new: Mapping[str, Any], stack: str, logical_id: str) -> Made:
        return keep(update(name, old, new, stack, logical_id), new)

    handlers |= {"create": creates, "update": updates}


def a_rules_event_is_tried_again() -> None:
    """A rule's call of a function is given up at its first error; Lambda tries again, then dead letters get it."""

    def dispatch(arn: str, payload: str) -> None:
        function, configuration, _ = lambda_svc._get_func_record_for_ref(arn)
        if function and configuration:
            record = lambda_svc._execution_record_for_config(function, configuration)
            lambda_svc.invoke_async_with_retry(record, json.loads(payload))

    eventbridge._dispatch_to_lambda = dispatch


def foreign_buckets_open_without_iam() -> None:
    """Another account's bucket asks its policy about the caller's account root, even where IAM is off.

    On AWS the policy is asked about the calling role; where nothing is enforced, it should not be asked at all.
    """

    def allows(*_: Any, **__: Any) -> bool:
        return True

    s3._foreign_bucket_allows = allows
