"""The order of a stack's resources: what an UpdatePolicy refers to is updated first.

Source: AWS CloudFormation user guide, "DependsOn attribute": references make dependencies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

Dependencies = Callable[[Mapping[str, object], set[str]], set[str]]


def follow_update_policies(dependencies: Dependencies) -> Dependencies:
    """Return the replacement of the function that lists the resources that a resource refers to."""

    def of_properties_and_policy(resource: Mapping[str, object], names: set[str]) -> set[str]:
        policy = resource.get("UpdatePolicy")
        found = dependencies(resource, names)
        return found | dependencies({"Properties": policy}, names) if policy else found

    return of_properties_and_policy
