"""Sessions of roles."""

from __future__ import annotations

from collections.abc import Mapping

from ministack.services import sts


def register_session(access_key: str, session: Mapping[str, object]) -> None:
    """Let an access key work as a session of a role."""
    sts.register_session(access_key, dict(session))
