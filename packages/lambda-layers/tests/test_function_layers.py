"""The assignment of packages to layers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_layers.errors import LayersError, WrongUse
from lambda_layers.locks.pin import Pin
from lambda_layers.poetry.export import export
from lambda_layers.selection.function_layers import SHARED, assign_packages, functions, groups
from lambda_layers.target.platform import Target
from tests.projects import Project
from tests.wheels import House

TARGET = Target("3.13", "x86_64")
NAMES = st.sampled_from([f"p{index}" for index in range(8)])
CLOSURES = st.dictionaries(st.sampled_from(["one", "two", "three"]), st.sets(NAMES), max_size=3)


def pins(names: set[str]) -> list[Pin]:
    """Return a pin for each name."""
    return [Pin(name, "1") for name in sorted(names)]


@given(shared=st.sets(NAMES), own=CLOSURES)
def test_every_function_gets_its_closure_and_nothing_twice(shared: set[str], own: dict[str, set[str]]) -> None:
    """A function has at most two layers, with the shared closure and its own, and no package twice."""
    every = ["one", "three", "two"]
    closures = {SHARED: pins(shared), **{name: pins(names) for name, names in own.items()}}
    parts = assign_packages(closures, every, TARGET, dict.fromkeys(closures, frozenset()))
    for function in every:
        held = [pin.name for part in parts if function in part.functions for pin in part.pins]
        assert sorted(held) == sorted(shared | own.get(function, set()))
        assert len([part for part in parts if function in part.functions]) <= 2
    assert all(part.pins for part in parts)
    assert [part.name for part in parts][:1] in ([], [SHARED], *([name] for name in own))


@given(shared=st.sets(NAMES), own=st.sets(NAMES), dropped=st.sets(NAMES), more=st.sets(NAMES))
def test_what_the_runtime_brings_is_left_out_where_nobody_needs_it(
    shared: set[str], own: set[str], dropped: set[str], more: set[str]
) -> None:
    """A package dropped only from the shared layer is in the layer of the function that needs it."""
    closures = {SHARED: pins(shared), "one": pins(shared | own)}
    leave = {SHARED: frozenset(dropped | more), "one": frozenset(dropped)}
    parts = assign_packages(closures, ["one"], TARGET, leave)
    held = [pin.name for part in parts for pin in part.pins]
    assert sorted(held) == sorted((shared | own) - dropped)


def test_packages_for_other_platforms_are_left_out() -> None:
    """Markers are evaluated for the target, not for this machine."""
    found = [Pin("here", "1", 'sys_platform == "linux"'), Pin("there", "1", 'sys_platform == "win32"')]
    (part,) = assign_packages({SHARED: found}, ["one"], TARGET, {SHARED: frozenset()})
    assert [pin.name for pin in part.pins] == ["here"]


@pytest.mark.gate
def test_a_closure_of_which_nothing_is_for_the_target_is_refused() -> None:
    """A layer is rejected if the markers exclude all of its packages."""
    closures = {SHARED: [], "one": [Pin("base", "1", 'python_version < "3.13"')]}
    with pytest.raises(LayersError, match=r"layer one: the lock has 1 packages for it, and none is for Python 3\.13"):
        assign_packages(closures, ["one"], TARGET, dict.fromkeys(closures, frozenset()))


def test_a_group_without_packages_makes_no_layer() -> None:
    """A group whose packages are all in the shared layer creates no layer, since Lambda rejects empty ones."""
    closures = {SHARED: pins({"base"}), "one": pins({"base"})}
    assert [part.name for part in assign_packages(closures, ["one"], TARGET, dict.fromkeys(closures, frozenset()))] == [
        SHARED
    ]


def test_groups_follow_functions(project: Project, house: House) -> None:
    """A group that has no function's name does not become a layer."""
    house.wheel("base")
    root = project.write({"main": ["base"], "one": ["base"], "test": ["base"]})
    assert groups(root) == {SHARED: "main", "one": "one"}
    assert functions(root) == ["one", "two"]


def test_a_function_s_group_may_be_spelt_otherwise(project: Project, house: House) -> None:
    """The group my-fn belongs to the function my_fn, since both names are equal for Poetry."""
    house.wheel("base")
    root = project.write({"main": [], "my-fn": ["base"]}, functions=["my_fn"])
    assert groups(root) == {SHARED: "main", "my_fn": "my-fn"}
    assert [pin.name for pin in export(root, ["my-fn"])["my-fn"]] == ["base"]


@pytest.mark.gate
def test_a_function_may_not_take_the_name_of_the_shared_layer(project: Project, house: House) -> None:
    """A function named like the shared layer is rejected."""
    house.wheel("base")
    with pytest.raises(WrongUse, match="lambda/shared: the name is taken"):
        groups(project.write({"main": ["base"]}, functions=["shared"]))
