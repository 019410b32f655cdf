"""Signatures of requests with the access key of a root user, which is an account's id."""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.emulator.ministack.port import policies

Pin = Callable[..., None]


def verify_root_signatures(pin: Pin) -> Pin:
    """Return the replacement of the function that keeps a request for the check of its signature.

    A caller that signs as a root user has to know its secret, which only the user of this machine does. MiniStack keeps
    requests for the check unless a root user's key is in them; the same code keeps all of them when it takes no key for
    a root user's. A request without a signature has no principal, not the root user of account 000000000000.
    """
    pin_every_key = policies.ignoring_root_keys(pin)

    def pin_request(*request: object, **named: object) -> None:
        pin_every_key(*request, **named)
        if policies.signed_request() is None:
            policies.mark_anonymous()

    return pin_request
