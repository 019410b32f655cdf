"""docs/go-live.md, followed step by step with the embedded AWS instead of the real one."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.aws import Endpoint, root
from rehearsal.emulator.server import launcher
from rehearsal.workspace.layout import Workspace
from tests.docs.page import DoesNotHold, Page, run
from tests.e2e.short_builds import replace_gates
from tests.root import ROOT

PAGE = Page(ROOT / "docs" / "go-live.md")
PROFILES = {"210987654321": "delivery-admin", "210987654322": "dev-admin", "210987654323": "prod-admin"}
PIPELINE, REGION = "210987654321", "eu-west-1"
CONNECTION = f"arn:aws:codeconnections:{REGION}:{PIPELINE}:connection/7d2469ff-514a-4f39-9003-9ca4d1bf1f3a"


@dataclass(frozen=True)
class Operator:
    """A reader of the page in a clone, with a profile for each account."""

    clone: Path
    endpoint: Endpoint
    files: Path

    def write_profiles(self) -> None:
        """Write profiles as `aws configure` does, with the embedded AWS as the endpoint."""
        keys, config = "", ""
        for account, profile in PROFILES.items():
            values = self.endpoint.environ(root(account), REGION)
            keys += f"[{profile}]\naws_access_key_id = {values['AWS_ACCESS_KEY_ID']}\n"
            keys += f"aws_secret_access_key = {values['AWS_SECRET_ACCESS_KEY']}\n"
            config += f"[profile {profile}]\nendpoint_url = {values['AWS_ENDPOINT_URL']}\n"
            config += f"ca_bundle = {values['AWS_CA_BUNDLE']}\n"
        (self.files / "credentials").write_text(keys)
        (self.files / "config").write_text(config)

    def types(self, command: str, given: str | None = None) -> str:
        """Run a command in a shell that finds the profiles, and the authority of the endpoint."""
        variables = {
            "AWS_SHARED_CREDENTIALS_FILE": str(self.files / "credentials"),
            "AWS_CONFIG_FILE": str(self.files / "config"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "NODE_EXTRA_CA_CERTS": str(self.endpoint.authority),
        }
        exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
        return run(f"export {exports}; {command}", self.clone, given)

    def red_rows(self) -> list[str]:
        """Return the red rows of the page's `doctor` command; none if it exits with 0."""
        try:
            self.types(command("delivery doctor"))
        except DoesNotHold as error:
            return re.findall(r"^red +(.*)$", str(error), re.MULTILINE)
        return []


def command(beginning: str) -> str:
    """Return the page's command that begins with these words, with its continued lines."""
    lines = "\n".join(block.text for block in PAGE.blocks() if block.language == "text").replace("\\\n", "")
    (found,) = {line for line in lines.splitlines() if line.startswith(beginning) and "--print" not in line}
    return found


@pytest.fixture
def operator(copy: Path, tmp_path: Path) -> Iterator[Operator]:
    """A reader whose clone has a remote, and whose accounts are not bootstrapped."""
    run("git init -q --bare .rehearsal/remote.git && git remote add origin .rehearsal/remote.git", copy)
    run("git config user.name Reader && git config user.email r@example.com && git config push.autoSetupRemote 1", copy)
    with launcher.join_or_start(Workspace(copy), iam=True) as endpoint:
        made = Operator(copy, endpoint, tmp_path)
        made.write_profiles()
        yield made


def fill_in(clone: Path) -> None:
    """Follow step 3: replace the placeholders, and make the vulnerability gate strict."""
    text = json.loads((clone / "cdk.json").read_text())
    delivery = text["context"]["delivery"]
    for place, account in zip((delivery, *delivery["environments"]), PROFILES, strict=True):
        place["account"] = account
    delivery["source"] |= {"connection_arn": CONNECTION, "repository": "company/orders"}
    delivery["notify"]["emails"] = ["delivery@company.com"]
    (clone / "cdk.json").write_text(json.dumps(text, indent=2) + "\n")
    # test_add_a_function_and_an_environment.py runs the gates of `make synth` with other accounts, too.
    makefile = clone / "Makefile"
    makefile.write_text(replace_gates(makefile.read_text()))
    project = clone / "pyproject.toml"
    project.write_text(project.read_text().replace('on-unreachable = "warn"', 'on-unreachable = "fail"'))


@pytest.mark.slow
def test_the_page_leads_from_a_clone_to_a_pipeline(operator: Operator) -> None:
    """Each red row of `doctor` has a working remedy, and the new pipeline runs the pushed commit."""
    assert any("is a placeholder" in row for row in operator.red_rows())
    fill_in(operator.clone)
    (settings,) = [block.text for block in PAGE.blocks() if block.text.startswith("make synth generate")]
    operator.types(settings)

    red = operator.red_rows()
    assert red
    advice = {row.partition("; fix: ")[2] for row in red}
    assert advice == {
        f"delivery bootstrap --only {account}/{REGION} --profile {account}={profile}"
        for account, profile in PROFILES.items()
    }
    operator.types(max(advice), given="y\n")
    assert {row.partition("; fix: ")[2] for row in operator.red_rows()} == advice - {max(advice)}
    operator.types(command("delivery bootstrap"), given="y\n")
    assert operator.red_rows() == []

    operator.types(f"CDK_VALIDATION=false {command('AWS_PROFILE=delivery-admin')} --require-approval never")
    api = operator.endpoint.client("codepipeline", root(PIPELINE), REGION)
    (execution,) = api.list_pipeline_executions(pipelineName="echo-delivery")["pipelineExecutionSummaries"]
    assert execution["trigger"]["triggerType"] == "CreatePipeline"
    pushed = run("git rev-parse HEAD", operator.clone).strip()
    assert source_revision(operator.endpoint, execution["pipelineExecutionId"]) == pushed
    api.stop_pipeline_execution(
        pipelineName="echo-delivery", pipelineExecutionId=execution["pipelineExecutionId"], abandon=True
    )


def source_revision(endpoint: Endpoint, execution: str) -> str:
    """Return the commit of an execution, once its source action has ended."""
    api, deadline = endpoint.client("codepipeline", root(PIPELINE), REGION), time.monotonic() + 60
    while time.monotonic() < deadline:
        found = api.get_pipeline_execution(pipelineName="echo-delivery", pipelineExecutionId=execution)
        for revision in found["pipelineExecution"].get("artifactRevisions", []):
            return str(revision["revisionId"])
        time.sleep(0.1)
    raise AssertionError(f"the source action took no commit: {found}")
