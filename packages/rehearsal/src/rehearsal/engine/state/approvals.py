"""Manual approvals that wait for an answer."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field

from rehearsal.engine.model.definition import PipelineKey


@dataclass(frozen=True)
class Answer:
    approved: bool
    summary: str


@dataclass
class Approval:
    """One waiting action; `token` changes with every wait, so an answer can't meet another revision."""

    pipeline: PipelineKey
    stage: str
    action: str
    token: str = field(default_factory=lambda: str(uuid.uuid4()))
    answer: Answer | None = None
    answered: threading.Event = field(default_factory=threading.Event)


class Approvals:
    """Those that wait now, in all pipelines."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Approval] = []

    def open(self, pipeline: PipelineKey, stage: str, action: str) -> Approval:
        approval = Approval(pipeline, stage, action)
        with self._lock:
            self._waiting.append(approval)
        return approval

    def close(self, approval: Approval) -> None:
        with self._lock:
            self._waiting.remove(approval)

    def waiting(self, pipeline: PipelineKey) -> list[Approval]:
        with self._lock:
            return [approval for approval in self._waiting if approval.pipeline == pipeline]

    def put(self, approval: Approval, answer: Answer) -> bool:
        """Answer once; False where it was answered before."""
        with self._lock:
            if approval.answer is not None:
                return False
            approval.answer = answer
        approval.answered.set()
        return True
