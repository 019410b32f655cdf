"""Builds in MiniStack's CodeBuild, so that BatchGetBuilds, ListBuilds and StopBuild know them."""

from __future__ import annotations

from typing import Any

from rehearsal.codebuild.model import Build
from rehearsal.emulator.ministack.port import codebuild

Json = dict[str, Any]


class MinistackBuilds:
    """Records go where MiniStack's handlers look; its StopBuild marks the record, which a running build asks for."""

    def put(self, build: Build, record: Json) -> None:
        if not (self.is_stop_requested(build) and record["buildStatus"] == "IN_PROGRESS"):
            codebuild.put_build(build.account, build.region, build.id, record)

    def is_stop_requested(self, build: Build) -> bool:
        record = codebuild.find_build(build.account, build.region, build.id)
        return bool(record.get("buildStatus") == "STOPPED")
