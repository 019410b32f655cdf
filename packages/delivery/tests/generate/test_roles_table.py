"""The table of roles: each role of the templates has a row with its purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdk_delivery.errors import WrongUse
from cdk_delivery.generate.page import Marks, replace_table
from cdk_delivery.generate.roles_table import FUNCTION, table
from tests.assemblies import write_stage

MARKS = Marks("<!-- begin -->", "<!-- end -->")


def assembly(folder: Path, role: str, service: str) -> Path:
    """Return an assembly with one role, of a stack in the stage Dev."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    properties = {"AssumeRolePolicyDocument": {"Statement": [statement]}}
    resources = {f"{role}0A1B2C3D": {"Type": "AWS::IAM::Role", "Properties": properties}}
    write_stage(folder, "assembly-Pipeline-Dev", Shop=resources)
    return folder


@pytest.mark.gate
def test_a_role_without_a_purpose_is_rejected(tmp_path: Path) -> None:
    """A role without a purpose is an error that names the role and the configuration table."""
    with pytest.raises(WrongUse, match=r"ReaderRole: .* pyproject\.toml \[tool\.delivery\.roles\]"):
        table(assembly(tmp_path, "ReaderRole", "states"), {"OtherRole": "writes"})


def test_a_project_explains_its_own_roles(tmp_path: Path) -> None:
    """The configuration gives purposes by patterns of logical ids, without CDK's hash."""
    found = table(assembly(tmp_path, "ReaderRole", "states"), {r"Read\w+": "reads"})
    assert found.splitlines()[-1] == "| ReaderRole | dev | states | nothing | reads |"


@pytest.mark.parametrize(
    ("purposes", "role", "why"),
    [
        ({}, FUNCTION, "what one function does, and nothing that CDK would add"),
        ({"ShopRole": "sells"}, "ShopRole", "sells"),
    ],
)
def test_the_role_of_a_function_needs_no_reason(tmp_path: Path, purposes: dict[str, str], role: str, why: str) -> None:
    """A function's role may have a purpose in the configuration, but does not need one."""
    found = table(assembly(tmp_path, "ShopRole", "lambda"), purposes)
    assert found.splitlines()[-1] == f"| {role} | dev | lambda | nothing | {why} |"


def test_only_the_table_of_a_page_is_replaced(tmp_path: Path) -> None:
    """The text before and after the table is unchanged."""
    (tmp_path / "page.md").write_text("before\n<!-- begin -->\nold\n<!-- end -->\nafter\n")
    found = replace_table(tmp_path, "page.md", MARKS, "| new |\n")
    assert found == "before\n<!-- begin -->\n\n| new |\n\n<!-- end -->\nafter\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"there is no page\.md in .*; pyproject\.toml \[tool\.delivery\.pages\] names it"),
        ("<!-- begin -->", "page.md needs the lines <!-- begin --> and <!-- end -->"),
        ("<!-- end -->", "page.md needs the lines <!-- begin --> and <!-- end -->"),
    ],
)
def test_a_page_without_a_place_for_the_table_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    """A page without the two marks is an error."""
    if text is not None:
        (tmp_path / "page.md").write_text(text)
    with pytest.raises(WrongUse, match=message):
        replace_table(tmp_path, "page.md", MARKS, "| new |\n")
