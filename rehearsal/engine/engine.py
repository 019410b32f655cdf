"""All pipelines and their executions: what starts, restarts and stops them."""

from __future__ import annotations

import difflib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.engine.definition import Json, Pipeline, PipelineKey, parse
from rehearsal.engine.execution import Environment, Execution, walk
from rehearsal.engine.gate import StageGate
from rehearsal.engine.journal import Journal
from rehearsal.workspace import write_json


@dataclass
class Deployed:
    """A pipeline as CloudFormation or the API made it; `declaration` is in the API's shape."""

    key: PipelineKey
    declaration: dict[str, Any]
    version: int = 1
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)

    @property
    def pipeline(self) -> Pipeline:
        return parse(self.declaration)


class Engine:
    """Runs executions in threads of its own; every public method may be called from any thread."""

    def __init__(self, environment: Environment) -> None:
        self._env = environment
        self._lock = threading.RLock()
        self._gates: dict[tuple[PipelineKey, str], StageGate] = {}
        self._numbers = 0
        self._threads: list[threading.Thread] = []
        self.pipelines: dict[PipelineKey, Deployed] = {}
        self.executions: dict[str, Execution] = {}

    def create(self, key: PipelineKey, declaration: Json) -> None:
        """Register a pipeline; CodePipeline would also start it once, which the caller decides here."""
        parse(declaration)
        with self._lock:
            self.pipelines[key] = Deployed(key, {**declaration, "version": 1})

    def update(self, key: PipelineKey, declaration: Json, *, restart: bool) -> None:
        """Replace a definition: running executions are cancelled, and with `restart` the newest one starts again.

        An execution that is such a restart and changes the definition once more would go on for ever: it fails, with
        the difference of the two definitions.
        Source: AWS CodePipeline user guide, "Edit a pipeline"; API reference, PipelineExecution status `Cancelled`.
        """
        parse(declaration)
        with self._lock:
            deployed = self.pipelines[key]
            before, deployed.declaration = deployed.declaration, {**declaration, "version": deployed.version + 1}
            deployed.version += 1
            deployed.updated = time.time()
            running = [each for each in self.executions.values() if each.key == key and each.status == "InProgress"]
            for execution in running:
                if execution.restart_of:
                    execution.finish_as("Failed", _unstable(before, deployed.declaration), failed=True)
                else:
                    execution.finish_as("Cancelled", "the pipeline's definition was updated")
                    execution.restart_wanted = restart and execution is running[-1]

    def delete(self, key: PipelineKey) -> None:
        with self._lock:
            self.pipelines.pop(key, None)

    def save(self, path: Path) -> None:
        """Write every pipeline's definition, for an engine that starts later."""
        write_json(path, [asdict(each) for each in self.pipelines.values()])

    def load(self, path: Path) -> None:
        """Take over what `save` wrote; nothing where there is no such file."""
        for saved in json.loads(path.read_text()) if path.exists() else []:
            key = PipelineKey(**saved.pop("key"))
            self.pipelines[key] = Deployed(key, **saved)

    def start(
        self,
        key: PipelineKey,
        *,
        trigger: Mapping[str, str],
        variables: Mapping[str, str] | None = None,
        restart_of: str | None = None,
    ) -> Execution:
        """Start an execution of the definition as it is now. Raises KeyError for an unknown pipeline."""
        with self._lock:
            deployed = self.pipelines[key]
            pipeline = deployed.pipeline
            self._numbers += 1
            execution = Execution(
                key=key,
                pipeline=pipeline,
                version=deployed.version,
                number=self._numbers,
                trigger=trigger,
                variables={"variables": {**pipeline.variables, **(variables or {})}},
                restart_of=restart_of,
            )
            execution.variables["codepipeline"] = {"PipelineExecutionId": execution.id}
            self.executions[execution.id] = execution
        thread = threading.Thread(target=self._run, args=(execution,), name=f"execution-{execution.id[:8]}")
        self._threads.append(thread)
        thread.start()
        return execution

    def stop(self, execution: Execution, reason: str, *, abandon: bool) -> None:
        """End an execution: with `abandon` its running actions are ended, else they are let end."""
        execution.finish_as("Stopped", reason)
        execution.status = "Stopping"
        if abandon:
            execution.stop.set()

    def close(self) -> None:
        """End every execution and wait for its threads."""
        for execution in list(self.executions.values()):
            if execution.status in ("InProgress", "Stopping"):
                self.stop(execution, "the rehearsal was ended", abandon=True)
        for thread in self.threads():
            thread.join()

    def threads(self) -> Iterator[threading.Thread]:
        """Those of all executions, of the ones that are started meanwhile as well."""
        while self._threads:
            yield self._threads.pop(0)

    def _run(self, execution: Execution) -> None:
        journal = Journal(self._env.executions / execution.id / "journal.jsonl")
        journal.write(
            "execution-started",
            execution=execution.id,
            pipeline=execution.key.name,
            account=execution.key.account,
            region=execution.key.region,
            version=execution.version,
            trigger=dict(execution.trigger),
            restart_of=execution.restart_of,
            stages=[
                {
                    "name": stage.name,
                    "actions": [{"name": each.name, "provider": str(each.type)} for each in stage.actions],
                }
                for stage in execution.pipeline.stages
            ],
        )
        walk(execution, lambda stage: self._gate(execution.key, stage), self._env, journal)
        successor = None
        if execution.restart_wanted and not execution.stop.is_set():
            trigger = {"triggerType": "StartPipelineExecution", "triggerDetail": "RestartExecutionOnUpdate"}
            successor = self.start(execution.key, trigger=trigger, restart_of=execution.id).id
        journal.write(
            "execution-finished",
            status=execution.status,
            summary=execution.summary,
            seconds=time.time() - execution.started,
            restarted_as=successor,
        )
        journal.close()

    def _gate(self, key: PipelineKey, stage: str) -> StageGate:
        with self._lock:
            return self._gates.setdefault((key, stage), StageGate())


def _unstable(before: Json, after: Json) -> str:
    """Two definitions from one revision: what differs."""
    old, new = (json.dumps(each, indent=2, sort_keys=True).splitlines() for each in (before, after))
    changes = list(difflib.unified_diff(old, new, "first synth", "second synth", lineterm="", n=1))
    return (
        "the pipeline changed itself twice without a new push: synth gives another definition each time it runs.\n"
        + "\n".join(changes[:40])
    )
