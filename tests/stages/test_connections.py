"""The connections between the service's resources."""

from cdk_delivery.compliance.connections import faults
from tests.synthesized import Synthesized


def test_the_assembly_as_it_is_has_no_fault(synthesized: Synthesized) -> None:
    """No template of the assembly has a fault in its connections."""
    assert [fault for template in synthesized.assembly.templates() for fault in faults(template)] == []
