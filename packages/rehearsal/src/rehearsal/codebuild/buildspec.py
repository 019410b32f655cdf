"""A buildspec, validated and parsed into frozen values.

Source: AWS CodeBuild user guide, "Build specification reference", version 0.2.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from rehearsal.codebuild import buildspec_yaml, failure_action
from rehearsal.codebuild.buildspec_yaml import EXTENSION
from rehearsal.codebuild.failure_action import OnFailure
from rehearsal.codebuild.validation_messages import describe_errors
from rehearsal.errors import RehearsalError


class InvalidBuildspec(RehearsalError):
    """The buildspec is not valid. The message names the file, the key, the value and what is allowed."""


class UnsupportedFeature(RehearsalError):
    """CodeBuild has a feature that the rehearsal does not. The message names it and what to do."""


def _text(value: object) -> object:
    """Convert an empty YAML value to an empty string."""
    return "" if value is None else value


def _texts(value: object) -> object:
    """Convert a string to a list: CDK Pipelines writes `files: "**/*"`."""
    return [value] if isinstance(value, str) else value


def _on_failure(value: object) -> object:
    return failure_action.parse(value) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_texts)]
YesNo = Annotated[bool, Field(strict=False)]
ReportFormat = Literal[
    "JUNITXML", "CUCUMBERJSON", "NUNITXML", "NUNIT3XML", "TESTNGXML", "VISUALSTUDIOTRX",
    "CLOVERXML", "COBERTURAXML", "JACOCOXML", "SIMPLECOV",
]  # fmt: skip


class Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        alias_generator=lambda name: name.strip("_").replace("_", "-"),
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty_keys(cls, value: object) -> object:
        """Ignore keys without a value."""
        return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


class Env(Section):
    shell: Literal["bash", "/bin/sh", "powershell.exe", "cmd.exe"] = "/bin/sh"
    variables: Mapping[str, Text] = {}
    parameter_store: Mapping[str, Text] = {}
    secrets_manager: Mapping[str, Text] = {}
    exported_variables: Texts = ()
    git_credential_helper: YesNo = False

    @field_validator("variables", "parameter_store", "secrets_manager")
    @classmethod
    def _not_reserved(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        reserved = [name for name in value if name.startswith("CODEBUILD_")]
        if reserved:
            raise ValueError(f"{', '.join(reserved)}: names that start with CODEBUILD_ are CodeBuild's own")
        return value


class Phase(Section):
    """A phase. Unknown keys are in `model_extra`: CodeBuild reports and ignores them."""

    model_config = ConfigDict(extra="allow")

    run_as: Text | None = None
    on_failure: Annotated[OnFailure | None, BeforeValidator(_on_failure)] = None
    commands: Texts = ()
    finally_: Texts = ()


class Install(Phase):
    runtime_versions: Mapping[str, Text] = {}


class Phases(Section):
    model_config = ConfigDict(alias_generator=None)

    install: Install = Install()
    pre_build: Phase = Phase()
    build: Phase = Phase()
    post_build: Phase = Phase()


class Report(Section):
    files: Texts
    file_format: Annotated[ReportFormat, BeforeValidator(lambda value: str(value).upper())] = "JUNITXML"
    base_directory: Text = "."
    discard_paths: YesNo = False


class Output(Section):
    """The files of one artifact; `name`, `s3_prefix` and `type` have no effect in a pipeline's build."""

    files: Texts = ()
    name: Text = ""
    base_directory: Text = "."
    discard_paths: YesNo = False
    exclude_paths: Texts = ()
    enable_symlinks: YesNo = False
    s3_prefix: Text = ""
    type: Text = ""


class Artifacts(Output):
    secondary_artifacts: Mapping[str, Output] = {}

    @model_validator(mode="after")
    def _some_files(self) -> Self:
        without = [name for name, output in self.secondary_artifacts.items() if not output.files]
        if without or not (self.files or self.secondary_artifacts):
            raise ValueError(f"`files` is required{''.join(f' in {name}' for name in without)}")
        return self


class Cache(Section):
    paths: Texts = ()
    key: Text = ""
    fallback_keys: Annotated[Texts, Field(max_length=5)] = ()
    action: Literal["restore", "save"] | None = None


