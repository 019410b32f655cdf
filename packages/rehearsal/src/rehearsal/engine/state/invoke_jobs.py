"""Jobs of Lambda functions: each invocation has one, and the function answers it through the API.

Source: AWS CodePipeline user guide, "Invoke a Lambda function in a pipeline"; API reference, "PutJobSuccessResult".
"""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

KEPT_JOBS = 100


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
    """One action that waits for its result. changed: wakes it, for an answer or for another reason to look."""

    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    result: JobResult | None = None
    changed: threading.Event = field(default_factory=threading.Event)

    @property
    def is_answered(self) -> bool:
        return self.result is not None


class Jobs:
    """Those of all pipelines; the last that have ended stay known, so that a late answer differs from a wrong one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._ended: deque[str] = deque()

    def open(self) -> Job:
        job = Job()
        with self._lock:
            self._jobs[job.id] = job
        return job

    def close(self, job: Job) -> None:
        """Release a job whose action has ended; after some more, it is forgotten."""
        with self._lock:
            self._ended.append(job.id)
            if len(self._ended) > KEPT_JOBS:
                self._jobs.pop(self._ended.popleft(), None)

    def find(self, id_: str) -> Job | None:
        with self._lock:
            return self._jobs.get(id_)

    def put(self, job: Job, result: JobResult) -> bool:
        """Answer; False where it is not waiting."""
        with self._lock:
            if job.is_answered or job.id in self._ended:
                return False
            job.result = result
            job.changed.set()
            return True

    def await_next_result(self, job: Job) -> None:
        """Wait for another answer."""
        with self._lock:
            job.result = None
            job.changed.clear()
