"""Decoding of text that is not UTF-8, which the secrets scanner skips silently."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# In UTF-16 text of Western languages, nearly every other byte is NUL; this share of them is enough.
_NUL_SHARE = 0.4


def is_utf8(content: bytes) -> bool:
    """Whether the scanner can read it: UTF-8 without NUL, which UTF-16 without a byte order mark would have."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in content


def decoded(content: bytes) -> str | None:
    """Return the text of a file that is not UTF-8; None of a binary file, which has NUL bytes and no known encoding.

    Any other content is taken as Latin-1, in which every byte is a character.
    """
    encoding = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), None) or _unmarked(content)
    try:
        return content.decode(encoding) if encoding else None
    except UnicodeDecodeError:
        return None


def _unmarked(content: bytes) -> str | None:
    if b"\0" not in content:
        return "latin-1"
    for encoding, characters, zeros in (("utf-16-le", 0, 1), ("utf-16-be", 1, 0)):
        nul = content[zeros::2].count(0)
        if nul > _NUL_SHARE * len(content) / 2 and content[characters::2].count(0) < nul / 10:
            return encoding
    return None
