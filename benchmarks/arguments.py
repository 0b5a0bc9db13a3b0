"""What the commands take from their arguments."""

from __future__ import annotations


def names(text: str) -> list[str]:
    """Names separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]
