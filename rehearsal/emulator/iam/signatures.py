"""A fault of MiniStack: it takes the key of a root user, which is an account's id, without looking at the signature."""

from __future__ import annotations

from typing import Any

from ministack import app
from ministack.core import iam_evaluator as evaluator
from ministack.core.iam_evaluator import SignedRequest
from ministack.core.router import extract_access_key_id

SIGNED = "AWS4-HMAC-SHA256"


def signatures_of_root_users_are_verified() -> None:
    """Who signs as the root user of an account has to know its secret: nothing but the person at the machine does."""
    pin = evaluator.pin_signed_request

    def pinned(method: str, path: str, query: Any, headers: list[tuple[bytes, bytes]], **named: Any) -> None:
        pin(method, path, query, headers, **named)
        lowered = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
        authorization = lowered.get("authorization", "")
        key = extract_access_key_id({"authorization": authorization}, {}) or ""
        if authorization.startswith(SIGNED) and evaluator.is_root_access_key(key):
            evaluator._signed_request.set(SignedRequest(key, method, path, query, lowered))

    evaluator.pin_signed_request = app.pin_signed_request = pinned
