"""Clients of the embedded AWS."""

from __future__ import annotations

from rehearsal.aws import Endpoint, close_clients, root

ENDPOINT = Endpoint("http://127.0.0.1:1")


def test_clients_are_reused() -> None:
    """Calls with the same credentials and region return the same client, which keeps its connections."""
    first = ENDPOINT.client("sqs", root("111111111111"), "eu-west-1")
    assert ENDPOINT.client("sqs", root("111111111111"), "eu-west-1") is first
    assert ENDPOINT.client("sqs", root("222222222222"), "eu-west-1") is not first
    assert ENDPOINT.client("sqs", root("111111111111"), "us-east-1") is not first


def test_closed_clients_are_not_reused() -> None:
    """After close_clients, a new client is returned."""
    first = ENDPOINT.client("sqs", root("111111111111"), "eu-west-1")
    close_clients()
    assert ENDPOINT.client("sqs", root("111111111111"), "eu-west-1") is not first
