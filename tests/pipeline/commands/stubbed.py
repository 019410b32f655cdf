"""Sessions whose clients give the answers that a test wants, where the embedded AWS cannot play them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
from botocore.stub import Stubber

from pipeline.commands.accounts import Sessions, Target

Answers = Callable[[Stubber], object]


class Stubbed(Sessions):
    """Every client gives the same answers."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def client(self, service: str, target: Target) -> Any:
        keys = {"aws_access_key_id": "1", "aws_secret_access_key": "1"}
        api = boto3.client(service, region_name=target.region, **keys)
        stub = Stubber(api)
        self._answers(stub)
        stub.activate()
        return api
