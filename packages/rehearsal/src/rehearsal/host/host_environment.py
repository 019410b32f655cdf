"""The variables of this machine that processes of a rehearsal inherit."""

from __future__ import annotations

import os
import platform
from collections.abc import MutableMapping

from rehearsal.errors import WrongUse

# Endings of the names of variables that configure a proxy, or the certificates to trust.
_NETWORK = ("proxy", "ssl_cert", "ca_bundle", "cert", "ca_certs", "ssl_cainfo")
# Replace the user's own AWS files, which hold profiles and keys of real accounts.
NO_AWS_FILES = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
LOG_LEVEL = "REHEARSAL_LOG_LEVEL"  # level of the embedded AWS's log; --log-level sets it
_BASICS = ("PATH", "LANG", "LC_ALL", "TZ")


def clean_environment() -> dict[str, str]:
    """Return the user's search path, locale, time zone, proxy and certificate variables, and nothing else."""
    allowed = {name: value for name, value in os.environ.items() if name in _BASICS or network_setting(name)}
    return {"PATH": os.defpath, **allowed}


def network_setting(name: str) -> bool:
    """Return whether a variable configures a proxy or the certificates to trust.

    Variables of AWS's tools and of MiniStack do not count: they configure how AWS or MiniStack is reached.
    """
    lowered = name.lower()
    return not lowered.startswith(("aws_", "ministack_")) and lowered.endswith(
        (*_NETWORK, "ssl_cert_file", "ssl_cert_dir", "extra_ca_certs")
    )


def architecture() -> str:
    """Return this machine's architecture by Lambda's names, x86_64 or arm64. Raises WrongUse on other machines."""
    names = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
    machine = platform.machine().lower()
    if platform.system() != "Linux" or machine not in names:
        raise WrongUse(
            f"rehearsals run on Linux, x86-64 or arm64, because layers hold Linux wheels; this is "
            f"{platform.system()} {machine}: use WSL2 or the devcontainer"
        )
    return names[machine]


def remove_aws_settings(environ: MutableMapping[str, str]) -> None:
    """Remove every AWS_* variable from `environ` except AWS_CA_BUNDLE, so no command reaches a real account."""
    for name in [name for name in environ if name.startswith("AWS_")]:
        if name != "AWS_CA_BUNDLE":
            del environ[name]
    environ.update(NO_AWS_FILES)
