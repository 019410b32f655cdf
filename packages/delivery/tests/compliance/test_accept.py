"""Findings are accepted one by one, each with a reason."""

import pytest
from aws_cdk import Stack

from cdk_delivery.compliance.accept import accept, logical_id


def test_an_acceptance_needs_a_reason() -> None:
    """accept() rejects an empty reason, which cdk-nag would ignore silently."""
    with pytest.raises(ValueError, match="without a reason"):
        accept(Stack(), "AwsSolutions-L1", because=" ", see="the docs")


def test_a_wildcard_is_refused() -> None:
    """A wildcard is rejected, since cdk-nag would not match it to any finding."""
    with pytest.raises(ValueError, match="would match nothing"):
        accept(Stack(), "AwsSolutions-IAM5[*]", because="all is well", see="the docs")


def test_a_rule_of_an_unknown_pack_is_refused() -> None:
    """A rule of an unknown pack is rejected; the error lists the known packs."""
    with pytest.raises(ValueError, match="rules begin with AwsSolutions-"):
        accept(Stack(), "CdkNag-X1", because="all is well", see="the docs")


def test_a_construct_without_a_resource_has_no_logical_id() -> None:
    """Such a construct is rejected, since no finding can name it."""
    with pytest.raises(TypeError, match="no main resource"):
        logical_id(Stack(None, "Empty"))
