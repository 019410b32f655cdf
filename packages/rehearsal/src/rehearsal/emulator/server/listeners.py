"""The sockets that the embedded AWS is served on, with TLS and without, and how hypercorn serves them."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ssl import SSLContext
from typing import Self

from hypercorn.config import Config

from rehearsal.emulator.server.host_certificates import HostCertificates
from rehearsal.emulator.server.tls import Tls


@dataclass(frozen=True)
class Listeners:
    """One has the address that clients get; the other one is only for AWS's host names."""

    tls: socket.socket
    plain: socket.socket

    @classmethod
    def open(cls, known: int, *, secure: bool) -> Self:
        """Add the other one to the socket with the descriptor `known`. secure: that one is with TLS."""
        given, other = socket.socket(fileno=known), socket.create_server(("127.0.0.1", 0))
        return cls(given, other) if secure else cls(other, given)

    @property
    def ports(self) -> tuple[int, int]:
        """Of the one with TLS, and of the one without."""
        return self.tls.getsockname()[1], self.plain.getsockname()[1]

    def config(self, tls: Tls) -> Config:
        """Return the settings of a server for both."""
        config = _Config(HostCertificates(tls))
        config.bind, config.insecure_bind = [f"fd://{self.tls.fileno()}"], [f"fd://{self.plain.fileno()}"]
        config.certfile, config.keyfile = str(tls.certificate), str(tls.key)
        config.alpn_protocols = ["http/1.1"]
        config.keep_alive_timeout = 75
        config.loglevel = "WARNING"
        config.graceful_timeout = 1
        return config


class _Config(Config):
    """hypercorn's settings, with a certificate for each host name."""

    def __init__(self, certificates: HostCertificates) -> None:
        super().__init__()
        self._certificates = certificates

    def create_ssl_context(self) -> SSLContext | None:
        context = super().create_ssl_context()
        if context:
            context.sni_callback = self._certificates.choose
        return context
