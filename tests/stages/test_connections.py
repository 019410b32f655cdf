"""Connections of the service work, and no message is lost."""

from cdk_delivery.compliance.connections import faults
from tests.synthesized import Synthesized


def test_the_assembly_as_it_is_has_no_fault(synthesized: Synthesized) -> None:
    """In any of its templates."""
    assert [fault for template in synthesized.assembly.templates() for fault in faults(template)] == []
