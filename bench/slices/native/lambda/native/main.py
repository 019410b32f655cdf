"""Imports what the slice holds."""

from typing import Any

import boto3
import requests
from aws_lambda_powertools.utilities.parser import BaseModel


class Message(BaseModel):
    """The request."""

    text: str


def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    """Tell which versions were imported."""
    return {"boto3": boto3.__version__, "requests": requests.__version__, "text": Message(**event).text}
