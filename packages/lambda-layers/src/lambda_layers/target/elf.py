"""Native libraries: for which machine they are, and which glibc they need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lambda_layers.target.platform import GLIBC, Target

_MACHINES = {"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64"}
_GLIBC = re.compile(r"^GLIBC_(\d+)\.(\d+)")
_LIBRARY = re.compile(r"\.so(?:\.\d+)*$")


def incompatibilities(folder: Path, target: Target) -> Iterator[str]:
    """A sentence for each library below `folder` that the target can't load."""
    for path in sorted(path for path in folder.rglob("*.so*") if _LIBRARY.search(path.name) and path.is_file()):
        name = path.relative_to(folder).as_posix()
        try:
            machine, glibc = read_requirements(path)
        except ValueError as error:
            yield f"{name}: {error}"
            continue
        if machine != target.machine:
            yield f"{name} is for {machine}; the target is {target.machine}"
        if glibc > GLIBC:
            yield f"{name} needs glibc {glibc[0]}.{glibc[1]}; Lambda's Amazon Linux 2023 has {GLIBC[0]}.{GLIBC[1]}"


def read_requirements(path: Path) -> tuple[str, tuple[int, int]]:
    """The machine of one library, and the newest glibc version it asks for; raises ValueError where it is no ELF."""
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - costs more than the rest of a small build
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            elf = ELFFile(file)
            section: Any = elf.get_section_by_name(".gnu.version_r")
            versions = (
                [aux.name for _, auxiliaries in section.iter_versions() for aux in auxiliaries] if section else []
            )
            return _MACHINES.get(elf["e_machine"], str(elf["e_machine"])), _newest_glibc(versions)
    except ELFError as error:
        raise ValueError(f"is no ELF library: {error}") from error


def _newest_glibc(versions: list[str]) -> tuple[int, int]:
    matches = (_GLIBC.match(version) for version in versions)
    return max(((int(match[1]), int(match[2])) for match in matches if match), default=(0, 0))
