"""The simple commands in a build's shell commands: each program call with its words, of which nothing is expanded."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*")
_SEPARATORS = {"&&", "||", ";", "|", "&", "(", ")"}


@dataclass(frozen=True)
class SimpleCommand:
    """A simple command as words, without the variables that it sets. separator: the control operator after it."""

    words: tuple[str, ...]
    separator: str


def simple_commands(commands: Iterable[str]) -> Iterator[SimpleCommand]:
    """Yield the simple commands of each line; nothing for a line that the shell's grammar does not allow."""
    for line in "\n".join(commands).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        try:
            for word in [*lexer, ";"]:
                if word in _SEPARATORS:
                    if words:
                        yield SimpleCommand(tuple(words), word)
                    words = []
                elif words or not _ASSIGNMENT.fullmatch(word):
                    words.append(word)
        except ValueError:
            continue


def decisive_commands(commands: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield the words of commands that run in the source's root and whose failure fails the build.

    Commands after the first `cd` are left out, and commands with words that the shell would expand.
    """
    for command in simple_commands(commands):
        if command.words[0] in ("cd", "pushd"):
            return
        if command.separator != "||" and not any(sign in word for word in command.words for sign in "$`"):
            yield command.words
