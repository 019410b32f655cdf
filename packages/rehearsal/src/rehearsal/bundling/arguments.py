"""The arguments of `docker run` and `docker build` as CDK writes them.

Source: AWS CDK, core/lib/bundling.ts (DockerImage.run and DockerImage.fromBuild).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_RUN_OPTIONS = {"--security-opt", "--network", "--platform", "-u", "-v", "--env", "-w", "--entrypoint"}
_BUILD_OPTIONS = {"-t", "-f", "--platform", "--network", "--build-arg", "--cache-from", "--cache-to"}
_FLAGS = {"--rm", "--no-cache"}


class Unsupported(Exception):
    """A command that only Docker can run; the message names it."""


@dataclass(frozen=True)
class RunArguments:
    """volumes: folders of this machine by their place in the container."""

    image: str
    command: tuple[str, ...]
    volumes: Mapping[str, str]
    variables: Mapping[str, str]
    folder: str = "/"
    platform: str = ""


@dataclass(frozen=True)
class BuildArguments:
    """context: the folder; file: its Dockerfile. arguments: by name."""

    tag: str
    context: str
    file: str
    arguments: Mapping[str, str]


def read_run(words: Sequence[str]) -> RunArguments:
    """The arguments after `run`. Raises Unsupported."""
    options, rest = _options(words, _RUN_OPTIONS)
    if not rest:
        raise Unsupported("no image is named")
    values = dict(options)
    entry = [values["--entrypoint"]] if "--entrypoint" in values else []
    command = (*entry, *rest[1:])
    if not command:
        raise Unsupported(f"{rest[0]}: without a command the image's own runs, which is known to Docker only")
    volumes = [value.split(":") for name, value in options if name == "-v"]
    return RunArguments(
        image=rest[0],
        command=command,
        volumes={parts[1]: parts[0] for parts in volumes},
        variables=dict(value.split("=", 1) for name, value in options if name == "--env"),
        folder=values.get("-w", "/"),
        platform=values.get("--platform", ""),
    )


def read_build(words: Sequence[str]) -> BuildArguments:
    """The arguments after `build`. Raises Unsupported."""
    options, rest = _options(words, _BUILD_OPTIONS)
    values = dict(options)
    if len(rest) != 1 or "-t" not in values:
        raise Unsupported(f"got {' '.join(words)}; one folder and its tag are allowed")
    return BuildArguments(
        tag=values["-t"],
        context=rest[0],
        file=values.get("-f", f"{rest[0]}/Dockerfile"),
        arguments=dict(value.split("=", 1) for name, value in options if name == "--build-arg"),
    )


def _options(words: Sequence[str], known: set[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Options with their values in their order, and what follows them."""
    options, rest = [], iter(words)
    for word in rest:
        if word in _FLAGS:
            continue
        if word in known:
            options.append((word, _value(word, rest)))
        elif word.startswith("-"):
            raise Unsupported(f"the option {word} is known to Docker only")
        else:
            return options, [word, *rest]
    return options, []


def _value(option: str, rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None:
        raise Unsupported(f"{option} has no value")
    return value
