"""A snapshot of MiniStack's state in this process, which tests restore after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime, persistence, responses
from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict
from ministack.services import (
    apigateway,
    apigateway_v1,
    cloudformation,
    cloudwatch,
    cloudwatch_logs,
    codebuild,
    ecr,
    eventbridge,
    iam,
    kms,
    lambda_svc,
    s3,
    secretsmanager,
    sns,
    sqs,
    ssm,
    sts,
)
from ministack.services.cloudformation import changesets, engine, handlers, helpers, provisioners, stacks

MODULES = (
    *(
        app,
        iam_actions,
        iam_evaluator,
        lambda_runtime,
        persistence,
        responses,
        cloudformation,
        engine,
        handlers,
        helpers,
    ),
    *(
        apigateway,
        apigateway_v1,
        changesets,
        provisioners,
        stacks,
        cloudwatch,
        cloudwatch_logs,
        codebuild,
        ecr,
        eventbridge,
        iam,
        kms,
        lambda_svc,
        s3,
        secretsmanager,
        sns,
    ),
    *(sqs, ssm, sts),
)


def take_snapshot() -> Callable[[], None]:
    """Copy the names, tables and stores of the modules that the port uses; return the function that restores them."""
    tables = [(table, dict(table)) for module in MODULES for table in _tables(vars(module))]
    stores = [(store, store.to_dict()) for module in MODULES for store in vars(module).values() if _is_store(store)]

    def restore() -> None:
        for table, content in tables:
            table.clear()
            table.update(content)
        for store, content in stores:
            store.clear()
            store.update(type(store).from_dict(content))

    return restore


def _tables(names: dict[str, Any]) -> Iterator[dict[Any, Any]]:
    """Yield a module's names, its dictionaries and their inner dictionaries, such as each resource type's handlers."""
    yield names
    for name, value in names.items():
        if isinstance(value, dict) and not name.startswith("__"):
            yield value
            yield from (inner for inner in value.values() if isinstance(inner, dict))


def _is_store(value: object) -> bool:
    return isinstance(value, AccountScopedDict | AccountRegionScopedDict)
