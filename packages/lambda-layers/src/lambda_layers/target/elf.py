"""Native libraries: the machine that they are for, and the C library that they need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from lambda_layers.target.platform import GLIBC, Target

_MACHINES = {"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64"}
_GLIBC = re.compile(r"^GLIBC_(\d+)\.(\d+)")
_LIBRARY = re.compile(r"\.so(?:\.\d+)*$")
# Source: Apple, mach-o/loader.h and mach-o/fat.h: the magic numbers of both byte orders.
_MACH_O = {b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce", b"\xca\xfe\xba\xbe"}


class Requirements(NamedTuple):
    """What one library requires: a machine, and a glibc of at least this version, or musl."""

    machine: str
    glibc: tuple[int, int]
    musl: bool = False


@dataclass
class Findings:
    """The findings in the libraries of one package.

    loadable: the number of libraries that the target can load. faults: libraries that cannot work on the target.
    foreign: libraries for other targets, which are harmless if another one is loadable. texts: linker scripts, or
    symbolic links that a zip turned into text.
    """

    loadable: int = 0
    faults: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def problems(self) -> list[str]:
        """Return the findings that make the package unusable on the target."""
        return self.faults + ([] if self.loadable else self.foreign)

    def warnings(self) -> list[str]:
        """Return the findings that are harmless."""
        return self.texts + (self.foreign if self.loadable else [])


def examine(files: Iterable[str], folder: Path, target: Target) -> Findings:
    """Examine every library among the files of one package. folder: the import root, for names in messages."""
    findings = Findings()
    for name in files:
        if _LIBRARY.search(name):
            _examine_library(folder / name, name, target, findings)
    return findings


def _examine_library(path: Path, name: str, target: Target, findings: Findings) -> None:
    with path.open("rb") as file:
        start = file.read(4096)
    if start[:4] in _MACH_O:
        findings.foreign.append(f"{name} is for macOS; the target is Linux")
    elif _is_text(start):
        findings.texts.append(f"{name} is a text, not a library: nothing can load it")
    else:
        try:
            needed = read_requirements(path)
        except ValueError as error:
            findings.faults.append(f"{name}: {error}")
            return
        _compare(name, needed, target, findings)


def _is_text(start: bytes) -> bool:
    return b"\0" not in start and start.isascii() and not start.startswith(b"\x7fELF")


def _compare(name: str, needed: Requirements, target: Target, findings: Findings) -> None:
    if needed.machine != target.machine:
        problem = f"{name} is for {needed.machine}; the target is {target.machine}"
        (findings.faults if name.endswith(target.extension_suffix) else findings.foreign).append(problem)
    elif needed.musl:
        findings.foreign.append(f"{name} needs musl; Lambda's Amazon Linux 2023 has glibc")
    elif needed.glibc > GLIBC:
        required, provided = ".".join(map(str, needed.glibc)), ".".join(map(str, GLIBC))
        findings.faults.append(f"{name} needs glibc {required}; Lambda's Amazon Linux 2023 has {provided}")
    else:
        findings.loadable += 1


def read_requirements(path: Path) -> Requirements:
    """Return what one library requires. Raises ValueError if it is not an ELF file."""
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - costs more than the rest of a small build
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            elf = ELFFile(file)
            machine = _MACHINES.get(elf["e_machine"], str(elf["e_machine"]))
            return Requirements(machine, _newest_glibc(_versions(elf)), any("musl" in name for name in _needed(elf)))
    # for a truncated file pyelftools raises any of these errors
    except (ELFError, ValueError, KeyError, AttributeError, OSError) as error:
        raise ValueError(f"is not an ELF library: {error}") from error


def _versions(elf: Any) -> list[str]:
    section = elf.get_section_by_name(".gnu.version_r")
    return [aux.name for _, auxiliaries in section.iter_versions() for aux in auxiliaries] if section else []


def _needed(elf: Any) -> Iterator[str]:
    section = elf.get_section_by_name(".dynamic")
    return (tag.needed for tag in section.iter_tags("DT_NEEDED")) if section else iter(())


def _newest_glibc(versions: list[str]) -> tuple[int, int]:
    matches = (_GLIBC.match(version) for version in versions)
    return max(((int(match[1]), int(match[2])) for match in matches if match), default=(0, 0))
