"""CodeBuild's own images: their /bin/sh, and the versions of runtimes that they have.

Sources: github.com/aws/aws-codebuild-docker-images, Dockerfile and runtimes.yml of each image; AWS CodeBuild user
guide, "Available runtimes" and "Runtime versions" (Custom runtime versions).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence

from rehearsal.codebuild.runtime_versions import is_version

_IMAGE = re.compile(
    r"aws/codebuild/(?P<system>amazonlinux2?-(?P<architecture>x86_64|aarch64)-)?standard:(?P<number>\d+)"
)
# Ubuntu image -> runtime -> versions. Images that still get new versions are not in the table.
_UBUNTU: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "5": {"python": ("3.7", "3.8", "3.9"), "nodejs": ("12", "14")},
    "6": {"python": ("3.10",), "nodejs": ("16",)},
    "7": {"python": ("3.11", "3.12", "3.13"), "nodejs": ("18", "20", "22", "24")},
}
# The Python and Node.js that the images start with, where a buildspec names none.
# Source: github.com/aws/aws-codebuild-docker-images, the last `pyenv global` and `n` of each Dockerfile.
_UBUNTU_DEFAULTS = {
    "5": {"python": "3.9", "nodejs": "14"},
    "6": {"python": "3.10", "nodejs": "16"},
    "7": {"python": "3.11", "nodejs": "18"},
    "8": {"python": "3.14", "nodejs": "24"},
}
_AMAZON_DEFAULTS = {
    "x86_64": {
        "4": {"python": "3.9", "nodejs": "16"},
        "5": {"python": "3.11", "nodejs": "18"},
        "6": {"python": "3.14", "nodejs": "24"},
    },
    "aarch64": {
        "2": {"python": "3.9", "nodejs": "12"},
        "3": {"python": "3.11", "nodejs": "18"},
        "4": {"python": "3.14", "nodejs": "24"},
    },
}
# Commands of every standard image that machines may lack.
# Source: github.com/aws/aws-codebuild-docker-images, ubuntu/standard/7.0 and al/x86_64/standard/5.0, Dockerfile.
_TOOLS = (
    "ant", "composer", "curl", "docker", "dotnet", "gcc", "gem", "git", "go", "gradle", "java", "javac", "jq",
    "kubectl", "make", "mvn", "php", "rsync", "ruby", "sam", "ssh", "unzip", "wget", "yarn", "zip",
)  # fmt: skip
# Accepted by images that have them in runtimes.yml, where they only print that they are deprecated.
WITHOUT_EFFECT = ("android", "docker")


def default_version(image: str, runtime: str) -> str | None:
    """Return the version of python or nodejs that one of CodeBuild's images starts with; None for other images."""
    match = _IMAGE.match(image)
    if not match:
        return None
    defaults = _AMAZON_DEFAULTS[match["architecture"]] if match["architecture"] else _UBUNTU_DEFAULTS
    return defaults.get(match["number"], {}).get(runtime)


def shell_command(shell: str, image: str) -> tuple[str, ...]:
    """Return the command of `env.shell`: /bin/sh is dash in CodeBuild's Ubuntu images, bash in Amazon Linux images."""
    match = _IMAGE.match(image)
    if shell == "bash" or not match:
        return (shell,)
    if match["system"]:
        return ("bash", "--posix")
    return (shutil.which("dash") or shell,)


def notes(image: str, requested: Mapping[str, str], shell: str) -> Iterator[str]:
    """Yield notes on differences of the image from this machine. requested: the buildspec's runtime-versions."""
    match = _IMAGE.match(image)
    if not match:
        return
    known = {} if match["system"] else _UBUNTU.get(match["number"], {})
    for name, version in requested.items():
        if name in known and not _has(known[name], version):
            has = ", ".join(known[name])
            yield (
                f"{image} has {name} {has}: CodeBuild fails for {version}, or installs it, which takes minutes;"
                " this machine has it"
            )
    if shell == "/bin/sh" and not match["system"] and not shutil.which("dash"):
        yield f"/bin/sh of {image} is dash, which this machine has not: what only its own /bin/sh knows fails on AWS"


def may_have(image: str, name: str, version: str) -> bool:
    """Return whether an image has a version of a runtime; True where the table does not say."""
    match = _IMAGE.match(image)
    known = _UBUNTU.get(match["number"], {}) if match and not match["system"] else {}
    return name not in known or _has(known[name], version)


def _has(versions: Sequence[str], requested: str) -> bool:
    """Return whether an image has a requested version; it lists 3.13 for 3.13.1 as well."""
    return any(is_version(version, requested) or is_version(requested, version) for version in versions)


def missing_tools(image: str, path: str) -> Iterator[str]:
    """Yield the commands that the image has, and a search path of this machine does not."""
    if _IMAGE.match(image):
        yield from (tool for tool in _TOOLS if shutil.which(tool, path=path) is None)
