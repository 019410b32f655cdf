"""An account of the embedded AWS, with projects, buckets and artifacts."""

from __future__ import annotations

import contextlib
import json
import uuid
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rehearsal.actions.action_builds import BuildServices
from rehearsal.actions.codebuild import RunBuild
from rehearsal.aws import Endpoint, root
from rehearsal.codebuild.build_queue import BuildQueue
from rehearsal.emulator.codebuild.build_store import MinistackBuilds
from rehearsal.engine.action_api import Artifact, Outcome, PendingApproval, Task
from rehearsal.engine.endpoint import Credentials
from rehearsal.engine.model.definition import Action, ActionType, ArtifactStore, PipelineKey
from rehearsal.host.cancellation import Cancellation
from rehearsal.project.remotes import Remotes
from tests.conftest import Embedded

ACCOUNT, REGION, BUCKET = "111111111111", "eu-west-1", "artifacts-of-tests"
STORE = ArtifactStore(BUCKET, None)


@dataclass
class Account:
    """An account of the embedded AWS."""

    endpoint: Endpoint
    folder: Path
    remote: Path
    notes: list[str] = field(default_factory=list)
    stop: Cancellation = field(default_factory=Cancellation)
    builds: MinistackBuilds = field(init=False)

    def __post_init__(self) -> None:
        self.builds = MinistackBuilds(self.folder)

    def client(self, service: str) -> Any:
        return self.endpoint.client(service, root(ACCOUNT), REGION)

    def project(self, buildspec: str, **properties: Any) -> str:
        """Deploy a project by CloudFormation, as pipelines do, and return its name."""
        name = f"project-{uuid.uuid4().hex[:8]}"
        environment = {
            "Type": "LINUX_CONTAINER",
            "ComputeType": "BUILD_GENERAL1_SMALL",
            "Image": "aws/codebuild/standard:7.0",
        }
        project = {
            "Name": name,
            "ServiceRole": f"arn:aws:iam::{ACCOUNT}:role/build",
            "Source": {"Type": "CODEPIPELINE", "BuildSpec": buildspec},
            "Artifacts": {"Type": "CODEPIPELINE"},
            **properties,
        }
        project["Environment"] = {**environment, **properties.get("Environment", {})}
        template = {"Resources": {"Project": {"Type": "AWS::CodeBuild::Project", "Properties": project}}}
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
        return name

    def role(self) -> None:
        """Create the projects' role, which CodeBuild may assume."""
        iam = self.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName="build", AssumeRolePolicyDocument=document)
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
        iam.put_role_policy(RoleName="build", PolicyName="all", PolicyDocument=policy)

    def bucket(self) -> str:
        """Create a versioned bucket and return its name."""
        name, s3 = f"bucket-{uuid.uuid4().hex[:8]}", self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def source(self, name: str, **files: str) -> Artifact:
        """Upload files as an artifact."""
        zip_file = self.folder / f"{uuid.uuid4().hex}.zip"
        with zipfile.ZipFile(zip_file, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
        key = f"pipeline/{name}/{zip_file.name}"
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=zip_file.read_bytes())
        return Artifact(STORE, key)

    def run(self, configuration: dict[str, str], inputs: dict[str, Artifact], outputs: tuple[str, ...] = ()) -> Outcome:
        """Run the action as the engine does."""
        return self.runner().run(self.task(configuration, inputs, outputs))

    def runner(self) -> RunBuild:
        return RunBuild(self.services())

    def services(self) -> BuildServices:
        caches, work = self.folder / "caches", self.folder / "work"
        return BuildServices(caches, self.builds, self.remotes, work, BuildQueue(), lambda: "")

    @property
    def remotes(self) -> Remotes:
        return Remotes(self.remote, self.folder / "none")

    def task(self, configuration: dict[str, str], inputs: dict[str, Artifact], outputs: tuple[str, ...] = ()) -> Task:
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        action = Action(
            name="Build",
            type=ActionType("Build", "CodeBuild"),
            run_order=1,
            configuration=configuration,
            inputs=tuple(inputs),
            outputs=outputs,
            role_arn=None,
            region=None,
            namespace=None,
        )

        def assume(
            role_arn: str, service: str, session_name: str, *, through: str = "", region: str = ""
        ) -> Credentials:
            assert (role_arn, service) == (f"arn:aws:iam::{ACCOUNT}:role/build", "codebuild.amazonaws.com")
            return root(ACCOUNT)

        return Task(
            pipeline=PipelineKey(ACCOUNT, REGION, "tiny"),
            execution_id=str(uuid.uuid4()),
            stage="Build",
            action=action,
            role_arn=f"arn:aws:iam::{ACCOUNT}:role/pipeline",
            artifacts=inputs,
            stores={REGION: STORE}.__getitem__,
            endpoint=self.endpoint,
            assume=assume,
            folder=folder,
            shared=self.folder / "shared",
            log=folder / "action.log",
            stop=self.stop,
            note=self.notes.append,
            approval=PendingApproval("", 3600.0, _reject_approval, lambda: None, lambda: None),
        )


def _reject_approval(about: str) -> None:
    raise AssertionError(f"a build asks for no approval, but got {about}")


@pytest.fixture(scope="session")
def _artifacts(enforced: Embedded) -> Embedded:
    """The embedded AWS with the bucket of artifacts."""
    location = {"LocationConstraint": REGION}
    enforced.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    return enforced


@pytest.fixture
def account(_artifacts: Embedded, tmp_path: Path) -> Account:
    return Account(_artifacts.endpoint, tmp_path, _artifacts.workspace.remote)
