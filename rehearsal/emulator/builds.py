"""The builds of pipelines in MiniStack's CodeBuild, so that BatchGetBuilds, ListBuilds and StopBuild know them."""

from __future__ import annotations

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import codebuild

from rehearsal.codebuild.values import Build

Json = dict[str, Any]


class MinistackBuilds:
    """Records go where MiniStack's handlers look; its StopBuild marks the record, which a running build asks for."""

    def register(self) -> None:
        """MiniStack's StartBuild says SUCCEEDED and runs nothing: an error is better than a lie."""
        codebuild._start_build = _start_build

    def put(self, build: Build, record: Json) -> None:
        if not (self.stop_wanted(build) and record["buildStatus"] == "IN_PROGRESS"):
            codebuild._builds.set_scoped(build.account, build.region, build.id, record)

    def stop_wanted(self, build: Build) -> bool:
        record = codebuild._builds.get_scoped(build.account, build.region, build.id, {})
        return bool(record.get("buildStatus") == "STOPPED")


def _start_build(request: Json) -> Any:
    name = request.get("projectName", "")
    if name not in codebuild._projects:
        return error_response_json("ResourceNotFoundException", f"Project cannot be found: {name}", 400)
    kind = codebuild._projects[name]["source"].get("type", "")
    why = (
        "its source is CODEPIPELINE: start the pipeline"
        if kind == "CODEPIPELINE"
        else f"its source is {kind}, and only builds that a pipeline starts are rehearsed"
    )
    return error_response_json("InvalidInputException", f"{name} cannot be started by StartBuild here: {why}", 400)
