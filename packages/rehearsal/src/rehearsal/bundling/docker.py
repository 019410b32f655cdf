"""The commands of Docker that CDK's bundling uses; a separate program that CDK starts in place of `docker`.

Anything else is refused by name. It needs nothing but the standard library and this package.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rehearsal.bundling import container, images
from rehearsal.bundling.arguments import RunArguments, Unsupported, read_build, read_run

REFUSED = 125  # the status of `docker run` for an error of Docker itself


def main(folder: str, node: str, *words: str) -> None:
    """Run one command. folder: where images and environments are kept; node: the folder of node and npm."""
    try:
        _dispatch(Path(folder), Path(node), words)
    except (Unsupported, OSError) as error:
        print(
            f"rehearsal: docker {' '.join(words[:2])}: {error}; install Docker or podman, and it is used",
            file=sys.stderr,
        )
        sys.exit(REFUSED)


def _dispatch(folder: Path, node: Path, words: tuple[str, ...]) -> None:
    match words:
        case ("run", *rest):
            _run(folder, node, read_run(rest))
        case ("build", *rest):
            images.register(folder, read_build(rest))
        case ("image", "inspect", tag):
            sys.exit(0 if images.registered(folder, tag) else 1)
        case _:
            raise Unsupported("only `run` and `build` of bundling work without Docker")


def _run(folder: Path, node: Path, arguments: RunArguments) -> None:
    image = images.find(folder, arguments.image)
    container.execute(folder, node, image, arguments)
