"""A page of docs/ as a reader follows it: write files, apply changes, run commands, compare the output."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Settings of this test run, which a reader's shell does not have.
FOREIGN = ("MAKE", "MFLAGS", "PYTEST_", "AWS_", "CODEBUILD_", "VIRTUAL_ENV")


class DoesNotHold(AssertionError):
    """The page differs from the result."""


@dataclass(frozen=True)
class Block:
    """One fenced block: `language`, `about` (the path or word after it), and `text`."""

    language: str
    about: str
    text: str


@dataclass(frozen=True)
class Page:
    """The blocks of a page: `python PATH` is a file, `diff` a change, `console NAME` the commands of one test."""

    path: Path

    def blocks(self) -> Iterator[Block]:
        """Yield every block with an instruction for the reader."""
        for language, about, text in BLOCK.findall(self.path.read_text()):
            yield Block(language, about, text)

    def follow(self, folder: Path, *, console: str | None = "") -> None:
        """Follow the page in `folder`, with the console blocks of one name, or none for None. Raises DoesNotHold."""
        for block in self.blocks():
            match block.language:
                case "console" if block.about == console:
                    for command, wanted in commands(block.text):
                        compare(command, wanted, run(command, folder))
                case "diff":
                    run("git apply --whitespace=nowarn -", folder, given=block.text)
                case "console" | "text" | "toml":
                    continue
                case _ if block.about:
                    file = folder / block.about
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(block.text)


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block with its expected output."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def run(command: str, folder: Path, given: str | None = None) -> str:
    """Run one command as in a reader's shell, and return both outputs. Raises DoesNotHold if it fails."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    tools = [folder / ".venv" / "bin", folder / ".tools" / "bin", folder / "node_modules" / ".bin"]
    env["PATH"] = os.pathsep.join([*map(str, tools), env["PATH"]])
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=env,
        input=given,
        stdin=None if given is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DoesNotHold(f"`{command}` ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def compare(command: str, wanted: str, got: str) -> None:
    """Compare the output; `...` matches any text, and white space at the ends of lines is ignored."""
    if wanted and not doctest.OutputChecker().check_output(
        re.sub(r"\.\.\.\s+", "...", wanted), got, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    ):
        raise DoesNotHold(f"`{command}` prints something else than the page says.\nThe page:\n{wanted}\nIt:\n{got}")
