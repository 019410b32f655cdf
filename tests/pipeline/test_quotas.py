"""This project's usage of AWS's quotas."""

from cdk_delivery.quotas import quota_usages
from tests.synthesized import Synthesized


def test_this_project_passes_none(synthesized: Synthesized) -> None:
    """This project uses at most half of each quota."""
    assert [use for use in quota_usages(synthesized.folder) if use.used > 0.5 * use.allowed] == []
