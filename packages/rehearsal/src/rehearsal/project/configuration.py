"""A project's rehearsal.toml.

disk_gigabytes = 10                  # limit for .rehearsal/; workspace/retention.py enforces it
account = "111111111111"             # of environment-agnostic stacks, and CDK_DEFAULT_ACCOUNT
region = "us-east-1"                 # of environment-agnostic stacks, and CDK_DEFAULT_REGION

accept = ["AWS::Service::Resource"]  # accepted without effect, as with `run --accept`

[context]                            # context values of the app, as with `cdk deploy --context key=value`
stage = "dev"

[[prepare]]                          # runs before the pipeline is deployed: secrets, parameters, stacks that it needs
command = "aws ssm put-parameter --name /orders/colour --type String --value green"

[bootstrap]                          # how accounts are bootstrapped; deploy/bootstrap.py does it
command = "npx cdk bootstrap aws://{account}/{region} --cloudformation-execution-policies ..."
files = ["policies/*.json"]          # files that the command uses: a change of one bootstraps again

[sources."Infra"]                    # a source action that does not read the project's own tree
path = "../infra"                    # a git repository, or a folder of one

[codebuild]
image = "project"                    # builds run in their project's image, or in this one, as with `run --image`
concurrent_builds = 1                # quota of each account; further builds wait in a queue, at most five times as many
queued_builds = 1                    # the size of the queue, where it is not five times concurrent_builds
prepared = ["project/environments"]  # folders of ~/.cache whose entries builds find in theirs

[[invoke]]
function = "OrdersFunctionName"      # the stack output that holds the function's name
event = "tests/events/order.json"    # the payload
qualifier = "live"                   # the alias or version to invoke; $LATEST without it
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rehearsal.errors import WrongUse

FILE = "rehearsal.toml"
QUEUE_FACTOR = 5


class Invoke(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    function: str
    event: Path
    qualifier: str = Field(default="$LATEST", min_length=1)


class Bootstrap(BaseModel):
    """The table [bootstrap]. command: runs in the project's folder for each account and region, as the root user."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: str = Field(min_length=1)
    files: tuple[str, ...] = ()

    @field_validator("command")
    @classmethod
    def _names_known_fields(cls, command: str) -> str:
        try:
            if command.format(account="1", region="2") == command.format(account="3", region="2"):
                raise ValueError("has no {account}; it is run once for each account and {region}")
        except (KeyError, IndexError) as error:
            raise ValueError(f"has {{{error.args[0]}}}; allowed are {{account}} and {{region}}") from error
        return command


class Prepare(BaseModel):
    """A command to run before the pipeline is deployed, with credentials of the pipeline's account by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: str
    account: str | None = Field(default=None, pattern=r"^\d{12}$")
    region: str | None = None


class CodeBuild(BaseModel):
    """The image of builds (empty: this machine's tools), folders of this user's cache, and the quotas of every account.

    Without `concurrent_builds` no build waits. prepared: folders below XDG_CACHE_HOME whose entries builds find too.

    Source: AWS CodeBuild user guide, "Quotas": builds in a queue, five times the quota of concurrent builds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    image: str = ""
    concurrent_builds: int | None = Field(default=None, ge=0)
    queued_builds: int | None = Field(default=None, ge=0)
    prepared: tuple[str, ...] = ()

    @field_validator("prepared")
    @classmethod
    def _is_below_the_cache(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if Path(name).is_absolute() or not {".", ".."}.isdisjoint(name.split("/")) or not name.strip("/"):
                raise ValueError(f"got {name!r}; a folder below ~/.cache is allowed, such as 'project/environments'")
        return names

    def quota(self) -> Quota | None:
        """Return the quota of builds; None where builds never wait."""
        if self.concurrent_builds is None:
            return None
        waiting = self.queued_builds if self.queued_builds is not None else QUEUE_FACTOR * self.concurrent_builds
        return Quota(self.concurrent_builds, waiting)


class Source(BaseModel):
    """The files that a source action reads; path: a git repository, or a folder in one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path


# `cdk --context` splits its argument at the first `=`.
ContextKey = Annotated[str, Field(pattern=r"^[^=]+$")]


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    bootstrap: Bootstrap | None = None
    codebuild: CodeBuild = CodeBuild()
    invoke: tuple[Invoke, ...] = ()
    disk_gigabytes: float = Field(default=10, gt=0)
    account: str = Field(default="111111111111", pattern=r"^\d{12}$")
    region: str = "us-east-1"
    prepare: tuple[Prepare, ...] = ()
    sources: Mapping[str, Source] = {}
    accept: tuple[str, ...] = ()
    context: Mapping[ContextKey, str] = {}

    @property
    def environment(self) -> tuple[str, str]:
        """The account and region of environment-agnostic stacks."""
        return self.account, self.region


@dataclass(frozen=True)
class Quota:
    """A quota of builds. running: concurrent builds. waiting: builds in the queue."""

    running: int
    waiting: int


def read_config(root_folder: Path) -> Config:
    """Read rehearsal.toml; return the defaults without it. Raises WrongUse for unknown keys and missing event files."""
    path = root_folder / FILE
    if not path.exists():
        return Config()
    try:
        config = Config.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise WrongUse(f"{FILE}: {error}") from error
    for name, source in config.sources.items():
        if not (root_folder / source.path).is_dir():
            raise WrongUse(f"{FILE}: sources.{name}: path: there is no folder {source.path} in {root_folder}")
    for invocation in config.invoke:
        if not (root_folder / invocation.event).is_file():
            raise WrongUse(
                f"{FILE}: invoke {invocation.function}: there is no file {invocation.event} in {root_folder}"
            )
    return config


def read_quota(root_folder: Path) -> Quota | None:
    """Return the current quota of builds in rehearsal.toml; None where builds never wait."""
    return read_config(root_folder).codebuild.quota()
