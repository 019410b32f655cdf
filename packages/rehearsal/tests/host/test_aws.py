"""Clients of the embedded AWS, and the models of its services."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.exceptions import UnknownServiceError

from rehearsal.aws import Endpoint, close_clients, root, service_model

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


def test_models_are_botocores() -> None:
    """The model of a service is the one that botocore finds, and an unknown service is an error."""
    expected = botocore.session.get_session().get_service_model("codepipeline")
    found = service_model("codepipeline")
    assert (found.api_version, found.operation_names) == (expected.api_version, expected.operation_names)
    with pytest.raises(UnknownServiceError):
        service_model("codepipe")
