"""Batch builds: lists, graphs and matrices, their artifacts, and errors."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from rehearsal.codebuild import batch_spec
from rehearsal.codebuild.buildspec import InvalidBuildspec, UnsupportedFeature
from rehearsal.engine.action_api import ActionError, Artifact, Outcome
from tests.codebuild.conftest import Account
from tests.conftest import ACCOUNT

CONFIG = {"ServiceRole": f"arn:aws:iam::{ACCOUNT}:role/build", "CombineArtifacts": False}


def buildspec(batch: dict[str, Any], *commands: str) -> str:
    """Return a batch buildspec whose artifact, and secondary artifact `extra`, are the files `made-*`."""
    artifacts = {"files": ["made-*"], "secondary-artifacts": {"extra": {"files": ["made-*"]}}}
    phases = {"build": {"commands": list(commands)}}
    return json.dumps({"version": "0.2", "batch": batch, "phases": phases, "artifacts": artifacts})


MAKE = 'echo "$COLOUR" > "made-$CODEBUILD_BATCH_BUILD_IDENTIFIER"'


def run(account: Account, spec: str, outputs: tuple[str, ...] = (), **configuration: str) -> Outcome:
    name = account.project(spec, BuildBatchConfig=CONFIG)
    settings = {"ProjectName": name, "BatchEnabled": "true", **configuration}
    return account.run(settings, {"In": account.source("In", a="a")}, outputs)


def content(account: Account, artifact: Artifact) -> dict[str, str]:
    body = account.client("s3").get_object(Bucket=artifact.store.bucket, Key=artifact.key)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: archive.read(name).decode().strip() for name in archive.namelist()}


def task(identifier: str, **more: Any) -> dict[str, Any]:
    return {"identifier": identifier, "env": {"variables": {"COLOUR": identifier}}, **more}


def test_a_list_makes_an_artifact_of_each_build(account: Account) -> None:
    """Each build's artifact is named by the build's identifier; a secondary artifact's name is appended to it."""
    spec = buildspec({"build-list": [task("one"), task("two")]}, MAKE)
    outcome = run(account, spec, ("one", "two_extra"))
    assert (outcome.failed, outcome.summary, outcome.variables) == (False, "batch of 2 builds succeeded", {})
    assert content(account, outcome.outputs["one"]) == {"made-one": "one"}
    assert content(account, outcome.outputs["two_extra"]) == {"made-two": "two"}
    with pytest.raises(ActionError, match="the batch made no artifact three; it made one, one_extra, two, two_extra"):
        run(account, spec, ("three",))


def test_combined_artifacts_are_one(account: Account) -> None:
    """CombineArtifacts puts the files of all builds into one output artifact."""
    batch = {"build-list": [{"identifier": "one"}, {"identifier": "two"}]}
    phases = {"build": {"commands": [MAKE]}}
    spec = json.dumps({"version": "0.2", "batch": batch, "phases": phases, "artifacts": {"files": ["made-*"]}})
    outcome = run(account, spec, ("Out",), CombineArtifacts="true")
    assert set(content(account, outcome.outputs["Out"])) == {"made-one", "made-two"}


def test_a_graph_runs_builds_after_their_dependencies(account: Account) -> None:
    """A build whose dependency failed does not run. An ignored failure neither stops nor fails the batch."""
    signal = account.folder / "order"
    command = f'echo "$CODEBUILD_BATCH_BUILD_IDENTIFIER" >> {signal}; touch made-any; test "$COLOUR" != bad'
    graph = [task("last", **{"depend-on": ["first"]}), task("first"), task("bad", **{"ignore-failure": True})]
    assert not run(account, buildspec({"build-graph": graph}, command)).failed
    order = signal.read_text().split()
    assert (order.index("first") < order.index("last"), sorted(order)) == (True, ["bad", "first", "last"])
    signal.unlink()
    outcome = run(account, buildspec({"build-graph": [task("bad"), task("after", **{"depend-on": ["bad"]})]}, command))
    assert (outcome.failed, outcome.summary) == (True, "batch failed: bad, after")
    assert signal.read_text().split() == ["bad"]


