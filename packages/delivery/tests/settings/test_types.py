"""The types of single settings accept the values that AWS, git and mail servers accept."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from cdk_delivery.settings.types import Account, Branch, Email, Region

GOOD_BRANCHES = ["main", "release/1.2", "a", "feature/x-y_z", "über", "a.b", "@a", "heads/HEAD"]
BAD_BRANCHES = [
    "",
    "-main",
    "/main",
    "main/",
    "a//b",
    "a..b",
    "main.",
    ".main",
    "a/.b",
    "a.lock",
    "a.lock/b",
    "a@{b",
    "HEAD",
    "a b",
    "a~b",
    "a^b",
    "a:b",
    "a\\b",
    "a?b",
    "a*",
    "a[b]",
    "a\tb",
    "a\x7fb",
]


def accepts(kind: Any, value: str) -> bool:
    """Return whether the setting accepts the value."""
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("branch", [*GOOD_BRANCHES, *BAD_BRANCHES])
def test_a_branch_is_one_that_git_takes(branch: str) -> None:
    """The rules agree with `git check-ref-format`."""
    command = ["git", "check-ref-format", "--branch", branch]
    known = subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert accepts(Branch, branch) == known == (branch in GOOD_BRANCHES)


@pytest.mark.parametrize("branch", ["a{b,c}", "a]", "@"])
def test_a_branch_that_a_trigger_reads_as_a_pattern_is_refused(branch: str) -> None:
    """A branch that CodePipeline's trigger would read as a pattern, or git as HEAD, is rejected."""
    assert not accepts(Branch, branch)


@pytest.mark.parametrize(
    "address", ["team@company.com", "a.b+c@x-y.co.uk", "o'neil@example.org", f"{'a' * 64}@example.com"]
)
def test_an_address_is_taken(address: str) -> None:
    """E-mail addresses that mail servers accept are valid."""
    assert accepts(Email, address)


@pytest.mark.parametrize(
    "address",
    [
        "team",
        "team@company",
        "a@b@c.com",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        "a@-x.com",
        "a@x-.com",
        "a@x..com",
        "a b@example.com",
        "a@example.com,b@example.com",
        "<a@example.com>",
        "a@example.c0m",
        "ä@example.com",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 63}.com",
    ],
)
def test_an_invalid_address_is_rejected(address: str) -> None:
    """An invalid address is rejected, since SNS would accept it and never deliver the confirmation."""
    assert not accepts(Email, address)


@pytest.mark.parametrize(
    ("kind", "value"), [(Account, "\u0663" * 12), (Account, "\uff13" * 12), (Region, "eu-west-\u0661")]
)
def test_digits_are_those_of_ascii(kind: Any, value: str) -> None:
    """Digits of other scripts are rejected in account ids."""
    assert not accepts(kind, value)


@pytest.mark.parametrize("kind", [Branch, Email, Account, Region])
def test_editors_get_a_pattern_that_compiles(kind: Any) -> None:
    """The pattern in the JSON Schema is a valid regular expression."""
    schema = TypeAdapter(kind).json_schema()
    assert re.compile(schema["pattern"]).pattern
    assert json.dumps(schema)
