"""Lambda's functions: records, aliases, layers and invocations."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from ministack.core import lambda_runtime
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.ministack.port.function_records import (
    AliasProperties,
    AliasRecord,
    AliasRequest,
    FunctionConfig,
    FunctionRecord,
    PolicyRecord,
)
from rehearsal.emulator.ministack.port.requests import Answer

DURABLE_ENV_VARS: tuple[str, ...] = tuple(lambda_runtime.DURABLE_ENV_VARS)
HOST_PREFIX_ENV: str = lambda_runtime.HOST_PREFIX_ENV
INVOKE_DEPTH_HEADER: str = lambda_runtime.INVOKE_DEPTH_HEADER


def function_record(name: str) -> FunctionRecord:
    """Return the record of a function of the request's account, which may be changed. Raises KeyError."""
    record: FunctionRecord = lambda_svc._functions[name]
    return record


def function_config(name: str) -> FunctionConfig | None:
    """Return the configuration of a function of the request's account and region; None where there is none."""
    record, config = lambda_svc._get_func_record_for_qualifier(name, None)
    return config if record is not None else None


def function_policy(arn: str) -> PolicyRecord | None:
    """Return the resource policy of a function; None where it has none."""
    policy, _ = lambda_svc.function_policy_for_arn(arn) or (None, None)
    return policy


def function_region(config: FunctionConfig) -> str:
    """Return the region of the function with this configuration."""
    _, region = lambda_runtime._account_region_from_function_config(config)
    return str(region)


def execution_credentials(config: FunctionConfig) -> Mapping[str, str]:
    """Return the credentials of one execution environment, as environment variables."""
    credentials: Mapping[str, str] = lambda_runtime.execution_credentials(config)
    return credentials


def layer_archive(attachment: object) -> bytes | None:
    """Return the archive of a layer from its entry in a function's configuration; None where there is none."""
    archive: bytes | None = lambda_svc._resolve_layer_zip(attachment)
    return archive


def invoke_asynchronously(arn: str, event: object) -> None:
    """Invoke a function asynchronously: with retries, and then its dead-letter queue."""
    function, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if function and config:
        lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), event)


def trace_id(config: FunctionConfig) -> str | None:
    """Return the trace id of the current invocation."""
    id_: str | None = lambda_svc._xray_trace_id_for_invocation(config)
    return id_


def durable_variables() -> Mapping[str, str]:
    """Return the environment variables of the durable execution that the current invocation belongs to."""
    variables: Mapping[str, str] = lambda_svc._durable_env_overlay()
    return variables


def invocation_depth() -> int:
    """Return the number of nested invocations that led to the current one."""
    return int(lambda_svc._invoke_depth.get())


def function_exists(name: str) -> bool:
    """Whether the request's account and region have a function of this name."""
    return name in lambda_svc._functions


def function_arn(name: str) -> str:
    """Return the ARN of a function of the request's account and region."""
    return str(lambda_svc._func_arn(name))


def alias_record(name: str, alias: str) -> AliasRecord | None:
    """Return the record of an alias, which may be changed; None where function or alias do not exist."""
    record: AliasRecord | None = (lambda_svc._functions.get(name) or {}).get("aliases", {}).get(alias)
    return record


def version_config(name: str, version: str) -> FunctionConfig | None:
    """Return the configuration of a published version; None where function or version do not exist."""
    record = (lambda_svc._functions.get(name) or {}).get("versions", {}).get(version)
    return record["config"] if record else None


def requested_alias(
    name: str, path_qualifier: str | None, query: object, headers: Mapping[str, str]
) -> AliasRecord | None:
    """Return the alias in a request of Invoke; None where the request has none, or one that does not exist."""
    alias = lambda_svc._qualifier_from_path_or_query(path_qualifier, query) or headers.get("x-amz-qualifier")
    return alias_record(name, alias) if alias else None


def invocation_type(headers: Mapping[str, str]) -> str:
    """Return the invocation type of a request: RequestResponse, Event or DryRun."""
    return headers.get("x-amz-invocation-type") or headers.get("X-Amz-Invocation-Type") or "RequestResponse"


def arn_qualifier(arn: str) -> str:
    """Return the version or alias at the end of a function's ARN; empty where it has none."""
    return arn.split(":", 7)[7] if arn.count(":") >= 7 else ""


def template_weights(properties: AliasProperties) -> Mapping[str, float]:
    """Return version -> weight from a template's properties of an alias. Raises ValueError where they are invalid."""
    weights: Mapping[str, float] = (provisioners._lambda_alias_routing_config(properties) or {}).get(
        "AdditionalVersionWeights", {}
    )
    return weights


def in_function_scope(config: FunctionConfig, action: Callable[[], None]) -> None:
    """Call `action` in the account and region of the function with this configuration."""
    lambda_svc._run_with_function_config_scope(config, action)


def join_arn(region: str, account: str, function: str, qualifier: str = "") -> str:
    """Return the ARN of a function, or with `qualifier` of its version or alias."""
    return f"arn:aws:lambda:{region}:{account}:function:{function}" + (f":{qualifier}" if qualifier else "")


def update_alias(function: str, alias: str, change: AliasRequest) -> Answer:
    """Update an alias of the request's account, as UpdateAlias does, and return MiniStack's response."""
    answer: Answer = lambda_svc._update_alias(function, alias, dict(change))
    return answer


def invoke(arn: str, event: object) -> bool:
    """Invoke a function and wait until it has ended or failed; return False where there is no such function."""
    function, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        return False
    record = lambda_svc._execution_record_for_config(function, config)
    lambda_svc._execute_function_with_config_scope(record, event)
    return True


def rewrite_policies(rewrite: Callable[[str], str]) -> None:
    """Apply `rewrite` to the JSON text of every function's policy, in all accounts."""
    for record in lambda_svc._functions.to_dict().values():
        if (record.get("policy") or {}).get("Statement"):
            record["policy"] = json.loads(rewrite(json.dumps(record["policy"])))
