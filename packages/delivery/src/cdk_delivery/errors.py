"""Errors that end a command of `delivery`, with their exit codes."""

from __future__ import annotations


class PipelineError(Exception):
    """The work went red; the message says what, and what to do."""

    exit_code = 1


class WrongUse(PipelineError):
    """Wrong use or settings: what was read, what is allowed, what to do next."""

    exit_code = 2
