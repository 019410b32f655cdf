"""Errors with an exit status: the pipeline is red (1), or wrong use (2)."""

from __future__ import annotations


class RehearsalError(Exception):
    """A failure with a message for the user; shown without a traceback."""

    exit_code = 1


class WrongUse(RehearsalError):
    """Wrong use, settings or machine: the message says what was read, what is allowed and what to do."""

    exit_code = 2
