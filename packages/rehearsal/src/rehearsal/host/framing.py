"""Messages to a helper process on its standard input, unbuffered: it may wait for more, or leave the rest.

As `marshal` writes it: the interpreter that reads it is the same one, and needs none of the imports that would take
longer than its whole start.
"""

from __future__ import annotations

import marshal
import os

# So long is the number in front, which says how many bytes follow.
_NUMBER = 4

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes as long as all else
    from typing import Any


def encode_message(value: Any) -> bytes:
    """A message of texts, numbers, lists and dicts."""
    message = marshal.dumps(value)
    return len(message).to_bytes(_NUMBER, "big") + message


def read() -> Any:
    """The next message; None where standard input has ended."""
    number = _bytes(_NUMBER)
    message = _bytes(int.from_bytes(number, "big")) if number else b""
    return marshal.loads(message) if message else None  # noqa: S302 - the rehearsal itself wrote it


def _bytes(length: int) -> bytes:
    """So many bytes; none where there are fewer, because who wrote them was killed."""
    found = bytearray()
    while len(found) < length:
        some = os.read(0, length - len(found))
        if not some:
            return b""
        found += some
    return bytes(found)
