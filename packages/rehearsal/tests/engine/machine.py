"""A state machine of the engine: all commands in random order, from two clients, with kills in between."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rehearsal.emulator.codepipeline.operations import CodePipelineApi
from rehearsal.engine.state import journal
from rehearsal.engine.state.invoke_jobs import Jobs
from tests.engine import conftest
from tests.engine.conftest import KEY
from tests.engine.driven_engine import START, DrivenEngine
from tests.engine.seeded import COIN, SLOW

MODES = ("SUPERSEDED", "QUEUED", "PARALLEL")
STAGES = ("Source", "Build", "Gate", "Prod")
KINDS = ("beforeEntry", "onSuccess")
seeds = st.integers(0, 2**16)
indexes = st.integers(0, 5)


def definition(mode: str, *, build: bool = True, gate: bool, follows: str, conditions: bool) -> dict[str, Any]:
    """Return a pipeline of two to four stages; `follows` is the failure result of the last one."""
    action, check = conftest.action, conftest.rule
    ask = {"name": "ask", "actionTypeId": {"category": "Approval", "provider": "Manual"}}
    stages: list[dict[str, Any]] = [
        {"name": "Source", "actions": [action("source", namespace="Source")]},
        {"name": "Build", "actions": [action(COIN), action(SLOW), action("boom"), action("last", 2)]},
        {"name": "Gate", "actions": [ask]},
        {"name": "Prod", "actions": [action("deploy", say="#{Source.said}"), action("boom", 2)]},
    ]
    if follows:
        stages[-1]["onFailure"] = {"result": follows}
    if conditions:
        for kind in KINDS:
            stages[-1][kind] = {"conditions": [{"result": "FAIL", "rules": [check(COIN), check("fine")]}]}
        stages[1]["beforeEntry"] = {"conditions": [{"result": "SKIP", "rules": [check(COIN)]}]}
    stages = [stage for stage in stages if (build or stage["name"] != "Build") and (gate or stage["name"] != "Gate")]
    return {**conftest.declaration(), "stages": stages, "executionMode": mode, "pipelineType": "V2"}


definitions = st.builds(
    definition,
    st.sampled_from(MODES),
    build=st.booleans(),
    gate=st.sampled_from((True, True, False)),
    follows=st.sampled_from(("", "RETRY", "ROLLBACK")),
    conditions=st.booleans(),
)


class EngineMachine(DrivenEngine, RuleBasedStateMachine):
    """The commands, and the invariants after each of them."""

    def teardown(self) -> None:
        try:
            self.engine.close()
            assert self.scheduler.work == [], "an action works after the end"
            assert [execution.id for execution in self.engine.executions.values() if execution.running] == []
            for path in self.journals.all():
                assert journal.has_ended(journal.read(path)), f"{path} has no end"
        finally:
            self.clock.close()
            self.close_files()
            shutil.rmtree(self.folder)

    # commands

    @initialize(declared=definitions)
    def create_first(self, declared: dict[str, Any]) -> None:
        self.engine.create(KEY, declared)

    @rule(seed=seeds)
    def start(self, seed: int) -> None:
        self.send(seed, lambda: self.engine.start(KEY, trigger=START))

    @rule(seed=seeds, index=indexes, abandon=st.booleans())
    def stop(self, seed: int, index: int, abandon: bool) -> None:
        if chosen := self.choose(index):
            self.send(seed, lambda: self.engine.stop(KEY, chosen.id, "enough", abandon=abandon))

    @rule(
        seed=seeds,
        index=indexes,
        stage=st.sampled_from(STAGES),
        mode=st.sampled_from(("FAILED_ACTIONS", "ALL_ACTIONS")),
    )
    def retry(self, seed: int, index: int, stage: str, mode: str) -> None:
        if chosen := self.choose(index):
            self.send(seed, lambda: self.engine.retry(KEY, chosen.id, stage, mode))

    @rule(seed=seeds, index=indexes)
    def retry_where_it_failed(self, seed: int, index: int) -> None:
        failed = [
            execution
            for execution in self.executions()
            if execution.status in {"Failed", "Stopped"} and execution.stages
        ]
        if failed:
            chosen = failed[index % len(failed)]
            self.send(seed, lambda: self.engine.retry(KEY, chosen.id, [*chosen.stages][-1], "FAILED_ACTIONS"))

    @rule(seed=seeds, index=indexes, stage=st.sampled_from(STAGES))
    def rollback(self, seed: int, index: int, stage: str) -> None:
        if chosen := self.choose(index):
            self.send(seed, lambda: self.engine.rollback(KEY, stage, chosen.id))

    @rule(seed=seeds, index=indexes)
    def run_single_action(self, seed: int, index: int) -> None:
        if chosen := self.choose(index):
            self.send(seed, lambda: self.engine.run_single_action(KEY, "Prod", "deploy", chosen.id))

    @rule(seed=seeds, index=indexes, kind=st.sampled_from(KINDS))
    def override(self, seed: int, index: int, kind: str) -> None:
        if chosen := self.choose(index):
            self.send(seed, lambda: self.engine.override(KEY, chosen.id, "Prod", kind))

    @rule(seed=seeds, stage=st.sampled_from(STAGES[1:]))
    def disable(self, seed: int, stage: str) -> None:
        self.send(seed, lambda: self.engine.disable_transition(KEY, stage, "freeze", "somebody"))

    @rule(seed=seeds, stage=st.sampled_from(STAGES[1:]))
    def enable(self, seed: int, stage: str) -> None:
        self.send(seed, lambda: self.engine.enable_transition(KEY, stage))

    @rule(seed=seeds, declared=definitions, restart=st.booleans())
    def update(self, seed: int, declared: dict[str, Any], restart: bool) -> None:
        self.send(seed, lambda: self.engine.update(KEY, declared, restart=restart))

    @rule(seed=seeds)
    def delete(self, seed: int) -> None:
        if random.Random(seed).random() < 0.3:
            self.send(seed, lambda: self.engine.delete(KEY))

    @rule(seed=seeds, declared=definitions)
    def create(self, seed: int, declared: dict[str, Any]) -> None:
        self.send(seed, lambda: self.engine.create(KEY, declared))

    @precondition(lambda self: self.waiting())
    @rule(seed=seeds, index=indexes, approved=st.booleans())
    def approve(self, seed: int, index: int, approved: bool) -> None:
        waiting = self.waiting()
        execution, token = waiting[index % len(waiting)]
        self.send(seed, lambda: self.answer(execution, token, approved=approved))

    @precondition(lambda self: self.waiting())
    @rule(seed=seeds, stopped=st.booleans())
    def end_what_was_approved(self, seed: int, stopped: bool) -> None:
        """Confirm an approval, and send a stop or the timeout as the next message."""
        self.scheduler.random = random.Random(seed)
        execution, token = self.waiting()[0]
        self.tolerate(lambda: self.answer(execution, token, approved=True))
        if stopped:
            self.tolerate(lambda: self.engine.stop(KEY, execution, "late", abandon=True))
        else:
            self.scheduler.expire()
        self.scheduler.settle()

    @rule(seed=seeds)
    def pass_time(self, seed: int) -> None:
        self.scheduler.random = random.Random(seed)
        self.scheduler.expire()

    @rule(seed=seeds)
    def go_on(self, seed: int) -> None:
        self.scheduler.random = random.Random(seed)
        self.advance(100)

    @rule(seed=seeds)
    def settle(self, seed: int) -> None:
        self.scheduler.random = random.Random(seed)
        self.scheduler.settle()

    @rule(seed=seeds)
    def stop_everything(self, seed: int) -> None:
        """Stop every execution; each of them ends."""
        self.settle(seed)
        for execution in self.executions():
            if execution.running and not execution.abandoned:
                self.engine.stop(KEY, execution.id, "all", abandon=True)
        self.scheduler.settle()
        # a rollback or a restart may follow an execution that had already ended
        running = [execution for execution in self.executions() if execution.running and execution.ending == "Stopped"]
        assert running == []
        self.count("everything stopped")

    @rule(seed=seeds, cut=st.integers(0, 3000))
    def kill(self, seed: int, cut: int) -> None:
        """Cut the journals of running executions at any byte, tear a pipeline event, drop the engine and load."""
        chance = random.Random(seed)
        before = {execution.id: execution for execution in self.executions()}
        paths = [self.journals.path(id_) for id_, state in before.items() if state.running]
        for path in paths:
            content = path.read_bytes()
            path.write_bytes(content[: max(0, len(content) - chance.choice((0, 1, cut)))])
        self.close_files()
        for path in (self.folder / "pipelines").rglob("*.jsonl"):
            with path.open("a") as file:
                file.write(chance.choice(("", "{", '{"v": 2, "at": 1.0, "type": "pipeline-del')))
        self.begin()
        assert self.engine.load() == []
        for id_, state in before.items():
            if not state.running:
                assert self.engine.executions[id_] == state, "a kill changed an execution that had ended"
        assert [execution.id for execution in self.executions() if execution.running] == []
        self.count("killed")

    # two clients

    @rule(index=indexes, what=st.sampled_from(("start", "stop", "enable", "retry", "approve_newest", "update")))
    @precondition(lambda self: self.scheduler.other is None)
    def second_client(self, index: int, what: str) -> None:
        """Send the second client's command while the first client waits for its next answer."""

        def command() -> None:
            chosen = self.choose(index)
            if what == "start":
                self.engine.start(KEY, trigger=START)
            elif what == "enable":
                self.engine.enable_transition(KEY, "Prod")
            elif what == "update":
                self.engine.update(KEY, definition("QUEUED", gate=False, follows="", conditions=False), restart=True)
            elif what == "approve_newest":
                self.approve_newest()
            elif chosen and what == "stop":
                self.engine.stop(KEY, chosen.id, "two", abandon=True)
            elif chosen:
                self.engine.retry(KEY, chosen.id, "Build", "FAILED_ACTIONS")

        self.scheduler.other = lambda: self.tolerate(command)

    def approve_newest(self) -> None:
        if waiting := self.waiting():
            self.answer(*waiting[-1], approved=True)

    # invariants

    @invariant()
    def the_journals_tell_what_the_api_answers(self) -> None:
        for execution in self.engine.executions.values():
            assert self.journals.read(execution.id).state(execution.pipeline) == execution
            self.count(f"status {execution.status}")

    @invariant()
    def the_api_and_the_views_say_the_same(self) -> None:
        if KEY not in self.engine.pipelines:
            return
        api = CodePipelineApi(self.engine, Jobs())
        listed = api.call("ListPipelineExecutions", {"pipelineName": KEY.name}, KEY.account, KEY.region)
        for summary in listed["pipelineExecutionSummaries"]:
            execution = self.engine.executions[summary["pipelineExecutionId"]]
            journal = self.journals.read(execution.id)
            assert summary["status"] == journal.view.status.replace("Interrupted", "Stopped")
            assert summary["statusSummary"] == journal.state(execution.pipeline).summary

    @invariant()
    def no_stage_holds_two_executions(self) -> None:
        inside = Counter(
            state.stage
            for execution in self.executions()
            for state in {s.stage: s for s in execution.attempts.values() if s.status == "InProgress"}.values()
            if execution.mode != "PARALLEL" and execution.running
        )
        assert [stage for stage, count in inside.items() if count > 1] == []

    @invariant()
    def a_confirmed_approval_is_never_lost(self) -> None:
        """A confirmed approval decides its action, unless the action has not read it yet or its engine was killed."""
        for execution in self.executions():
            events = self.journals.read(execution.id).events
            answered = [event for event in events if event["type"] == "action-answered"]
            for event in answered:
                state = execution.attempts[(False, "Gate", "ask", event["attempt"])]
                expected = "Succeeded" if event["approved"] else "Failed"
                assert state.status in {"InProgress", expected} or execution.status == "Interrupted"
