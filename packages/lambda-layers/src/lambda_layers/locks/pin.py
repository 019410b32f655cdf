"""A locked package: version, marker, hashes and source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

PYPI = "pypi.org"


@dataclass(frozen=True)
class Source:
    """A package index other than the default one, with the name and the URL in the lock."""

    name: str
    url: str

    @property
    def public_url(self) -> str:
        """The URL without user and password."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    def variable(self, kind: str, part: str) -> str:
        """Return the variable with the `part` (USERNAME or PASSWORD) of its credentials. kind: `uv` or `poetry`."""
        if kind == "uv":
            return f"UV_INDEX_{re.sub(r'[^A-Za-z0-9]', '_', self.name).upper()}_{part}"
        return f"POETRY_HTTP_BASIC_{self.name.replace('-', '_').upper()}_{part}"


def source_of(name: str, url: str) -> Source | None:
    """Return the source with this name and URL; None for PyPI, which is uv's default index."""
    return None if urlsplit(url).hostname == PYPI else Source(name, url)


@dataclass(frozen=True)
class Pin:
    """A locked package from an index, with the allowed hashes of its files, or from `url`.

    url: empty, a path relative to the project's folder, or `git+https://...@commit`; folders and commits have no
    hashes. source: the index that the lock names; None for the default index.
    """

    name: str
    version: str = ""
    marker: str = ""
    hashes: tuple[str, ...] = ()
    url: str = ""
    source: Source | None = None
