"""Verification of requests signed with a root user's access key, which is the account's id."""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.emulator.ministack.port import policies

Pin = Callable[..., None]


def verify_root_signatures(pin: Pin) -> Pin:
    """Return the replacement of the function that keeps a request until its signature is checked.

    MiniStack does not keep, and so does not check, requests signed with a root user's key. The replacement keeps them
    as well: a caller has to know the secret, which only the user of this machine does. A request without a signature
    has no principal, where MiniStack takes the root user of account 000000000000.
    """
    pin_every_key = policies.ignoring_root_keys(pin)

    def pin_request(*request: object, **named: object) -> None:
        pin_every_key(*request, **named)
        if policies.signed_request() is None:
            policies.mark_anonymous()

    return pin_request
