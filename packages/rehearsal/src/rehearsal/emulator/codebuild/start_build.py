"""StartBuild and RetryBuild: builds outside a pipeline, run in the same way as those of pipelines.

Source: AWS CodeBuild API reference, "StartBuild", "RetryBuild".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rehearsal.emulator.codebuild.build_runner import BuildRunner, StartedBuild
from rehearsal.emulator.codebuild.overridden_project import project_of_build
from rehearsal.emulator.codebuild.started_requests import StartedRequests
from rehearsal.emulator.ministack.port import codebuild
from rehearsal.emulator.ministack.port.requests import (
    Answer,
    error_response_json,
    get_account_id,
    get_region,
    json_response,
    request_scope,
)
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.errors import RequestRejected
from rehearsal.json_values import text

if TYPE_CHECKING:
    from types_boto3_codebuild.type_defs import StartBuildInputTypeDef

RETRY_BUILD = "RetryBuild"


class StartedBuilds:
    """Implements StartBuild and RetryBuild, and runs each build in a thread; MiniStack's StartBuild runs nothing."""

    def __init__(self, runner: BuildRunner, requests: StartedRequests) -> None:
        self._runner, self._requests = runner, requests
        self._running: dict[str, tuple[StartedBuild, threading.Thread]] = {}

    def start_build(
        self, _start_build: Callable[[StartBuildInputTypeDef], Answer]
    ) -> Callable[[StartBuildInputTypeDef], Answer]:
        """Return the replacement of MiniStack's StartBuild."""
        return self.answer

    def answer(self, request: StartBuildInputTypeDef) -> Answer:
        """Start a build; return MiniStack's form of a response: status, headers, body."""
        try:
            place = ("StartBuild", get_account_id(), get_region())
            return json_response(self._requests.once(place, request, lambda: self._start(request)))
        except RequestRejected as error:
            return error_response_json(error.code, str(error), 400)

    def retry(self, _operation: str, request: dict[str, object], account: str, region: str) -> dict[str, object]:
        """Answer RetryBuild: start a build with the request that has started an earlier one. Raises ApiError."""
        try:
            with request_scope(account, region):
                place = (RETRY_BUILD, account, region)
                return self._requests.once(place, request, lambda: self._start(self._earlier(text(request, "id"))))
        except RequestRejected as error:
            raise ApiError(error.code, str(error)) from error

    def close(self) -> None:
        """Stop every build, and wait for each at most 20 seconds."""
        running = [*self._running.values()]
        for started, _ in running:
            started.entry.stop.set()
        for _, thread in running:
            thread.join(20)

    def _earlier(self, build: str) -> Mapping[str, object]:
        """Return the request that started a build, which is given by its id or ARN. Raises RequestRejected."""
        id_ = build.rpartition("/")[2]
        request = self._requests.find(id_)
        if request is not None:
            return request
        if codebuild.find_build(get_account_id(), get_region(), id_):
            why = "a pipeline or a batch started it: retry the pipeline's stage, or the batch"
            raise RequestRejected("InvalidInputException", f"{id_} cannot be retried by itself: {why}")
        raise RequestRejected("ResourceNotFoundException", f"Build cannot be found: {id_}")

    def _start(self, request: Mapping[str, object]) -> dict[str, object]:
        project, version = project_of_build(request)
        build = project.build(self._runner.workspace.caches, initiator="root", source_version=version)
        started = self._runner.enter(project, build)
        self._requests.keep(build.id, request)
        thread = threading.Thread(target=self._run, args=(started,), name=build.id, daemon=True)
        self._running[build.id] = (started, thread)
        answer: dict[str, object] = {"build": codebuild.build_record(build.id)}
        thread.start()
        return answer

    def _run(self, started: StartedBuild) -> None:
        try:
            self._runner.run(started)
        finally:
            self._running.pop(started.build.id, None)
