"""The port on which the console listens."""

from __future__ import annotations

import pytest

from pipeline_console import server
from pipeline_console.errors import WrongUse
from tests.conftest import free_port


def test_a_port_that_is_taken_is_wrong_use() -> None:
    """A requested port that is in use is an error; without a request a free port is used."""
    port = free_port()
    with server.listen(port) as first:
        with pytest.raises(WrongUse, match=f"--port {port}: "):
            server.listen(port)
        with server.listen(None) as second, server.listen(None) as third:
            numbers = {opened.getsockname()[1] for opened in (first, second, third)}
            assert len(numbers) == 3


def test_only_this_machine_is_listened_to() -> None:
    """The console listens only on the loopback address."""
    with server.listen(None) as opened:
        assert opened.getsockname()[0] == "127.0.0.1"
