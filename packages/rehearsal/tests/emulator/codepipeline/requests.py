"""Parts of requests of the CodePipeline API."""

from __future__ import annotations

from typing import Any

from tests.engine.conftest import KEY

NAME = {"pipelineName": KEY.name}
NOBODY = "00000000-0000-4000-8000-000000000000"


def answer(token: str, status: str = "Approved", **more: str) -> dict[str, Any]:
    where = {**NAME, "stageName": "Two", "actionName": "ask", **more}
    return {**where, "token": token, "result": {"status": status, "summary": "looked at it"}}
