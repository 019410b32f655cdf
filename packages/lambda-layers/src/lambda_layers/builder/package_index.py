"""One call of uv per index: a package is installed from the source that its lock names, and from no other.

With several indexes in one call, uv uses the first that has the name, and pip any of them, so that another package of
the same name could be installed (dependency confusion).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from lambda_layers.errors import LayersError
from lambda_layers.locks.pin import Pin, Source

# Variables that add indexes to uv's.
_OTHER_INDEXES = ("UV_INDEX", "UV_EXTRA_INDEX_URL")
_EVERY_INDEX = (*_OTHER_INDEXES, "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_FIND_LINKS")
# For environments without a network, where UV_FIND_LINKS names a folder with all packages.
_OFFLINE = "UV_NO_INDEX"


class IndexCall(NamedTuple):
    """Arguments, variables and removed variables of uv's call for the packages of one source."""

    arguments: Sequence[str] = ()
    variables: Mapping[str, str] = {}
    removed: Sequence[str] = ()


def is_offline() -> bool:
    """Return whether UV_NO_INDEX is set: all packages are in a folder, and no index is used."""
    return bool(os.environ.get(_OFFLINE))


def by_source(pins: Sequence[Pin]) -> dict[Source | None, list[Pin]]:
    """Return source -> its pins, the default index first."""
    sources = sorted(
        {pin.source for pin in pins}, key=lambda source: (source is not None, source.name if source else "")
    )
    return {source: [pin for pin in pins if pin.source == source] for source in sources}


def index_call(source: Source | None, credentials: tuple[str, str] | None = None) -> IndexCall:
    """Return the call of uv for one source. Credentials are variables: other users can see arguments."""
    if is_offline():
        return IndexCall()
    if source is None:
        return IndexCall(removed=_OTHER_INDEXES)
    # a page of links, which Poetry allows as an index, or a folder of wheels, which uv.lock may name
    page = urlsplit(source.url).path.endswith((".htm", ".html")) or "://" not in source.url
    where = ["--no-index", "--find-links"] if page else ["--default-index"]
    variables: dict[str, str] = {}
    if login := credentials or environment_credentials(source):
        variables = {source.variable("uv", "USERNAME"): login[0], source.variable("uv", "PASSWORD"): login[1]}
    url = source.public_url if page else f"{_index_name(source)}={source.public_url}"
    return IndexCall([*where, url], variables, _EVERY_INDEX)


def environment_credentials(source: Source) -> tuple[str, str] | None:
    """Return user and password from uv's variables, Poetry's or the URL; None without any."""
    for kind in ("uv", "poetry"):
        user, password = (os.environ.get(source.variable(kind, part), "") for part in ("USERNAME", "PASSWORD"))
        if user or password:
            return user, password
    parts = urlsplit(source.url)
    return (unquote(parts.username or ""), unquote(parts.password or "")) if parts.username else None


def install_from(
    source: Source,
    pins: Sequence[Pin],
    run: Callable[[IndexCall], None],
    stored: Callable[[], tuple[str, str] | None],
) -> None:
    """Call `run` for one source, without credentials if the environment has none, and if that fails with stored ones.

    stored: looks up credentials in Poetry's configuration or a keyring. It starts Poetry, which takes half a second.
    """
    credentials = environment_credentials(source)
    if credentials and not credentials[1]:
        credentials = stored() or credentials  # the password of a known user may be in a keyring
    try:
        run(index_call(source, credentials))
    except LayersError as error:
        if credentials or not (credentials := stored()):
            raise _refusal(error, source, pins, credentials) from None
        try:
            run(index_call(source, credentials))
        except LayersError as second:
            raise _refusal(second, source, pins, credentials) from None


def _refusal(
    error: LayersError, source: Source, pins: Sequence[Pin], credentials: tuple[str, str] | None
) -> LayersError:
    """Return an error with the source and the variables of its credentials, and without the password."""
    text = str(error)
    if credentials and credentials[1]:
        text = text.replace(credentials[1], "****")
    poetry = " and ".join(source.variable("poetry", part) for part in ("USERNAME", "PASSWORD"))
    uv = " and ".join(source.variable("uv", part) for part in ("USERNAME", "PASSWORD"))
    authentication = "with credentials" if credentials else "without credentials"
    return LayersError(
        f"{text}\nThe lock takes {', '.join(pin.name for pin in pins)} from the source {source.name} "
        f"({source.public_url}) and from no other; it was asked {authentication}. They come from {poetry}, from {uv}, "
        f"or from `poetry config http-basic.{source.name} USER PASSWORD`; a company's certificate from SSL_CERT_FILE"
    )


def _index_name(source: Source) -> str:
    return "".join(character if character.isalnum() else "-" for character in source.name)
