"""The platform of a function: values of environment markers, and tags of fitting wheels.

Source: AWS Lambda developer guide, "Lambda runtimes": Python 3.12 and later run on Amazon Linux 2023 with glibc 2.34.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from packaging import tags
from packaging.markers import Marker
from packaging.tags import Tag

from lambda_layers.target import interpreter

GLIBC = (2, 34)
# Lambda's name of an architecture -> the name in the kernel, wheels and ELF.
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# Minor version of the oldest glibc for which an architecture has wheels.
_OLDEST_GLIBC_MINOR = {"x86_64": 5, "arm64": 17}
_LEGACY_MANYLINUX = {17: "2014", 12: "2010", 5: "1"}


@dataclass(frozen=True)
class Target:
    """A Python version (3.13) and an architecture as Lambda names it (x86_64 or arm64)."""

    python: str
    architecture: str

    @property
    def machine(self) -> str:
        """The architecture, as the kernel names it."""
        return MACHINES[self.architecture]

    @property
    def platform(self) -> str:
        """The platform, as uv names it."""
        return f"{self.machine}-manylinux_{GLIBC[0]}_{GLIBC[1]}"

    @property
    def is_host(self) -> bool:
        """Whether the running interpreter could run what is built."""
        return (
            sys.platform == "linux"
            and platform.machine() == self.machine
            and interpreter.is_running_version(self.python)
        )

    @property
    def extension_suffix(self) -> str:
        """The suffix of extension modules that are for this interpreter only."""
        return f".cpython-{self.python.replace('.', '')}-{self.machine}-linux-gnu.so"

    def accepts(self, marker: str) -> bool:
        """Return whether a package with this environment marker is for the target."""
        return not marker or Marker(marker).evaluate(self._marker_environment())

    def tags(self) -> frozenset[Tag]:
        """Return every tag that a wheel for the target may have."""
        return frozenset(self.ranked_tags())

    @cache  # noqa: B019 - a build has one target
    def ranked_tags(self) -> tuple[Tag, ...]:
        """Return every tag that a wheel for the target may have, the preferred one first."""
        version = tuple(int(part) for part in self.python.split("."))
        platforms = list(self._platforms())
        compatible = tags.compatible_tags(version, f"cp{version[0]}{version[1]}", platforms)
        return (*tags.cpython_tags(version, platforms=platforms), *compatible)

    def _platforms(self) -> Iterator[str]:
        for minor in range(GLIBC[1], _OLDEST_GLIBC_MINOR[self.architecture] - 1, -1):
            yield f"manylinux_{GLIBC[0]}_{minor}_{self.machine}"
            if minor in _LEGACY_MANYLINUX:
                yield f"manylinux{_LEGACY_MANYLINUX[minor]}_{self.machine}"
        yield f"linux_{self.machine}"

    def _marker_environment(self) -> dict[str, str]:
        return {
            "python_version": self.python,
            # uv uses the first patch version too, if none is named
            "python_full_version": f"{self.python}.0",
            "implementation_version": f"{self.python}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "platform_machine": self.machine,
            "platform_system": "Linux",
            "platform_release": "",
            "platform_version": "",
            "os_name": "posix",
            "sys_platform": "linux",
            "extra": "",
        }
