"""Errors that end a command of `delivery`, with their exit codes."""

from __future__ import annotations


class PipelineError(Exception):
    """The command failed; the message says why, and what to do next."""

    exit_code = 1


class WrongUse(PipelineError):
    """Wrong arguments or settings; the message has the value read, what is allowed, and what to do next."""

    exit_code = 2
