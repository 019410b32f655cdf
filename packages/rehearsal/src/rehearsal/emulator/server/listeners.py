"""The two sockets of the embedded AWS, with TLS and without, and the settings of hypercorn, which serves them."""

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
    """The sockets. One has the address that clients get; the other one is for AWS's host names only."""

    tls: socket.socket
    plain: socket.socket

    @classmethod
    def open(cls, known: int, *, secure: bool) -> Self:
        """Use the socket with the file descriptor `known`, and open the other one. secure: `known` is for TLS."""
        first, other = socket.socket(fileno=known), socket.create_server(("127.0.0.1", 0))
        return cls(first, other) if secure else cls(other, first)

    @property
    def ports(self) -> tuple[int, int]:
        """The ports with TLS and without."""
        return self.tls.getsockname()[1], self.plain.getsockname()[1]

    def config(self, tls: Tls) -> Config:
        """Return hypercorn's settings for both sockets."""
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
