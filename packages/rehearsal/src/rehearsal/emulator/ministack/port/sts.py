"""STS: role sessions."""

from __future__ import annotations

from collections.abc import Mapping

from ministack.services import sts


def register_session(access_key: str, session: Mapping[str, object]) -> None:
    """Register an access key for a role session; session: MiniStack's record of it."""
    sts.register_session(access_key, dict(session))
