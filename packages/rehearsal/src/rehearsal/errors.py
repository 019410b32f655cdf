"""Errors that end a command with an exit status: 1 for a red pipeline, 2 for wrong use."""

from __future__ import annotations


class RehearsalError(Exception):
    """A failure with a message for the user; shown without a traceback."""

    exit_code = 1


class WrongUse(RehearsalError):
    """Wrong use, settings or machine: the message says what was read, what is allowed and what to do."""

    exit_code = 2
