"""Jobs of Lambda invoke actions: each invocation has a job, which the function answers through the API.

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
    """The result of a job. continuation: call the function again with this token. code: of a failure."""

    failed: bool
    summary: str = ""
    code: str = "JobFailed"
    external_id: str = ""
    continuation: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """A job, whose action waits for the result. changed: set by a result, and when the action has to end."""

    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    result: JobResult | None = None
    changed: threading.Event = field(default_factory=threading.Event)

    @property
    def is_answered(self) -> bool:
        return self.result is not None


class Jobs:
    """The jobs of all pipelines. The last KEPT_JOBS ended ones are kept: a late result is not an unknown job."""

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
        """Mark a job as ended; it is dropped after KEPT_JOBS more jobs have ended."""
        with self._lock:
            self._ended.append(job.id)
            if len(self._ended) > KEPT_JOBS:
                self._jobs.pop(self._ended.popleft(), None)

    def find(self, id_: str) -> Job | None:
        with self._lock:
            return self._jobs.get(id_)

    def put(self, job: Job, result: JobResult) -> bool:
        """Set the result of a job; False where the job does not wait for one."""
        with self._lock:
            if job.is_answered or job.id in self._ended:
                return False
            job.result = result
            job.changed.set()
            return True

    def await_next_result(self, job: Job) -> None:
        """Clear the result, so that the job accepts another one."""
        with self._lock:
            job.result = None
            job.changed.clear()
