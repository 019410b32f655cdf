"""Long values in messages and tables."""

from __future__ import annotations


def shorten(text: str, most: int = 80) -> str:
    """Return the text, or its beginning and the number of characters left out."""
    return text if len(text) <= most else f"{text[:most]} and {len(text) - most:,} more characters"
