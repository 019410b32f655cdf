"""docs/rehearsal.md and `--help` say the same: every command and option is in the page, and the page names no other."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from rehearsal.cli import cli
from tests.synthesized import ROOT

PAGE = (ROOT / "docs" / "rehearsal.md").read_text()
VERBS = {name: verb for name, verb in cli.commands.items() if not verb.hidden}


def options(verb: click.Command) -> list[click.Option]:
    return [each for each in verb.params if isinstance(each, click.Option)]


def missing(page: str) -> Iterator[str]:
    """Commands and options that a page does not name."""
    words = set(re.findall(r"--?[a-z][a-z-]*|\b[a-z]+\b", page))
    for name, verb in VERBS.items():
        if not re.search(rf"(rehearsal|rehearse) {name}\b|`{name}\b", page):
            yield name
        for option in options(verb):
            wanted = max(option.opts, key=len)
            if wanted not in words:
                yield f"{name} {wanted}"


def called(page: str) -> list[list[str]]:
    """What a page calls, as words."""
    lines = re.findall(r"(?:python -m rehearsal|rehearse) ([^`\n)\"|>]+)", page)
    return [shlex.split(line.replace("<Tab>", "").replace("'", ""), comments=True) for line in lines]


def test_every_command_and_option_is_in_the_page() -> None:
    """A person who reads it knows all."""
    assert list(missing(PAGE)) == []


@pytest.mark.parametrize("words", called(PAGE), ids=" ".join)
def test_what_the_page_calls_exists(words: list[str]) -> None:
    """No command and no option of another time."""
    verb = VERBS[words[0].rstrip(".,:;")]
    known = {name for option in options(verb) for name in (*option.opts, *option.secondary_opts)}
    assert {word for word in words[1:] if word.startswith("-")} <= known


@pytest.mark.parametrize("name", VERBS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    """And every command."""
    assert VERBS[name].help
    assert [option.name for option in options(VERBS[name]) if not option.help] == []


@pytest.mark.gate
def test_a_command_that_is_not_in_the_page_is_found() -> None:
    """So that the first test can go red."""
    assert "rollback" in list(missing(PAGE.replace("rollback", "")))
    assert "stop --abandon" in list(missing(PAGE.replace("--abandon", "")))