class Proxy(Section):
    upload_artifacts: YesNo = False
    logs: YesNo = False


class Buildspec(Section):
    """A buildspec. notes: on values that CodeBuild may read differently. empty: declared phases without commands."""

    version: Literal["0.2"]
    run_as: Text | None = None
    env: Env = Env()
    proxy: Proxy = Proxy()
    batch: Mapping[str, object] | None = None
    phases: Phases
    reports: Annotated[Mapping[str, Report], Field(max_length=5)] = {}
    artifacts: Artifacts | None = None
    cache: Cache = Cache()
    _notes: tuple[str, ...] = PrivateAttr(default=())
    _empty: tuple[str, ...] = PrivateAttr(default=())

    def annotated(self, notes: tuple[str, ...], named: Collection[str]) -> Self:
        """Add the notes of the YAML reader, and the names of the declared phases."""
        phases = (name for name in type(self.phases).model_fields if name in named)
        self._notes, self._empty = notes, tuple(name for name in phases if not getattr(self.phases, name).commands)
        return self

    def preceded_by(self, commands: tuple[str, ...]) -> Self:
        """Return the buildspec with `commands` before those of its phase install."""
        install = self.phases.install.model_copy(update={"commands": (*commands, *self.phases.install.commands)})
        return self.model_copy(update={"phases": self.phases.model_copy(update={"install": install})})

    @property
    def unknown_keys(self) -> Mapping[str, list[str]]:
        """The keys of each phase that CodeBuild does not know."""
        phases = {name: getattr(self.phases, name) for name in type(self.phases).model_fields}
        return {name: sorted(phase.model_extra) for name, phase in phases.items() if phase.model_extra}

    @property
    def notes(self) -> tuple[str, ...]:
        return self._notes

    @property
    def empty(self) -> tuple[str, ...]:
        return self._empty


def load(declared: str, source: Path) -> Buildspec:
    """Read a project's buildspec.

    declared: a path below `source`, or the buildspec's text; empty for buildspec.yml. Raises InvalidBuildspec, and
    UnsupportedFeature for features that are not rehearsed.
    """
    text, name = read_text(declared, source)
    return parse(text, name)


def is_inline(declared: str) -> bool:
    """Return whether a project declares the text of a buildspec, not the path of a file."""
    return "\n" in declared or declared.lstrip().startswith("{")


def read_text(declared: str, source: Path) -> tuple[str, str]:
    """Return the text of a buildspec, and its name for messages; declared: as for `load`. Raises as that does."""
    if is_inline(declared):
        return declared, "the project's buildspec"
    name = declared or "buildspec.yml"
    if name.startswith("arn:"):
        raise UnsupportedFeature(f"the buildspec lies in S3 ({name}), which is not rehearsed; keep it in the source")
    path = (source / name).resolve()
    if not path.is_relative_to(source.resolve()) or not path.is_file():
        raise InvalidBuildspec(f"there is no {name} in the source; the project names it as its buildspec")
    try:
        return path.read_text(encoding="utf-8"), name
    except UnicodeDecodeError as error:
        raise InvalidBuildspec(f"{name} is not UTF-8: {error}") from error


def parse(text: str, name: str) -> Buildspec:
    """Parse the text of a buildspec. name: the file's name for messages.

    Raises InvalidBuildspec and UnsupportedFeature.
    """
    try:
        document, notes = buildspec_yaml.load(text)
    except yaml.YAMLError as error:
        raise InvalidBuildspec(f"{name} is not valid YAML: {error}") from error
    if not isinstance(document, dict):
        raise InvalidBuildspec(
            f"{name}: got {type(document).__name__}; a buildspec is a mapping with `version` and `phases`"
        )
    try:
        spec = Buildspec.model_validate({key: document[key] for key in document if not str(key).startswith(EXTENSION)})
    except ValidationError as error:
        raise InvalidBuildspec(describe_errors(error, name, Buildspec)) from error
    _refuse(spec, name)
    return spec.annotated(notes, document["phases"])


def _refuse(spec: Buildspec, name: str) -> None:
    if spec.env.shell in {"powershell.exe", "cmd.exe"}:
        raise UnsupportedFeature(
            f"{name}: env.shell: {spec.env.shell} runs on Windows; here there are bash and /bin/sh"
        )
