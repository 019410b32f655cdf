"""Jobs that somebody outside does: a Lambda function is told of one, and answers by the API.

Source: AWS CodePipeline user guide, "Invoke a Lambda function in a pipeline"; API reference, "PutJobSuccessResult".
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class JobResult:
    """continuation: the job goes on, and its function wants to be called again with this token. code: of a failure."""

    failed: bool
    summary: str = ""
    code: str = "JobFailed"
    external_id: str = ""
    continuation: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """One action that waits for its result."""

    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    result: JobResult | None = None
    answered: threading.Event = field(default_factory=threading.Event)


class Jobs:
    """Those of all pipelines; one that has ended stays known, so that a late answer is told from a wrong one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def open(self) -> Job:
        job = Job()
        with self._lock:
            self._jobs[job.id] = job
        return job

    def find(self, id_: str) -> Job | None:
        with self._lock:
            return self._jobs.get(id_)

    def put(self, job: Job, result: JobResult) -> bool:
        """Answer; False where it is not waiting."""
        with self._lock:
            if job.answered.is_set():
                return False
            job.result = result
            job.answered.set()
            return True

    def await_next_result(self, job: Job) -> None:
        """Wait for another answer."""
        with self._lock:
            job.result = None
            job.answered.clear()
