"""The requests that started builds and batches, for retries and for idempotency tokens.

Source: AWS CodeBuild API reference, "StartBuild" (idempotencyToken), "RetryBuild", "RetryBuildBatch".
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from rehearsal.engine.errors import RequestRejected
from rehearsal.host.atomic_write import write_json

STARTED_FOLDER = "started-builds"  # in the folder of the embedded AWS's state
_TOKEN_SECONDS = 5 * 60

Request = Mapping[str, object]
Answer = dict[str, object]


class _Tokened(NamedTuple):
    at: float
    request: Request
    answer: Answer


class StartedRequests:
    """Stores a file per build or batch; the files are part of the embedded AWS's state."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._tokens: dict[tuple[str, ...], _Tokened] = {}

    def keep(self, id_: str, request: Request) -> None:
        """Store the request that started a build or batch."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_json(self._path(id_), request)

    def find(self, id_: str) -> dict[str, object] | None:
        """Return the request that started a build or batch; None where a pipeline started it."""
        try:
            request: dict[str, object] = json.loads(self._path(id_).read_text())
        except FileNotFoundError:
            return None
        return request

    def once(self, operation: tuple[str, ...], request: Request, start: Callable[[], Answer]) -> Answer:
        """Return the answer of `start`, or its earlier answer to the same request with the same token.

        operation: its name, account and region. Raises RequestRejected for a token whose request had other parameters.
        """
        token = request.get("idempotencyToken")
        if not token:
            return start()
        key = (*operation, str(token))
        with self._lock:
            now = time.monotonic()
            self._tokens = {key: known for key, known in self._tokens.items() if now - known.at < _TOKEN_SECONDS}
            known = self._tokens.get(key)
            if known and known.request != dict(request):
                message = f"idempotencyToken: a request with the token {token} had other parameters; use a new token"
                raise RequestRejected("InvalidInputException", message)
            if known is None:
                self._tokens[key] = known = _Tokened(now, dict(request), start())
            return known.answer

    def _path(self, id_: str) -> Path:
        return self._folder / f"{id_.rpartition(':')[2]}.json"
