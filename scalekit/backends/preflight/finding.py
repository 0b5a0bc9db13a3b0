"""What one check found: a level, what is the case, and the way out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "error"]

_BEFORE_WAY_OUT = (
    re.compile(r"(.*\S)\. (?=[A-Z])"),
    re.compile(r"(.*?); "),
    re.compile(r"(.*?): "),
)
"""What stands before the way out in an error's message: the last sentence, or what is behind the first mark."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of a check.

    Attributes
    ----------
    check
        Its name.
    level
        ``"ok"``, ``"warn"`` (it runs, but not as one might think) or ``"error"`` (it would fail).
    what
        What is the case.
    way_out
        What to do about it; nothing where all is well.
    """

    check: str
    level: Level
    what: str
    way_out: str = ""


def ok(check: str, what: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", what)


def warning(check: str, what: str, way_out: str) -> Finding:
    """It runs, but not as one might think."""
    return Finding(check, "warn", what, way_out)


def failure(check: str, what: str, way_out: str) -> Finding:
    """It would fail."""
    return Finding(check, "error", what, way_out)


def raised(check: str, error: Exception) -> Finding:
    """What an error says that a query would raise: its way out comes last.

    Examples
    --------
    >>> found = raised("cluster", OSError("nobody answers at a:1 (timeout: 3 s); check the address"))
    >>> found.what, found.way_out
    ('nobody answers at a:1 (timeout: 3 s)', 'check the address')
    """
    text = str(error)
    for before in _BEFORE_WAY_OUT:
        if found := before.match(text):
            return failure(check, found[1], text[found.end() :])
    return failure(check, text, "")
