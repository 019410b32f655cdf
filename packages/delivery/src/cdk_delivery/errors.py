"""What a command of `delivery` ends with when it cannot do its work."""

from __future__ import annotations


class PipelineError(Exception):
    """The work went red; the message says what, and what to do."""

    exit_code = 1


class WrongUse(PipelineError):
    """Wrong use or settings: what was read, what is allowed, what to do next."""

    exit_code = 2
