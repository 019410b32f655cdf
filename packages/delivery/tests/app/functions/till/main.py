"""The only function of the shop."""


def handler(event: object, context: object) -> object:
    """Return the event."""
    return event
