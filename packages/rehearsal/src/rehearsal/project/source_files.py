"""The files of a commit as git stores them, written to a zip or a folder by a separate program.

The program can import the standard library and this package only. Neither `.gitattributes` nor git's configuration
changes the files: no filter runs (files of Git LFS stay pointers), line ends are kept, and `export-ignore` and
`export-subst` have no effect. In a zip a symbolic link is a text file with its target, as in a source with CODE_ZIP.
Source: github.com/aws/aws-cdk pull request 14520, on links in sources of CodePipeline.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from rehearsal.errors import RehearsalError
from rehearsal.host import framing, helper_process
from rehearsal.host.checked_command import CommandFailed, run_checked

TYPE_CHECKING = False
if TYPE_CHECKING:  # these imports take longer than the program
    from collections.abc import Iterator, Mapping
    from typing import IO

LINK, PROGRAM, SUBMODULE = "120000", "100755", "160000"
_MODES = {PROGRAM: 0o100755, SUBMODULE: 0o40755}
_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES = 1024


def write_zip(repository: Path, commit: str, zip_file: Path, env: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Write the files of `commit` to an uncompressed zip; return notes on differences from a clone.

    env: environment variables for git, such as the place of a snapshot's objects.
    """
    return _run("zip", repository, commit, zip_file, env or {})


def write_folder(repository: Path, commit: str, folder: Path, env: Mapping[str, str]) -> None:
    """Write the files of `commit` to the new folder, with symbolic links. env: the variables of git's object stores."""
    _run("folder", repository, commit, folder, env)


def _run(kind: str, repository: Path, commit: str, target: Path, env: Mapping[str, str]) -> tuple[str, ...]:
    """Run the program. In this process, with many threads, every file would wait for the interpreter's lock."""
    message = framing.encode_message([kind, str(repository), commit, str(target)])
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        notes = run_checked(helper_process.helper_command(__name__), message=message, env={**clean, **env})
    except CommandFailed as error:
        raise RehearsalError(f"the files of {commit[:12]} cannot be read from {repository}: {error}") from error
    return tuple(notes.splitlines())


def main() -> None:
    """Write the zip or folder that the message on standard input names, and print the notes."""
    kind, repository, commit, target = framing.read()
    try:
        if kind == "zip":
            notes = _write_zip(repository, commit, target)
            sys.stdout.writelines(f"{note}\n" for note in notes)
        else:
            _write_folder(repository, commit, Path(target))
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        sys.exit(str(error))


def _write_zip(repository: str, commit: str, zip_file: str) -> list[str]:
    links, pointers, attributes = list[str](), list[str](), list[str]()
    with zipfile.ZipFile(zip_file, "w") as archive:
        for mode, path, content in _files(repository, commit):
            name = _name(path)
            member = zipfile.ZipInfo(f"{name}/" if mode == SUBMODULE else name)
            member.create_system = 3  # Unix: the upper half of external_attr is a mode
            member.external_attr = _MODES.get(mode, 0o100644) << 16
            archive.writestr(member, content)
            if mode == LINK:
                links.append(name)
            elif len(content) <= _POINTER_BYTES and content.startswith(_POINTER):
                pointers.append(name)
            elif name.rpartition("/")[2] == ".gitattributes" and b"export-" in content:
                attributes.append(name)
    return [
        *_note(links, "symbolic links are text files in the source, as on AWS (CODE_ZIP)"),
        *_note(pointers, "files of Git LFS are pointers in the source: no filter is run"),
        *_note(attributes, "export-ignore and export-subst have no effect here; what AWS does is not documented"),
    ]


def _note(names: list[str], text: str) -> Iterator[str]:
    if names:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"{names[0]}{more}: {text}"


def _write_folder(repository: str, commit: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    for mode, path, content in _files(repository, commit):
        target = os.fsencode(folder) + b"/" + path
        os.makedirs(target if mode == SUBMODULE else os.path.dirname(target), exist_ok=True)
        if mode == LINK:
            os.symlink(content, target)
        elif mode != SUBMODULE:
            file = os.open(target, os.O_WRONLY | os.O_CREAT, 0o777 if mode == PROGRAM else 0o666)
            with os.fdopen(file, "wb") as out:
                out.write(content)


def _files(repository: str, commit: str) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield (mode, path, content) of each file; a submodule has no content."""
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "-z", "--full-tree", commit], cwd=repository, check=True, stdout=subprocess.PIPE
    ).stdout
    entries = [_entry(line) for line in listed.split(b"\0")[:-1]]
    with tempfile.TemporaryFile() as blobs:
        blobs.writelines(f"{blob}\n".encode() for mode, blob, _ in entries if mode != SUBMODULE)
        blobs.seek(0)
        command = ["git", "cat-file", "--batch", "--buffer"]
        with subprocess.Popen(command, cwd=repository, stdin=blobs, stdout=subprocess.PIPE) as objects:
            for mode, blob, path in entries:
                yield mode, path, b"" if mode == SUBMODULE else _content(objects.stdout, blob, path)


def _entry(line: bytes) -> tuple[str, str, bytes]:
    """(mode, object id, path) of a line of `git ls-tree`."""
    fields, _, path = line.partition(b"\t")
    mode, _, blob = fields.decode().split()
    return mode, blob, path


def _content(objects: IO[bytes] | None, blob: str, path: bytes) -> bytes:
    header = objects.readline().split() if objects else []
    if objects is None or header[1:2] != [b"blob"]:
        raise ValueError(f"the object {blob} of {path.decode(errors='replace')} is missing")
    content = objects.read(int(header[2]))
    objects.read(1)  # the line end after it
    return content


def _name(path: bytes) -> str:
    """The member's name; one that is not UTF-8 is decoded as unzip programs do it."""
    try:
        return path.decode()
    except UnicodeDecodeError:
        return path.decode("cp437")
