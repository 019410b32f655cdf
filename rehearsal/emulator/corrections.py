"""Faults of MiniStack 1.5.33, each corrected by one function, so that a correction can go when MiniStack mends it.

Each function says what AWS does; the test of the same name shows the fault without it.
"""

from __future__ import annotations

from typing import Any

from ministack import app
from ministack.services import s3


def apply(*, iam: bool) -> None:
    """Correct this process's MiniStack, before it serves its first request."""
    port_443_stays_free()
    if not iam:
        foreign_buckets_open_without_iam()


def port_443_stays_free() -> None:
    """With TLS, MiniStack takes port 443 as well as its own; a rehearsal has no business there."""
    app._port_is_bindable = lambda *_: False


def foreign_buckets_open_without_iam() -> None:
    """Another account's bucket asks its policy about the caller's account root, even where IAM is off.

    On AWS the policy is asked about the calling role; where nothing is enforced, it should not be asked at all.
    """

    def allows(*_: Any, **__: Any) -> bool:
        return True

    s3._foreign_bucket_allows = allows