def test_fast_fail_stops_the_builds_that_run(account: Account) -> None:
    """With fast-fail, a failed build stops the running builds."""
    batch = {"fast-fail": True, "build-list": [task("bad"), task("slow")]}
    outcome = run(account, buildspec(batch, 'test "$COLOUR" != bad && sleep 60'))
    assert (outcome.failed, outcome.summary) == (True, "batch failed: bad, slow")


def test_a_matrix_is_a_build_for_each_combination(account: Account) -> None:
    """A matrix has a build for each combination of its dynamic lists; its static part applies to all."""
    matrix = {
        "static": {"ignore-failure": True, "env": {"privileged-mode": True}},
        "dynamic": {"env": {"image": ["a", "b"], "variables": {"COLOUR": ["red", "green"]}}},
    }
    batch = batch_spec.load(buildspec({"build-matrix": matrix}), account.folder)
    found = [(build.env.image, build.env.variables["COLOUR"], build.ignore_failure) for build in batch.tasks]
    assert found == [("a", "red", True), ("a", "green", True), ("b", "red", True), ("b", "green", True)]
    assert all(build.env.privileged_mode for build in batch.tasks)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (
            {"build-list": [{"identifier": "a"}], "build-graph": [{"identifier": "b"}]},
            "got build-graph, build-list; one of",
        ),
        ({}, "got none; one of build-graph, build-list, build-matrix is allowed"),
        ({"build-list": [{"identifier": "a"}, {"identifier": "a"}]}, "two tasks have the identifier a"),
        ({"build-graph": [{"identifier": "a", "depend-on": ["b"]}]}, "depend-on: a on b, which is not a task"),
        (
            {"build-graph": [{"identifier": "a", "depend-on": ["b"]}, {"identifier": "b", "depend-on": ["a"]}]},
            "a, b wait for each other",
        ),
        ({"build-list": [{"identifier": "a", "colour": "red"}]}, "colour: there is no such key"),
    ],
)
def test_a_wrong_batch_is_refused(batch: dict[str, Any], message: str, tmp_path: Path) -> None:
    """The error names the wrong key and the allowed values."""
    with pytest.raises(InvalidBuildspec, match=message):
        batch_spec.load(buildspec(batch), tmp_path)


def test_an_unsupported_batch_is_refused(tmp_path: Path) -> None:
    """A fan-out, and a buildspec without `batch`, are errors that name the key."""
    with pytest.raises(UnsupportedFeature, match="build-fanout is not rehearsed; write its builds as a build-list"):
        batch_spec.load(buildspec({"build-fanout": {}}), tmp_path)
    with pytest.raises(InvalidBuildspec, match="it has no `batch`"):
        batch_spec.load("version: 0.2\nphases: {}\n", tmp_path)


def test_a_batch_needs_a_role_and_its_own_permissions(account: Account) -> None:
    """The action's role starts the batch; the project's batch role starts its builds.

    A project without a batch role is an error.
    """
    spec = buildspec({"build-list": [task("one")]}, MAKE)
    plain, batched = account.project(spec), account.project(spec, BuildBatchConfig=CONFIG)
    source = {"In": account.source("In", a="a")}
    with pytest.raises(ActionError, match="has no BuildBatchConfig with a service role"):
        account.run({"ProjectName": plain, "BatchEnabled": "true"}, source)
    asked: list[str] = []

    def record(role_arn: str, *actions: str, resource: str, keys: Mapping[str, str] = MappingProxyType({})) -> None:
        asked.extend(f"{role_arn.rpartition('/')[2]}: {action} {resource.rpartition('/')[2]}" for action in actions)

    batch_task = account.task({"ProjectName": batched, "BatchEnabled": "true"}, source)
    account.runner().run(replace(batch_task, check_permission=record))
    wanted = (
        "pipeline: codebuild:StartBuildBatch",
        "pipeline: codebuild:BatchGetBuildBatches",
        "build: codebuild:StartBuild",
    )
    assert asked == [f"{action} {batched}" for action in wanted]


def test_a_single_build_ignores_the_batch(account: Account) -> None:
    """Without BatchEnabled, a buildspec with a batch runs once."""
    name = account.project(buildspec({"build-list": [task("one"), task("two")]}, "touch made-once"))
    outcome = account.run({"ProjectName": name}, {"In": account.source("In", a="a")}, ("Out",))
    assert set(content(account, outcome.outputs["Out"])) == {"made-once"}
