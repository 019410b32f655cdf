"""Messages to a helper process on its standard input: a length of 4 bytes, then a value that `marshal` has encoded.

Both sides run the same interpreter, which `marshal` requires. Other formats need imports that take longer than the
whole start of the helper. Reads are unbuffered, so the helper can wait for its input with `select`.
"""

from __future__ import annotations

import marshal
import os

_LENGTH_BYTES = 4

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes as long as everything else here
    from typing import Any


def encode_message(value: Any) -> bytes:
    """Return the message for a value of strings, numbers, lists and dicts."""
    message = marshal.dumps(value)
    return len(message).to_bytes(_LENGTH_BYTES, "big") + message


def read() -> Any:
    """Return the value of the next message; None at the end of standard input."""
    length = _bytes(_LENGTH_BYTES)
    message = _bytes(int.from_bytes(length, "big")) if length else b""
    return marshal.loads(message) if message else None  # noqa: S302 - the rehearsal itself wrote it


def _bytes(length: int) -> bytes:
    """Read exactly `length` bytes; return b"" where input ends earlier, because the writer was killed."""
    data = bytearray()
    while len(data) < length:
        chunk = os.read(0, length - len(data))
        if not chunk:
            return b""
        data += chunk
    return bytes(data)
