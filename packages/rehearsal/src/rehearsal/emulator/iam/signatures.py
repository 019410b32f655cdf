"""A fault of MiniStack: it takes the key of a root user, which is an account's id, without looking at the signature."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from ministack import app
from ministack.core import iam_evaluator as evaluator


def verify_root_user_signatures() -> None:
    """Who signs as the root user of an account has to know its secret: nothing but the person at the machine does.

    MiniStack lays requests aside for the check of their signature unless a root user's key is in them; the same code
    does it for all keys when it takes none for a root user's.
    """
    pin = evaluator.pin_signed_request

    def no_root(_: Any) -> bool:
        return False

    as_of_others = FunctionType(pin.__code__, {**vars(evaluator), "_is_root_key": no_root}, None, pin.__defaults__)

    def pinned(*request: Any, **named: Any) -> None:
        as_of_others(*request, **named)
        if evaluator._signed_request.get() is None:
            evaluator._anonymous.set(True)  # who signs nothing is nobody, not the root user of account 000000000000

    evaluator.pin_signed_request = app.pin_signed_request = pinned
