"""CodeBuild's own images: their /bin/sh, and the versions of runtimes that they have.

Sources: github.com/aws/aws-codebuild-docker-images, Dockerfile and runtimes.yml of each image; AWS CodeBuild user
guide, "Available runtimes" and "Runtime versions" (Custom runtime versions).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping

_IMAGE = re.compile(
    r"aws/codebuild/(?P<system>amazonlinux2?-(?P<architecture>x86_64|aarch64)-)?standard:(?P<number>\d+)"
)
# Without the images that get new versions still, as far as those are newer: they are not in the table.
_UBUNTU: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "5": {"python": ("3.7", "3.8", "3.9"), "nodejs": ("12", "14")},
    "6": {"python": ("3.10",), "nodejs": ("16",)},
    "7": {"python": ("3.11", "3.12", "3.13"), "nodejs": ("18", "20", "22", "24")},
}
# The Python that the images start with, where a buildspec names none.
# Source: github.com/aws/aws-codebuild-docker-images, `pyenv global` at the end of each Dockerfile.
_UBUNTU_PYTHON = {"5": "3.9", "6": "3.10", "7": "3.11", "8": "3.14"}
_AMAZON_PYTHON = {
    "x86_64": {"4": "3.9", "5": "3.11", "6": "3.14"},
    "aarch64": {"2": "3.9", "3": "3.11", "4": "3.14"},
}
# Accepted by images that have them in runtimes.yml, where they only print that they are deprecated.
WITHOUT_EFFECT = ("android", "docker")


def image_python_version(image: str) -> str | None:
    """The minor version, such as 3.11, that one of CodeBuild's images starts with; None for other images."""
    found = _IMAGE.match(image)
    if not found:
        return None
    architecture, number = found["architecture"], found["number"]
    return (_AMAZON_PYTHON[architecture] if architecture else _UBUNTU_PYTHON).get(number)


def shell_command(shell: str, image: str) -> tuple[str, ...]:
    """The program of `env.shell`: /bin/sh is dash in CodeBuild's Ubuntu images, and bash in those of Amazon Linux."""
    found = _IMAGE.match(image)
    if shell == "bash" or not found:
        return (shell,)
    if found["system"]:
        return ("bash", "--posix")
    return (shutil.which("dash") or shell,)


def notes(image: str, wanted: Mapping[str, str], shell: str) -> Iterator[str]:
    """How the image differs from this machine, for a buildspec that wants these runtimes and this shell."""
    found = _IMAGE.match(image)
    if not found:
        return
    known = {} if found["system"] else _UBUNTU.get(found["number"], {})
    for name, version in wanted.items():
        if name in known and not any(_is_version(version, each) for each in known[name]):
            has = ", ".join(known[name])
            yield (
                f"{image} has {name} {has}: CodeBuild fails for {version}, or installs it, which takes minutes;"
                " this machine has it"
            )
    if shell == "/bin/sh" and not found["system"] and not shutil.which("dash"):
        yield f"/bin/sh of {image} is dash, which this machine has not: what only its own /bin/sh knows fails on AWS"


def may_have(image: str, name: str, version: str) -> bool:
    """Whether an image has a version of a runtime, as far as is known of it."""
    found = _IMAGE.match(image)
    known = _UBUNTU.get(found["number"], {}) if found and not found["system"] else {}
    return name not in known or any(_is_version(version, one) for one in known[name])


def _is_version(wanted: str, version: str) -> bool:
    """`3.x`, `latest` and `3.13.1` fit 3.13."""
    parts, numbers = wanted.removesuffix(".x").split("."), version.split(".")
    return wanted == "latest" or all(a == b for a, b in zip(parts, numbers, strict=False))
