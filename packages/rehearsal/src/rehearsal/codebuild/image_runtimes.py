"""The runtimes of CodeBuild's own images, each of which has a file with the commands that select a version.

Source: github.com/aws/aws-codebuild-docker-images, runtimes.yml of each image, and its Dockerfile, which copies it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from rehearsal.codebuild import buildspec_yaml
from rehearsal.codebuild.images import WITHOUT_EFFECT
from rehearsal.codebuild.runtime_versions import is_version, version_numbers
from rehearsal.codebuild.runtimes import RuntimeNotFound

FILE = "/codebuild/image/config/runtimes.yml"


class _Version(BaseModel):
    commands: tuple[str, ...] = ()


class _Runtime(BaseModel):
    versions: Mapping[str, _Version]


class _File(BaseModel):
    runtimes: Mapping[str, _Runtime]


def select_versions(text: str, requested: Mapping[str, str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield each requested runtime with its version in the image, and the commands that select it.

    text: the content of FILE. requested: the buildspec's runtime-versions. Raises RuntimeNotFound.
    """
    runtimes = _File.model_validate(buildspec_yaml.load(text)[0]).runtimes
    for name, version in requested.items():
        if name in runtimes:
            chosen = _choose(name, version, runtimes[name].versions)
            yield name, chosen, runtimes[name].versions[chosen].commands
        elif name not in WITHOUT_EFFECT:
            raise RuntimeNotFound(f"Unknown runtime named {name}. This build image has: {', '.join(runtimes)}")


def _choose(name: str, requested: str, versions: Mapping[str, _Version]) -> str:
    matching = [version for version in versions if is_version(version, requested)]
    if not matching:
        raise RuntimeNotFound(
            f"Unknown runtime version named '{requested}' of {name}. This build image has the following versions:"
            f" {', '.join(versions)}"
        )
    return max(matching, key=version_numbers)
