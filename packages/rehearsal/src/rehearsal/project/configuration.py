"""A project's rehearsal.toml, and the invocations of deployed functions that it lists.

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

import os
import re
import tomllib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rehearsal.aws import Endpoint, root
from rehearsal.engine.model.definition import Action, Pipeline
from rehearsal.errors import WrongUse
from rehearsal.project.cloud_assembly import QUALIFIER

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

FILE = "rehearsal.toml"
QUEUE_FACTOR = 5
MAX_CONCURRENT_CALLS = os.cpu_count() or 1


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


@dataclass(frozen=True)
class Answer:
    """The response of a function. ok: False where it raised an error or could not be invoked."""

    environment: str
    account: str
    function: str
    ok: bool
    text: str


@dataclass(frozen=True)
class DeployedStack:
    """A stack that the pipeline deploys. environment: the CDK stage's name. qualifier: of the bootstrap stack."""

    environment: str
    account: str
    region: str
    name: str
    qualifier: str = QUALIFIER


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


def list_deployed_stacks(pipeline: Pipeline, region: str) -> list[DeployedStack]:
    """Return the stacks of all CloudFormation actions, without duplicates, in the order of the definition."""
    stacks = {
        DeployedStack(
            _environment(stage.name, action.name),
            _account(action),
            action.region or region,
            action.configuration["StackName"],
            _qualifier(action),
        ): None
        for stage in pipeline.stages
        for action in stage.actions
        if action.type.provider == "CloudFormation" and action.role_arn
    }
    return list(stacks)


def _environment(stage: str, action: str) -> str:
    """The CDK stage's name. CDK Pipelines names an action `Stage.Stack.Deploy` in a wave, else `Stack.Deploy`."""
    first, *rest = action.split(".")
    return first if len(rest) > 1 else stage


def invoke_functions(
    config: Config, root_folder: Path, endpoint: Endpoint, deployed: list[DeployedStack]
) -> list[Answer]:
    """Invoke every configured function in every stack that has its output, in parallel; return responses in order."""
    with ThreadPoolExecutor(MAX_CONCURRENT_CALLS) as pool:
        described = pool.map(lambda stack: _outputs(endpoint, stack), deployed)
        calls = [
            (stack, outputs[invocation.function], invocation.qualifier, (root_folder / invocation.event).read_bytes())
            for stack, outputs in zip(deployed, described, strict=True)
            for invocation in config.invoke
            if invocation.function in outputs
        ]
        return list(pool.map(lambda call: _invoke_function(endpoint, *call), calls))


def _invoke_function(endpoint: Endpoint, stack: DeployedStack, function: str, qualifier: str, event: bytes) -> Answer:
    api = endpoint.client("lambda", root(stack.account), stack.region)
    try:
        response = api.invoke(FunctionName=function, Qualifier=qualifier, Payload=event)
        text, ok = response["Payload"].read().decode(), "FunctionError" not in response
    except ClientError as error:
        text, ok = str(error), False
    return Answer(stack.environment, stack.account, function, ok, text)


def _outputs(endpoint: Endpoint, stack: DeployedStack) -> dict[str, str]:
    api: CloudFormationClient = endpoint.client("cloudformation", root(stack.account), stack.region)
    described = api.describe_stacks(StackName=stack.name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def _account(action: Action) -> str:
    return (action.role_arn or "").split(":")[4]


def _qualifier(action: Action) -> str:
    """The qualifier in the name of a bootstrap role, `cdk-<qualifier>-deploy-role-<account>-<region>`."""
    match = re.search(r":role/cdk-([^/]+)-deploy-role-", action.role_arn or "")
    return match[1] if match else QUALIFIER
