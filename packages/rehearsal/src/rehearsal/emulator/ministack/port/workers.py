"""MiniStack's pool of execution environments, one for each concurrent invocation of a function."""

from __future__ import annotations

import threading

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from rehearsal.emulator.ministack.port.function_records import FunctionConfig


class PooledWorker(lambda_runtime.Worker):  # type: ignore[misc]
    """A worker that MiniStack's pool keeps warm, reuses and ends.

    The pool ends it by a signal to `process`, and waits for the end of `process`.
    """

    config: FunctionConfig
    code_zip: bytes

    def __init__(self, name: str, config: FunctionConfig, code: bytes) -> None:
        super().__init__(name, config, code)

    @property
    def lock(self) -> threading.Lock:
        """The lock that an invocation holds."""
        lock: threading.Lock = self._lock
        return lock

    @property
    def process(self) -> object:
        return self._proc

    @process.setter
    def process(self, process: object) -> None:
        self._proc = process

    def initialize(self) -> None:
        """Start the process when a version with SnapStart is published. Raises RuntimeError."""
        raise NotImplementedError

    def discard(self) -> None:
        """Clean up after the pool has ended the process."""
        raise NotImplementedError

    def _spawn(self) -> None:
        self.initialize()

    def _discard_tmpdir(self) -> None:
        self.discard()


def acquire_worker(config: FunctionConfig, code: bytes) -> PooledWorker:
    """Return a worker for one invocation of the function, a warm one if possible."""
    lambda_svc._ensure_reaper_thread()
    qualifier = config.get("Version", "$LATEST")
    worker: PooledWorker = lambda_runtime.acquire_worker(config["FunctionName"], config, code, qualifier=qualifier)[0]
    return worker


def release_worker(worker: object) -> None:
    """Return a worker to the pool."""
    lambda_runtime.release_worker(worker)
