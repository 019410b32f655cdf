"""A function's environment variables: those that AWS documents and the function's own, but none of this machine's.

Source: AWS Lambda developer guide, "Working with Lambda environment variables", defined runtime environment variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rehearsal.aws import Endpoint
from rehearsal.emulator.ministack.port import functions
from rehearsal.emulator.ministack.port.function_records import FunctionConfig

CA_VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
CERTIFICATES = "certificates.pem"  # in the runtime's folder
_SYSTEM_BUNDLES = ("/etc/pki/", "/etc/ssl/certs/")


@dataclass(frozen=True)
class FunctionPaths:
    """The folders of a function's code, layers and runtime, by the paths that the function sees."""

    task: str = "/var/task"
    opt: str = "/opt"
    runtime: str = "/var/runtime"
    lang: str = "/var/lang"


def environment_variables(
    config: FunctionConfig, paths: FunctionPaths, endpoint: Endpoint, stream: str
) -> dict[str, str]:
    """Return the variables of one execution environment; AWS's reserved ones override the function's own."""
    declared = {name: str(value) for name, value in config.get("Environment", {}).get("Variables", {}).items()}
    declared |= _certificates(declared, paths, endpoint)
    defaults = {**_defaults(paths), **_endpoint_variables(paths, endpoint)}
    return {**defaults, **declared, **_reserved(config, paths, stream)}


def _certificates(declared: Mapping[str, str], paths: FunctionPaths, endpoint: Endpoint) -> dict[str, str]:
    """Replacements for the function's variables that name Amazon Linux's CA bundle, as CDK's BucketDeployment does.

    This machine may not have that bundle, and the bundle does not contain the embedded AWS's authority.
    """
    names = (*CA_VARIABLES, "NODE_EXTRA_CA_CERTS")
    replaced = [name for name in names if declared.get(name, "").startswith(_SYSTEM_BUNDLES)]
    return dict.fromkeys(replaced, f"{paths.runtime}/{CERTIFICATES}") if endpoint.ca else {}


def _defaults(paths: FunctionPaths) -> dict[str, str]:
    roots = (paths.runtime, paths.task)
    libraries = [
        f"{paths.lang}/lib",
        "/lib64",
        "/usr/lib64",
        *(f"{root}{sub}" for root in roots for sub in ("", "/lib")),
    ]
    return {
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": ":".join([*libraries, f"{paths.opt}/lib"]),
        "PATH": f"{paths.lang}/bin:/usr/local/bin:/usr/bin/:/bin:{paths.opt}/bin",
        "PWD": paths.task,
        "TZ": ":UTC",
    }


def _endpoint_variables(paths: FunctionPaths, endpoint: Endpoint) -> dict[str, str]:
    """The variables that route AWS's host names to the embedded AWS, and trust its certificates."""
    proxies = {name: value for name, value in endpoint.host_names().items() if name.lower().endswith("_proxy")}
    return {**proxies, **dict.fromkeys(CA_VARIABLES, f"{paths.runtime}/{CERTIFICATES}")}


def _reserved(config: FunctionConfig, paths: FunctionPaths, stream: str) -> dict[str, str]:
    region = functions.function_region(config)
    credentials = functions.execution_credentials(config)
    logging = config.get("LoggingConfig") or {}
    structured = logging.get("LogFormat") == "JSON"
    level = logging.get("ApplicationLogLevel") or "INFO"
    return {
        **{name: value for name, value in credentials.items() if value},
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_FUNCTION_NAME": config["FunctionName"],
        "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if _snap_start(config) else "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "JSON" if structured else "Text",
        "AWS_LAMBDA_LOG_GROUP_NAME": logging.get("LogGroup") or f"/aws/lambda/{config['FunctionName']}",
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_REGION": region,
        "LAMBDA_RUNTIME_DIR": paths.runtime,
        "LAMBDA_TASK_ROOT": paths.task,
        "_HANDLER": config["Handler"],
        **({"AWS_LAMBDA_LOG_LEVEL": level} if structured else {}),
    }


def _snap_start(config: FunctionConfig) -> bool:
    return (config.get("SnapStart") or {}).get("OptimizationStatus") == "On"
