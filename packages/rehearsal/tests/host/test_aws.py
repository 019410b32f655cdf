"""Clients for the embedded AWS."""

from __future__ import annotations

from rehearsal.aws import Endpoint, close_clients, root

ENDPOINT = Endpoint("http://127.0.0.1:1")


def test_who_asks_again_gets_the_same_client() -> None:
    """With the connections that it has; other credentials are another client's."""
    first = ENDPOINT.client("sqs", root("111111111111"), "eu-west-1")
    assert ENDPOINT.client("sqs", root("111111111111"), "eu-west-1") is first
    assert ENDPOINT.client("sqs", root("222222222222"), "eu-west-1") is not first
    assert ENDPOINT.client("sqs", root("111111111111"), "us-east-1") is not first


def test_after_hanging_up_connections_are_new() -> None:
    """No client is handed out whose connections were closed."""
    first = ENDPOINT.client("sqs", root("111111111111"), "eu-west-1")
    close_clients()
    assert ENDPOINT.client("sqs", root("111111111111"), "eu-west-1") is not first
