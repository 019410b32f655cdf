"""The pipeline's first deployment, by hand as it were; every later change arrives by push alone."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from botocore.exceptions import ClientError

from rehearsal import assembly, invocations, machine
from rehearsal.aws import Endpoint, root
from rehearsal.bootstrap import Bootstrapper
from rehearsal.cdk import Cdk
from rehearsal.engine.definition import Pipeline, PipelineKey, parse
from rehearsal.errors import WrongUse
from rehearsal.git import Repository
from rehearsal.processes import CommandFailed
from rehearsal.workspace import Workspace, write_json

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Deployment:
    """The pipeline that is deployed in the embedded AWS."""

    endpoint: Endpoint
    key: PipelineKey

    def api(self) -> Any:
        return self.endpoint.client("codepipeline", root(self.key.account), self.key.region)

    def pipeline(self) -> Pipeline:
        """The definition as it is now."""
        return parse(self.api().get_pipeline(name=self.key.name)["pipeline"])

    def branch(self) -> str:
        """The branch that starts the pipeline."""
        for action in self.pipeline().stages[0].actions:
            branch = action.configuration.get("BranchName") or action.configuration.get("Branch")
            if branch:
                return branch
        raise WrongUse(f"no source action of {self.key.name} names a branch")


def ensure(
    workspace: Workspace, endpoint: Endpoint, repository: Repository, tell: Tell, stop: threading.Event
) -> Deployment:
    """The deployed pipeline; where there is none, bootstrap every account and deploy it from HEAD."""
    deployed = find(workspace, endpoint)
    if deployed is None:
        return _deploy(workspace, endpoint, repository, tell, stop)
    _bootstrapper(workspace, deployed, tell, stop).reach([(deployed.key.account, deployed.key.region)])
    return deployed


def find(workspace: Workspace, endpoint: Endpoint) -> Deployment | None:
    """The deployed pipeline, or None before the first deployment (or after the embedded AWS lost its state)."""
    path = workspace.aws / "pipeline.json"
    if not path.exists():
        return None
    deployment = Deployment(endpoint, PipelineKey(**json.loads(path.read_text())))
    try:
        deployment.api().get_pipeline(name=deployment.key.name)
    except ClientError:
        return None
    return deployment


def _deploy(
    workspace: Workspace, endpoint: Endpoint, repository: Repository, tell: Tell, stop: threading.Event
) -> Deployment:
    folder = workspace.home / "deploy"
    shutil.rmtree(folder, ignore_errors=True)
    cdk = Cdk(workspace.root, endpoint, workspace.logs, stop)
    tell(f"no pipeline is deployed yet: synthesizing {repository.head[:8]}, as a person would by hand")
    repository.export(repository.head, folder / "source")
    try:
        cdk.synth(folder / "source", folder / "cdk.out")
    except CommandFailed as error:
        raise WrongUse(
            f"HEAD ({repository.head[:8]}) does not synthesize, and only HEAD is deployed: {error}"
        ) from error
    cloud = assembly.read(folder / "cdk.out")
    check_architecture(cloud)
    stack = cloud.pipeline
    Bootstrapper(workspace, endpoint, cdk, stack.account, tell).reach(cloud.environments)
    tell(f"deploying {stack.name} to {stack.account}/{stack.region}")
    cdk.deploy(folder, cloud.folder, stack.id, stack.account, stack.region)
    api = endpoint.client("codepipeline", root(stack.account), stack.region)
    names = [each["name"] for each in api.list_pipelines()["pipelines"]]
    if len(names) != 1:
        raise WrongUse(f"{stack.name} should have made one pipeline; there are: {', '.join(names) or 'none'}")
    key = PipelineKey(stack.account, stack.region, names[0])
    write_json(workspace.aws / "pipeline.json", asdict(key))
    return Deployment(endpoint, key)


def reach(workspace: Workspace, deployed: Deployment, tell: Tell, stop: threading.Event) -> None:
    """Bootstrap the accounts and regions that the pipeline deploys to now and did not before, as a person would."""
    pipeline, key = deployed.pipeline(), deployed.key
    wanted = {(stack.account, stack.region): None for stack in invocations.stacks(pipeline, key.region)}
    _bootstrapper(workspace, deployed, tell, stop).reach(list(wanted))


def _bootstrapper(workspace: Workspace, deployed: Deployment, tell: Tell, stop: threading.Event) -> Bootstrapper:
    cdk = Cdk(workspace.root, deployed.endpoint, workspace.logs, stop)
    return Bootstrapper(workspace, deployed.endpoint, cdk, deployed.key.account, tell)


def check_architecture(cloud: assembly.Assembly) -> None:
    """Raise WrongUse where a function could not run on this machine."""
    mine = machine.architecture()
    others = sorted(cloud.architectures - {mine})
    if others:
        raise WrongUse(
            f"the functions are for {', '.join(others)}, and this machine is {mine}, so they cannot run here: set "
            f"`architecture` in pyproject.toml, [tool.layers], to {mine} (allowed: x86_64, arm64), or rehearse on a "
            f"machine of the other kind"
        )
