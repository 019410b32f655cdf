"""A pipeline in the embedded AWS with IAM, and roles that have only the console's printed policy."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.aws import Endpoint, root

from tests.embedded_aws import Json, action, create_role, create_source
from tests.root import ROOT

JUNIT = '<testsuite name="unit"><testcase name="test_tax"><failure message="1 != 2"/></testcase></testsuite>'
BUILDSPEC = {
    "version": "0.2",
    "phases": {"build": {"commands": ["echo built", f"echo '{JUNIT}' > junit.xml", "cat changes.md"]}},
    "reports": {"unit": {"files": ["junit.xml"]}},
    "artifacts": {"files": ["changes.md"]},
}
CODE = "def handler(event, context):\n    return {'sum': sum(event)}\n"


@dataclass(frozen=True)
class Deployment:
    """A pipeline that waits for an approval, and the policies of its account and of an environment's account."""

    endpoint: Endpoint
    name: str
    region: str
    policies: dict[str, Json]
    stage: str
    config: dict[str, str]

    @property
    def account(self) -> str:
        return next(iter(self.policies))

    @property
    def environment(self) -> str:
        return list(self.policies)[1]

    def client(self, service: str, account: str = "") -> Any:
        """Return a client of an account's root, for requests that the console does not send."""
        return self.endpoint.client(service, root(account or self.account), self.region)

    def allow(self, *, without: str = "") -> None:
        """Give the console's roles the printed policies, without one action."""
        for account, policy in self.policies.items():
            statements = [
                {**statement, "Action": [action for action in statement["Action"] if action != without]}
                for statement in policy["Statement"]
            ]
            document = {**policy, "Statement": [statement for statement in statements if statement["Action"]]}
            iam = self.client("iam", account)
            iam.put_role_policy(RoleName="console", PolicyName="console", PolicyDocument=json.dumps(document))


def read_policies() -> dict[str, Json]:
    """Return the policies that the command prints, for the pipeline's account and for one environment's."""
    command = [str(Path(sys.executable).with_name("delivery")), "access", "console"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return dict(list(json.loads(printed).items())[:2])


def deploy_pipeline(to: Deployment) -> None:
    """Deploy a pipeline with a source, a build with a report, an approval, and a deploy action."""
    bucket, key = f"{to.name}-artifactsbucket1", to.client("kms").create_key()["KeyMetadata"]["Arn"]
    create_source(to.client("s3"), bucket, to.region, "dev")
    for name in ("codepipeline", "codebuild"):
        create_role(to.client("iam"), name, {"Service": f"{name}.amazonaws.com"}, "*")
    create_role(to.client("iam", to.environment), "deploy", {"AWS": f"arn:aws:iam::{to.account}:root"}, "*")
    project = f"{to.name}-synth"
    to.client("logs").create_log_group(logGroupName=f"{to.name}-builds")
    template = {"Type": "AWS::CodeBuild::Project", "Properties": project_of(to, project)}
    cloudformation = to.client("cloudformation")
    cloudformation.create_stack(StackName="builds", TemplateBody=json.dumps({"Resources": {"Synth": template}}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="builds", WaiterConfig={"Delay": 0.1})
    to.client("codepipeline").create_pipeline(pipeline=definition(to, bucket, key, project))


def project_of(to: Deployment, name: str) -> Json:
    """Return a build project whose log group belongs to the pipeline."""
    image = {"Type": "LINUX_CONTAINER", "ComputeType": "BUILD_GENERAL1_SMALL", "Image": "aws/codebuild/standard:7.0"}
    return {
        "Name": name,
        "ServiceRole": f"arn:aws:iam::{to.account}:role/codebuild",
        "Source": {"Type": "CODEPIPELINE", "BuildSpec": json.dumps(BUILDSPEC)},
        "Artifacts": {"Type": "CODEPIPELINE"},
        "Environment": image,
        "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": f"{to.name}-builds"}},
    }


def definition(to: Deployment, bucket: str, key: str, project: str) -> Json:
    """Return the definition of the pipeline."""
    source = action("Source", "S3", "Repo", S3Bucket=bucket, S3ObjectKey="source.zip", PollForSourceChanges="false")
    build = action("Build", "CodeBuild", "Synth", ProjectName=project)
    deploy = action("Deploy", "CloudFormation", "Deploy", StackName=f"{to.stage}-Shop", ActionMode="CREATE_UPDATE")
    role = f"arn:aws:iam::{to.environment}:role/deploy"
    deploy["configuration"] |= {"RoleArn": role, "TemplatePath": "Changes::t.json"}
    deploy |= {"roleArn": role, "inputArtifacts": [{"name": "Changes"}]}
    return {
        "name": to.name,
        "roleArn": f"arn:aws:iam::{to.account}:role/codepipeline",
        "artifactStore": {"type": "S3", "location": bucket, "encryptionKey": {"id": key, "type": "KMS"}},
        "pipelineType": "V2",
        "executionMode": "QUEUED",
        "stages": [
            {"name": "Source", "actions": [{**source, "outputArtifacts": [{"name": "Code"}]}]},
            {
                "name": "Build",
                "actions": [{**build, "inputArtifacts": [{"name": "Code"}], "outputArtifacts": [{"name": "Changes"}]}],
            },
            {"name": "Gate", "actions": [action("Approval", "Manual", "Approve")]},
            {"name": to.stage, "actions": [deploy]},
        ],
    }


def deploy_function(to: Deployment) -> None:
    """Deploy a function, a version and an alias to the environment's account, and invoke the function."""
    create_role(to.client("iam", to.environment), "function", {"Service": "lambda.amazonaws.com"}, "logs:*")
    name = f"{to.stage}-Shop-Basket"
    properties = {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": f"arn:aws:iam::{to.environment}:role/function",
        "Code": {"ZipFile": CODE},
    }
    alias = {"FunctionName": {"Ref": "F"}, "FunctionVersion": {"Fn::GetAtt": ["V", "Version"]}, "Name": "live"}
    resources = {
        "F": {"Type": "AWS::Lambda::Function", "Properties": properties},
        "V": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "F"}}},
        "A": {"Type": "AWS::Lambda::Alias", "Properties": alias},
    }
    cloudformation = to.client("cloudformation", to.environment)
    cloudformation.create_stack(StackName=f"{to.stage}-Shop", TemplateBody=json.dumps({"Resources": resources}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=f"{to.stage}-Shop", WaiterConfig={"Delay": 0.1})
    to.client("lambda", to.environment).invoke(FunctionName=name, Qualifier="live", Payload=b"[1, 2]")


def write_profiles(to: Deployment) -> None:
    """Write a profile for each account, with credentials of a role that has only the printed policy."""
    sections = []
    for account in to.policies:
        iam = to.client("iam", account)
        create_role(iam, "console", {"AWS": f"arn:aws:iam::{account}:root"}, "sts:GetCallerIdentity")
        iam.delete_role_policy(RoleName="console", PolicyName="policy")
        arn = f"arn:aws:iam::{account}:role/console"
        keys = to.client("sts", account).assume_role(RoleArn=arn, RoleSessionName="kim")["Credentials"]
        lines = {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }
        sections.append("\n".join([f"[of-{account}]", *(f"{name} = {value}" for name, value in lines.items())]))
    Path(to.config["AWS_SHARED_CREDENTIALS_FILE"]).write_text("\n".join(sections) + "\n")
    Path(to.config["AWS_CONFIG_FILE"]).write_text("")
    to.allow()
