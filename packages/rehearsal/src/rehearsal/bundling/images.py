"""The images that CDK bundles in: Lambda's build images, those of Python and Node, and what CDK builds on them.

Sources: AWS CDK, aws-lambda/lib/runtime.ts (bundlingImage), the Dockerfiles of aws-lambda-nodejs and
aws-lambda-python-alpha.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.bundling.arguments import BuildArguments, Unsupported

_IMAGE = re.compile(
    r"(?:public\.ecr\.aws/sam/build-|public\.ecr\.aws/lambda/|amazon/aws-sam-cli-build-image-|lambci/lambda:build-"
    r"|(?:public\.ecr\.aws/docker/library/|docker\.io/library/)?)"
    r"(?P<runtime>python|nodejs|node):?(?P<version>\d+(?:\.\d+)?)(?:\.x)?(?:[.:-].*)?"
)
# How CDK's own Dockerfiles begin: the image of the function's runtime is an argument.
_CDKS_OWN = re.compile(r"^ARG IMAGE=public\.ecr\.aws/sam/build-", re.MULTILINE)
_ARGUMENT = re.compile(r"^ARG (\w+)=(\S+)", re.MULTILINE)
_INSTALLED = re.compile(r"(?:npm install --global|pip install)((?: +[^\s&\\]+)+)")


@dataclass(frozen=True)
class Image:
    """name: as it was asked for. runtime: python or nodejs. tools: the packages that its Dockerfile installs."""

    name: str
    runtime: str
    version: str
    tools: tuple[str, ...] = ()


def find(folder: Path, name: str) -> Image:
    """Return the image of a name or a tag. Raises Unsupported where it is not known."""
    record = _record(folder, name)
    if record.exists():
        built = json.loads(record.read_text())
        return _known(built["base"], tuple(built["tools"]))
    return _known(name)


def register(folder: Path, build: BuildArguments) -> None:
    """Note what an image that CDK builds for its own bundling is. Raises Unsupported for other Dockerfiles."""
    text = Path(build.file).read_text(encoding="utf-8")
    if not _CDKS_OWN.search(text):
        raise Unsupported(f"{build.file} is not one of CDK's own Dockerfiles for bundling")
    arguments = {**dict(_ARGUMENT.findall(text)), **build.arguments}
    image = _known(arguments["IMAGE"], tuple(_tools(text, arguments)))
    record = _record(folder, build.tag)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps({"base": image.name, "tools": image.tools}))


def registered(folder: Path, tag: str) -> bool:
    """Whether an image of this tag was built."""
    return _record(folder, tag).exists()


def _tools(dockerfile: str, arguments: Mapping[str, str]) -> Iterator[str]:
    for words in _INSTALLED.findall(dockerfile):
        for word in words.split():
            if not word.startswith("-") and word != "pip":
                yield re.sub(r"\$\{?(\w+)\}?", lambda match: arguments.get(match[1], ""), word)


def _known(name: str, tools: tuple[str, ...] = ()) -> Image:
    match = _IMAGE.fullmatch(name)
    if not match:
        raise Unsupported(
            f"the image {name} is not known; without Docker, Lambda's build images and those of Python and Node are"
        )
    runtime = "python" if match["runtime"] == "python" else "nodejs"
    return Image(name, runtime, match["version"], tools)


def _record(folder: Path, tag: str) -> Path:
    return folder / "images" / f"{hashlib.sha256(tag.encode()).hexdigest()[:16]}.json"
