"""Pipelines of the tests, as CodePipeline's API returns them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fake_aws import FakeAws, Json, Refused

START = 1_760_000_000.0
NAME = "shop"
PROVIDERS = {
    "Source": ("Source", "CodeStarSourceConnection"),
    "Approve": ("Approval", "Manual"),
    "Deploy": ("Deploy", "CloudFormation"),
}
STAGES = (("Source", ("Source",)), ("Build", ("Synth",)), ("Dev", ("Deploy", "Test")), ("Prod", ("Approve", "Deploy")))


@dataclass
class Run:
    """An action's attempt, in seconds after its execution's start. seconds: None while it runs."""

    stage: str
    action: str
    start: float
    seconds: float | None
    status: str = "Succeeded"
    summary: str = ""
    build: str = ""
    outputs: tuple[tuple[str, str], ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    token: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Execution:
    """An execution, its attempts and its revision."""

    status: str = "Succeeded"
    runs: list[Run] = field(default_factory=list)
    message: str = "Add a basket"
    commit: str = "0123456789abcdef0123456789abcdef01234567"  # pragma: allowlist secret
    start: float = START
    seconds: float = 600.0
    rollback_of: str = ""
    trigger: tuple[str, str] = ("WebhookV2", "connection")
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Pipeline:
    """A pipeline of the fake AWS."""

    def __init__(self, *executions: Execution, stages: Sequence[tuple[str, Sequence[str]]] = STAGES) -> None:
        self.executions, self.stages = list(executions), stages
        self.disabled: dict[str, tuple[str, str]] = {}
        self.inbound: dict[str, Execution] = {}
        self.answers: list[Json] = []

    def serve(self, aws: FakeAws) -> Pipeline:
        """Serve this pipeline from the fake AWS."""
        aws.operations |= {
            "codepipeline:ListPipelines": lambda _: {"pipelines": [{"name": NAME, "version": 3}]},
            "codepipeline:GetPipeline": lambda _: {"pipeline": self.definition()},
            "codepipeline:GetPipelineState": lambda _: self.state(),
            "codepipeline:ListPipelineExecutions": self.summaries,
            "codepipeline:GetPipelineExecution": self.execution,
            "codepipeline:ListActionExecutions": self.details,
            "codepipeline:PutApprovalResult": self.put_approval,
            "codepipeline:RetryStageExecution": lambda given: {"pipelineExecutionId": given["pipelineExecutionId"]},
            "codepipeline:StopPipelineExecution": lambda given: {"pipelineExecutionId": given["pipelineExecutionId"]},
            "codepipeline:RollbackStage": lambda _: {"pipelineExecutionId": self.executions[0].id},
        }
        return self

    def definition(self) -> Any:
        return {
            "name": NAME,
            "roleArn": "arn:aws:iam::111111111111:role/pipeline",
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "stages": [
                {"name": name, "actions": [_declared(action, n) for n, action in enumerate(actions, 1)]}
                for name, actions in self.stages
            ],
            "version": 3,
            "executionMode": "SUPERSEDED",
            "pipelineType": "V2",
        }

    def state(self) -> Json:
        return {
            "pipelineName": NAME,
            "pipelineVersion": 3,
            "stageStates": [self._stage(number, *stage) for number, stage in enumerate(self.stages)],
            "created": START,
            "updated": START,
        }

    def summaries(self, given: Json) -> Json:
        first = int(given.get("nextToken", 0))
        page = self.executions[first : first + given.get("maxResults", 100)]
        more = first + len(page) < len(self.executions)
        token = {"nextToken": str(first + len(page))} if more else {}
        return {"pipelineExecutionSummaries": [_summary(execution) for execution in page], **token}

    def execution(self, given: Json) -> Json:
        found = next((e for e in self.executions if e.id == given["pipelineExecutionId"]), None)
        if found is None:
            raise Refused("PipelineExecutionNotFoundException", "there is no such execution")
        kept = ("pipelineExecutionId", "status", "trigger", "executionMode", "executionType", "rollbackMetadata")
        summary = {key: value for key, value in _summary(found).items() if key in kept}
        revision = {"name": "Source", "revisionId": found.commit, "revisionSummary": found.message}
        return {
            "pipelineExecution": {
                **summary,
                "pipelineName": NAME,
                "pipelineVersion": 3,
                "artifactRevisions": [revision],
            }
        }

    def details(self, given: Json) -> Json:
        only = given.get("filter", {}).get("pipelineExecutionId")
        found = [(e, run) for e in self.executions for run in e.runs if only in (None, e.id)]
        newest_first = sorted(found, key=lambda pair: -(pair[0].start + pair[1].start))
        return {"actionExecutionDetails": [_detail(*pair) for pair in newest_first]}

    def put_approval(self, given: Json) -> Json:
        waits = [run for e in self.executions for run in e.runs if run.token and run.token == given["token"]]
        if not waits:
            raise Refused("InvalidApprovalTokenException", "the token is of no wait")
        self.answers.append(given["result"])
        waits[0].token, waits[0].status = "", "Succeeded" if given["result"]["status"] == "Approved" else "Failed"
        waits[0].seconds = 30.0
        return {"approvedAt": START}

    def _stage(self, number: int, name: str, actions: Sequence[str]) -> Json:
        inside = next((e for e in self.executions if any(run.stage == name for run in e.runs)), None)
        state: Json = {"stageName": name, "actionStates": [_action_state(inside, name, action) for action in actions]}
        if number:
            closed = self.disabled.get(name)
            changed = (
                {"lastChangedBy": closed[0], "disabledReason": closed[1], "lastChangedAt": START} if closed else {}
            )
            state["inboundTransitionState"] = {"enabled": closed is None, **changed}
        if waiting := self.inbound.get(name):
            state["inboundExecutions"] = [{"pipelineExecutionId": waiting.id, "status": "InProgress"}]
        if inside:
            statuses = {run.status for run in inside.runs if run.stage == name}
            status = next((s for s in ("Failed", "InProgress") if s in statuses), "Succeeded")
            state["latestExecution"] = {"pipelineExecutionId": inside.id, "status": status, "type": "STANDARD"}
        return state


def green(**more: Any) -> Execution:
    """Return an execution that went through every stage."""
    return Execution(
        "Succeeded",
        [
            Run("Source", "Source", 0, 2),
            Run("Build", "Synth", 2, 200, build="synth:1"),
            Run("Dev", "Deploy", 203, 60, variables={"Url": "https://dev.example"}),
            Run("Dev", "Test", 264, 30, build="test:1"),
            Run("Prod", "Approve", 295, 3600),
            Run("Prod", "Deploy", 3896, 60),
        ],
        seconds=3956,
        **more,
    )


def red(**more: Any) -> Execution:
    """Return an execution whose build failed."""
    failed = Run("Build", "Synth", 2, 100, "Failed", "build FAILED: exit status 2", build="synth:2")
    return Execution("Failed", [Run("Source", "Source", 0, 2), failed], seconds=102, **more)


def waiting(wait: str = "wait-1", **more: Any) -> Execution:
    """Return an execution that waits for an approval."""
    changes = Run("Dev", "Test", 264, 30, build="test:1", outputs=(("Changes_Output", "shop/Changes_Ou/abc"),))
    runs = [*green().runs[:3], changes, Run("Prod", "Approve", 295, None, "InProgress", token=wait)]
    return Execution("InProgress", runs, seconds=300, **more)


def _declared(name: str, order: int) -> Json:
    category, provider = PROVIDERS.get(name, ("Build", "CodeBuild"))
    type_ = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": type_, "runOrder": order}


def _summary(execution: Execution) -> Json:
    kind = {"rollbackMetadata": {"rollbackTargetPipelineExecutionId": execution.rollback_of}}
    return {
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "startTime": execution.start,
        "lastUpdateTime": execution.start + execution.seconds,
        "sourceRevisions": [
            {"actionName": "Source", "revisionId": execution.commit, "revisionSummary": execution.message}
        ],
        "trigger": {"triggerType": execution.trigger[0], "triggerDetail": execution.trigger[1]},
        "executionMode": "SUPERSEDED",
        "executionType": "ROLLBACK" if execution.rollback_of else "STANDARD",
        **(kind if execution.rollback_of else {}),
    }


def _detail(execution: Execution, run: Run) -> Json:
    started = execution.start + run.start
    result: Json = {"externalExecutionSummary": run.summary} if run.summary else {}
    if run.build:
        result["externalExecutionId"] = run.build
    outputs = [{"name": name, "s3location": {"bucket": "artifacts", "key": key}} for name, key in run.outputs]
    return {
        "pipelineExecutionId": execution.id,
        "actionExecutionId": run.id,
        "pipelineVersion": 3,
        "stageName": run.stage,
        "actionName": run.action,
        "startTime": started,
        "lastUpdateTime": started + (run.seconds or 0),
        "status": run.status,
        "input": {"actionTypeId": _declared(run.action, 1)["actionTypeId"], "region": "eu-west-1"},
        "output": {"executionResult": result, "outputArtifacts": outputs, "outputVariables": run.variables},
    }


def _action_state(execution: Execution | None, stage: str, name: str) -> Json:
    runs = [run for run in execution.runs if (run.stage, run.action) == (stage, name)] if execution else []
    if not runs or not execution:
        return {"actionName": name}
    latest = runs[-1]
    changed = execution.start + latest.start + (latest.seconds or 0)
    shown: Json = {"actionExecutionId": latest.id, "status": latest.status, "lastStatusChange": changed}
    if latest.summary:
        shown["summary"] = latest.summary
    if latest.token:
        shown["token"] = latest.token
    return {"actionName": name, "latestExecution": shown}
