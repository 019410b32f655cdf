"""What can go wrong, by whose turn it is: the pipeline's (red, exit 1) or the person's (wrong use, exit 2)."""

from __future__ import annotations


class RehearsalError(Exception):
    """A failure whose message a person can act on; shown without a traceback."""

    exit_code = 1


class WrongUse(RehearsalError):
    """Wrong use, settings or machine: the message says what was read, what is allowed and what to do."""

    exit_code = 2
