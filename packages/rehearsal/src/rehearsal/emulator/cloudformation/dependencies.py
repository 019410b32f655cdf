"""The order of a stack's resources: resources that an UpdatePolicy refers to are updated first.

Source: AWS CloudFormation user guide, "DependsOn attribute": references create dependencies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

Dependencies = Callable[[Mapping[str, object], set[str]], set[str]]


def follow_update_policies(dependencies: Dependencies) -> Dependencies:
    """Return the replacement of the function that lists a resource's dependencies; it adds those of UpdatePolicy."""

    def of_properties_and_policy(resource: Mapping[str, object], names: set[str]) -> set[str]:
        policy = resource.get("UpdatePolicy")
        of_properties = dependencies(resource, names)
        return of_properties | dependencies({"Properties": policy}, names) if policy else of_properties

    return of_properties_and_policy
