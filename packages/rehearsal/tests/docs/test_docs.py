"""docs/rehearsal/ and `--help` agree: each command has a page that shows it and lists all its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

import click
import pytest

from rehearsal.cli import cli
from tests.root import ROOT

FOLDER = ROOT / "docs" / "rehearsal"
PAGES = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.md"))}
CONTEXT = click.Context(cli)
ALL = {name: cli.get_command(CONTEXT, name) for name in cli.list_commands(CONTEXT)}
VERBS = {name: verb for name, verb in ALL.items() if verb and not verb.hidden}
# The pages where a reader looks a command up.
COMMANDS = {
    "run": ("run", "clock"),
    "debug": ("why", "report", "history", "status", "logs", "env", "shell"),
    "plan": ("run", "plan"),
    "keep-running": ("up", "console", "down", "watch", "stop", "approve", "reject"),
    "parts": ("retry", "rollback", "run"),
    "iam": ("permissions", "run", "up"),
    "other-projects": ("run", "up", "plan", "pr"),
    "configuration": ("clean", "completion"),
}
# Output that a shell evaluates.
UNSHOWN = {"completion"}


def options(verb: click.Command) -> list[click.Option]:
    return [option for option in verb.params if isinstance(option, click.Option)]


def paragraphs(pages: Mapping[str, str], name: str) -> str:
    """Return the paragraphs, items and rows that name a command, in the command's pages."""
    text = "\n\n".join(pages[page] for page, names in COMMANDS.items() if name in names)
    parts = re.split(r"\n\n|\n(?=- |\| )", text)
    return "\n".join(part for part in parts if re.search(rf"(rehearsal|rehearse) {name}\b|`{name}\b", part))


def missing(pages: Mapping[str, str]) -> Iterator[str]:
    """Yield the commands and the spellings of options that their pages do not name."""
    for name, verb in VERBS.items():
        words = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", paragraphs(pages, name)))
        if not paragraphs(pages, name):
            yield name
        for option in options(verb):
            yield from (
                f"{name} {spelling}" for spelling in (*option.opts, *option.secondary_opts) if spelling not in words
            )


def unshown(pages: Mapping[str, str]) -> Iterator[str]:
    """Yield the commands whose output no page shows."""
    blocks = "".join(re.findall(r"```text\n(.*?)```", "\n".join(pages.values()), flags=re.DOTALL))
    for name in VERBS.keys() - UNSHOWN:
        if not re.search(rf"^\$ rehearse {name}\b.*\n(?!\$ |\n|$)", blocks, flags=re.MULTILINE):
            yield name


def called(pages: Mapping[str, str]) -> list[list[str]]:
    """Return the commands that the pages call, as words."""
    lines = re.findall(r"(?:python -m rehearsal|rehearse) ([^`\n)\"|>]+)", "\n".join(pages.values()))
    return [shlex.split(line.replace("<Tab>", "").replace("'", ""), comments=True) for line in lines]


def test_every_command_and_option_is_in_its_page() -> None:
    """The pages of each command list all its options, including short and negative forms."""
    assert list(missing(PAGES)) == []


def test_every_command_is_shown_with_its_output() -> None:
    """The pages show an example of each command with its output."""
    assert list(unshown(PAGES)) == []


@pytest.mark.parametrize("words", called(PAGES), ids=" ".join)
def test_the_commands_of_the_pages_exist(words: list[str]) -> None:
    """The pages use no command or option that does not exist."""
    while words[0].startswith("-"):
        assert words[0] in {name for option in cli.params for name in option.opts}
        words = words[2:]
    verb = VERBS[words[0].rstrip(".,:;")]
    known = {name for option in options(verb) for name in (*option.opts, *option.secondary_opts)}
    assert {word for word in words[1:] if word.startswith("-")} <= known


@pytest.mark.parametrize("name", VERBS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    """Every command and every option has a help text."""
    assert VERBS[name].help
    assert [option.name for option in options(VERBS[name]) if not option.help] == []


def replaced(old: str, new: str) -> dict[str, str]:
    """Return the pages with a word replaced."""
    return {page: text.replace(old, new) for page, text in PAGES.items()}


@pytest.mark.gate
def test_a_command_that_no_page_has_is_found() -> None:
    """Missing commands, options and examples are found, also if another command has an option of the same name."""
    assert "rollback" in list(missing(replaced("rollback", "")))
    assert "stop --abandon" in list(missing(replaced("--abandon", "")))
    assert "history --number" in list(missing(replaced("`history`", "history")))
    assert "status" in list(unshown(replaced("rehearse status", "rehearse history")))
