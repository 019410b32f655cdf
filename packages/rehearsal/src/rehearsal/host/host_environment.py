"""The variables of this machine that processes of a rehearsal inherit."""

from __future__ import annotations

import os
import platform
from collections.abc import MutableMapping

from rehearsal.errors import WrongUse

# What a process needs to reach package registries from behind a proxy, and to trust it.
_NETWORK = ("proxy", "ssl_cert", "ca_bundle", "cert", "ca_certs", "ssl_cainfo")
# Instead of the user's own files, which the real AWS is in.
NO_AWS_FILES = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
LOG_LEVEL = "REHEARSAL_LOG_LEVEL"  # of the log of the embedded AWS; --log-level sets it
_BASICS = ("PATH", "LANG", "LC_ALL", "TZ")


def clean_environment() -> dict[str, str]:
    """A clean environment: the search path, the locale, and the way to the network; nothing else of the user's."""
    kept = {name: value for name, value in os.environ.items() if name in _BASICS or network_setting(name)}
    return {"PATH": os.defpath, **kept}


def network_setting(name: str) -> bool:
    """Whether a variable says how to reach the network: a proxy, or whose certificates to trust.

    Those of AWS's tools say how to reach AWS, and MiniStack's how it is reached itself.
    """
    lowered = name.lower()
    return not lowered.startswith(("aws_", "ministack_")) and lowered.endswith(
        (*_NETWORK, "ssl_cert_file", "ssl_cert_dir", "extra_ca_certs")
    )


def architecture() -> str:
    """This machine's architecture, by Lambda's names. Raises WrongUse where Lambda has no such architecture."""
    names = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
    machine = platform.machine().lower()
    if platform.system() != "Linux" or machine not in names:
        raise WrongUse(
            f"rehearsals run on Linux, x86-64 or arm64, because layers hold Linux wheels; this is "
            f"{platform.system()} {machine}: use WSL2 or the devcontainer"
        )
    return names[machine]


def remove_aws_settings(environ: MutableMapping[str, str]) -> None:
    """Take every AWS setting out of `environ`: the real world's profiles, keys and endpoints have no place here."""
    for name in [name for name in environ if name.startswith("AWS_")]:
        if name != "AWS_CA_BUNDLE":
            del environ[name]
    environ.update(NO_AWS_FILES)
