"""The errors that a user can fix; any other exception is a bug."""


class LayersError(Exception):
    """The build or a check failed; the message says why and what to do."""

    exit_code = 1


class WrongUse(LayersError):
    """Wrong settings or arguments; the message has the value read and what is allowed."""

    exit_code = 2
