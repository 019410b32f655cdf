"""Lambda's functions: their records and layers, and invocations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

Config = Mapping[str, Any]

DURABLE_ENV_VARS: tuple[str, ...] = tuple(lambda_runtime.DURABLE_ENV_VARS)
HOST_PREFIX_ENV: str = lambda_runtime.HOST_PREFIX_ENV
INVOKE_DEPTH_HEADER: str = lambda_runtime.INVOKE_DEPTH_HEADER


def function_record(name: str) -> dict[str, Any]:
    """Return the record of a function of the request's account, which may be changed. Raises KeyError."""
    record: dict[str, Any] = lambda_svc._functions[name]
    return record


def function_config(name: str) -> Config | None:
    """Return the configuration of a function of the request's account and region."""
    record, config = lambda_svc._get_func_record_for_qualifier(name, None)
    return config if record is not None else None


def function_policy(arn: str) -> dict[str, Any] | None:
    """Return the resource policy of a function."""
    policy, _ = lambda_svc.function_policy_for_arn(arn) or (None, None)
    return policy


def function_region(config: Config) -> str:
    """Return the region of the function with this configuration."""
    _, region = lambda_runtime._account_region_from_function_config(config)
    return str(region)


def execution_credentials(config: Config) -> Mapping[str, str]:
    """Return the credentials of one execution environment, as environment variables."""
    credentials: Mapping[str, str] = lambda_runtime.execution_credentials(config)
    return credentials


def layer_archive(attachment: Any) -> bytes | None:
    """Return the archive of a layer that a function's configuration names."""
    archive: bytes | None = lambda_svc._resolve_layer_zip(attachment)
    return archive


def invoke_asynchronously(arn: str, event: Any) -> None:
    """Invoke a function as Lambda does for an event: with retries, then its dead-letter queue."""
    function, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if function and config:
        lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), event)


def trace_id(config: Config) -> str | None:
    """Return the trace id of the invocation that is being answered."""
    found: str | None = lambda_svc._xray_trace_id_for_invocation(config)
    return found


def durable_variables() -> Mapping[str, str]:
    """Return the environment variables of the durable execution that the invocation belongs to."""
    variables: Mapping[str, str] = lambda_svc._durable_env_overlay()
    return variables


def invocation_depth() -> int:
    """Return how many functions have called each other up to this invocation."""
    return int(lambda_svc._invoke_depth.get())
