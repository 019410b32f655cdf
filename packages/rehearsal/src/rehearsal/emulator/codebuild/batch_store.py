"""The records of batches, for BatchGetBuildBatches, ListBuildBatches and ListBuildBatchesForProject.

Source: AWS CodeBuild API reference, these operations.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path

from rehearsal.emulator.api_message import ApiMessage
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.host.atomic_write import write_json
from rehearsal.host.cancellation import Cancellation
from rehearsal.json_values import JsonObject

BATCH_FOLDER = "build-batches"  # in the folder of the embedded AWS's state
_GET, _LIST, _LIST_OF_PROJECT = "BatchGetBuildBatches", "ListBuildBatches", "ListBuildBatchesForProject"
STORE_OPERATIONS = (_GET, _LIST, _LIST_OF_PROJECT, "DeleteBuildBatch")
_MOST = 100
_INTERRUPTED = {"buildBatchStatus": "FAULT", "currentPhase": "FAILED", "complete": True}


class BatchStore:
    """Stores a file per batch; the files are part of the embedded AWS's state."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._running: dict[str, Cancellation] = {}

    def begin(self, arn: str) -> Cancellation:
        """Return the cancellation of a batch that begins."""
        return self._running.setdefault(arn, Cancellation())

    def put(self, record: JsonObject) -> None:
        """Store the record of a batch, which replaces an earlier one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._lock:
            write_json(self._folder / f"{str(record['id']).rpartition(':')[2]}.json", record)
            if record.get("complete"):
                self._running.pop(str(record["arn"]), None)

    def call(self, operation: str, request: ApiMessage, account: str, region: str) -> ApiMessage:
        """Answer an operation of the API. Raises ApiError."""
        if operation not in (_GET, _LIST, _LIST_OF_PROJECT):
            raise ApiError(
                "InvalidInputException", f"{operation} is not rehearsed: a batch is kept until `rehearse clean`"
            )
        batches = self._of(account, region)
        return _found(request, batches) if operation == _GET else _listed(request, batches, operation)

    def find(self, id_: str, account: str, region: str) -> ApiMessage:
        """Return the record of a batch by its id or ARN. Raises ApiError."""
        for batch in self._of(account, region):
            if id_ in (batch["id"], batch["arn"]):
                return batch
        raise ApiError("ResourceNotFoundException", f"Build batch cannot be found: {id_}")

    def stop(self, id_: str, account: str, region: str) -> ApiMessage:
        """Stop a batch that runs; return its record. Raises ApiError."""
        batch = self.find(id_, account, region)
        if running := self._running.get(batch["arn"]):
            running.set()
        return batch

    def resources(self, request: ApiMessage, account: str, region: str) -> list[str]:
        """Return the projects that policies are evaluated on, by the ids of builds or batches; `*` without an id.

        Source: service authorization reference, "Actions, resources, and condition keys for AWS CodeBuild".
        """
        ids = request.get("ids") or ([request["id"]] if "id" in request else [])
        names = [request["projectName"]] if "projectName" in request else map(_project, ids)
        projects = [f"arn:aws:codebuild:{region}:{account}:project/{name}" for name in sorted({*map(str, names)})]
        return projects or ["*"]

    def _of(self, account: str, region: str) -> list[ApiMessage]:
        """Return the batches of an account and region, the newest one first.

        One that was running when its embedded AWS was killed has the status FAULT.
        """
        prefix = f"arn:aws:codebuild:{region}:{account}:build-batch/"
        with self._lock:  # a batch that ends is in `_running` until its file says so
            files = [json.loads(file.read_text()) for file in self._folder.glob("*.json")]
            running = {*self._running}
        batches = [
            batch if batch.get("complete") or batch["arn"] in running else {**batch, **_INTERRUPTED}
            for batch in files
            if str(batch["arn"]).startswith(prefix)
        ]
        return sorted(batches, key=lambda batch: float(batch["startTime"]), reverse=True)


def _found(request: ApiMessage, batches: list[ApiMessage]) -> ApiMessage:
    ids = request.get("ids") or []
    if not 1 <= len(ids) <= _MOST:
        raise ApiError("InvalidInputException", f"ids: got {len(ids)}; 1 to {_MOST} are allowed")
    known = {name: batch for batch in batches for name in (batch["id"], batch["arn"])}
    return {
        "buildBatches": [known[id_] for id_ in ids if id_ in known],
        "buildBatchesNotFound": [id_ for id_ in ids if id_ not in known],
    }


def _listed(request: ApiMessage, batches: list[ApiMessage], operation: str) -> ApiMessage:
    status, project = (request.get("filter") or {}).get("status"), request.get("projectName")
    if operation == _LIST_OF_PROJECT:
        batches = [batch for batch in batches if batch["projectName"] == project]
    ids = [batch["id"] for batch in batches if status in (None, batch["buildBatchStatus"])]
    if request.get("sortOrder") == "ASCENDING":
        ids.reverse()
    token = str(request.get("nextToken", "0"))
    if not token.isdecimal():
        raise ApiError("InvalidInputException", f"nextToken: got {token!r}, which was never returned")
    end = int(token) + min(int(request.get("maxResults", _MOST)), _MOST)
    return {"ids": ids[int(token) : end], **({"nextToken": str(end)} if end < len(ids) else {})}


def _project(id_: object) -> str:
    """Return the project in the id or the ARN of a build or a batch."""
    return str(id_).rpartition("/")[2].rpartition(":")[0]
