"""docs/rehearsal.md and `--help` say the same: each command has a section that shows it and names all its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from rehearsal.cli import cli
from tests.root import ROOT

PAGE = (ROOT / "docs" / "rehearsal.md").read_text()
CONTEXT = click.Context(cli)
ALL = {name: cli.get_command(CONTEXT, name) for name in cli.list_commands(CONTEXT)}
VERBS = {name: verb for name, verb in ALL.items() if verb and not verb.hidden}
SECTIONS = {
    "A run": ("run",),
    "Why is it red?": ("history", "status", "logs"),
    "What would run?": ("run",),
    "What would a push do?": ("plan",),
    "Keep it open": ("up", "down", "watch", "stop", "approve", "reject"),
    "Once more, and back": ("retry", "rollback"),
    "A part of it": ("run",),
    "Who may do what": ("permissions", "run", "up"),
    "Look around": ("env", "shell"),
    "Any CDK pipeline": ("run", "up", "plan"),
    "Disk, and a fresh start": ("clean",),
    "In a shell": ("completion",),
}
# What a shell evaluates, and nobody reads.
UNSHOWN = {"completion"}


def options(verb: click.Command) -> list[click.Option]:
    return [each for each in verb.params if isinstance(each, click.Option)]


def sections(page: str) -> dict[str, str]:
    """The text under each heading."""
    found = re.split(r"^## (.+)\n", page, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def about(page: str, name: str) -> str:
    """The paragraphs, items and rows that name a command, in the sections where it has its place."""
    told = sections(page)
    text = "\n\n".join(told[title] for title, names in SECTIONS.items() if name in names)
    paragraphs = re.split(r"\n\n|\n(?=- |\| )", text)
    return "\n".join(each for each in paragraphs if re.search(rf"(rehearsal|rehearse) {name}\b|`{name}\b", each))


def missing(page: str) -> Iterator[str]:
    """Commands and options, by every spelling that they have, which a page does not name where it should."""
    for name, verb in VERBS.items():
        words = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", about(page, name)))
        if not about(page, name):
            yield name
        for option in options(verb):
            yield from (f"{name} {each}" for each in (*option.opts, *option.secondary_opts) if each not in words)


def unshown(page: str) -> Iterator[str]:
    """Commands that are nowhere shown with what they print."""
    for name in VERBS.keys() - UNSHOWN:
        blocks = "".join(re.findall(r"```text\n(.*?)```", page, flags=re.DOTALL))
        if not re.search(rf"^\$ rehearse {name}\b.*\n(?!\$ |\n|$)", blocks, flags=re.MULTILINE):
            yield name


def called(page: str) -> list[list[str]]:
    """What a page calls, as words."""
    lines = re.findall(r"(?:python -m rehearsal|rehearse) ([^`\n)\"|>]+)", page)
    return [shlex.split(line.replace("<Tab>", "").replace("'", ""), comments=True) for line in lines]


def test_every_command_and_option_is_in_its_section() -> None:
    """A person who looks a command up finds all that it takes, in its short and its negative form as well."""
    assert list(missing(PAGE)) == []


def test_every_command_is_shown_with_what_it_prints() -> None:
    """So that a person knows what to expect."""
    assert list(unshown(PAGE)) == []


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
    """So that the first tests can go red; an option of the same name of another command is no help."""
    assert "rollback" in list(missing(PAGE.replace("rollback", "")))
    assert "stop --abandon" in list(missing(PAGE.replace("--abandon", "")))
    kept = PAGE.replace("`history`", "history")
    assert "history --number" in list(missing(kept))
    assert "status" in list(unshown(PAGE.replace("rehearse status", "rehearse history")))
