"""Sessions in the accounts of a delivery."""

from __future__ import annotations

from cdk_delivery.commands.accounts import Sessions, Target


def test_a_client_is_created_once() -> None:
    """A client takes a tenth of a second; each account and region has a separate one."""
    sessions, ireland = Sessions([]), Target("111111111111", "eu-west-1")
    assert sessions.client("sts", ireland) is sessions.client("sts", ireland)
    others = Target("111111111111", "eu-central-1"), Target("222222222222", "eu-west-1")
    assert sessions.client("sts", ireland) not in [sessions.client("sts", other) for other in others]
