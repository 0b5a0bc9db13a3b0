"""Where a command writes: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, is_dataclass
from enum import Enum
from numbers import Integral, Real
from typing import Any, TextIO

from scalekit.display.text import shortened
from scalekit.storage.redaction import redact

_STYLES = {"good": "32", "bad": "31", "warn": "33", "dim": "2", "bold": "1"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What would move the cursor, change colours or turn the direction of text: names come from files of others."""

MARKS = {"good": "✓", "warn": "!", "bad": "✗", "none": "-"}


@dataclass(frozen=True)
class Output:
    """The two streams of a command, and how it may write to them.

    Attributes
    ----------
    out
        Where results go.
    err
        Where progress, notes and errors go.
    colored
        Whether ``out`` is a terminal that wants colours.
    quiet
        Whether notes are left out.
    """

    out: TextIO
    err: TextIO
    colored: bool = False
    quiet: bool = False

    def write(self, text: str) -> None:
        """Write a result."""
        self.out.write(f"{clean(text)}\n" if not self.colored else f"{text}\n")

    def json(self, value: Any) -> None:
        """Write a result as JSON: NaN and infinities, which JSON lacks, become null."""
        text = json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)
        self.out.write(f"{text}\n")

    def note(self, text: str) -> None:
        """Say what is going on."""
        if not self.quiet:
            self.err.write(f"{clean(text)}\n")
            self.err.flush()

    def error(self, text: str) -> None:
        """Say what went wrong."""
        self.err.write(f"{clean(redact(text))}\n")
        self.err.flush()

    def styled(self, text: str, style: str) -> str:
        """Text of others in a colour, or as it is where colours are not wanted."""
        text = clean(text)
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colored and text else text

    def mark(self, kind: str) -> str:
        """A sign for good, warn, bad or none, in its colour."""
        return MARKS[kind] if kind == "none" else self.styled(MARKS[kind], kind)


def output_of(*, quiet: bool = False) -> Output:
    """The streams of this process; colours where a terminal looks on and ``NO_COLOR`` is not set."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # what a test or a daemon put there
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    return Output(sys.stdout, sys.stderr, colored=_wants_color(sys.stdout), quiet=quiet)


def _wants_color(stream: Any) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    with suppress(AttributeError, ValueError):
        return bool(stream.isatty())
    return False


def clean(text: str) -> str:
    r"""Text without characters that a terminal would obey.

    Examples
    --------
    >>> clean("red \x1b[31m name")
    'red \\x1b[31m name'
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def table(rows: Sequence[Sequence[str]], header: Sequence[str] = (), indent: str = "") -> str:
    r"""Rows in columns of equal width, two spaces apart; numbers to the right.

    Examples
    --------
    >>> print(table([["logistic", "0.4021"], ["trees", "12.5"]], ["model", "value"]))
    model      value
    logistic  0.4021
    trees       12.5
    """
    cells = [[clean(cell).replace("\n", " ") for cell in row] for row in (header, *rows) if row]
    if not cells:
        return ""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    body = cells[bool(header) :]
    right = [
        bool(body) and all(_is_number(row[i]) for row in body if row[i]) for i in range(len(widths))
    ]
    lines = []
    for row in cells:
        padded = [
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        ]
        lines.append((indent + "  ".join(padded)).rstrip())
    return "\n".join(lines)


def cut_to_screen(text: str, stream: TextIO) -> str:
    """Lines without what a terminal would break into the next one; all of them where nobody looks on."""
    if not getattr(stream, "isatty", bool)():
        return text
    width = shutil.get_terminal_size((100, 24)).columns
    return "\n".join(shortened(line, width) for line in text.splitlines())


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?[\d,]*\.?\d+(e[-+]?\d+)?%?|nan|-", text, re.IGNORECASE) is not None


def plain(value: Any) -> Any:
    """A value as JSON has it: dataclasses as objects, NaN as null, what is unknown as text.

    Examples
    --------
    >>> plain({"a": (1, float("nan")), "b": {2}})
    {'a': [1, None], 'b': [2]}
    """
    match value:
        case None | bool() | str():
            return value
        case Enum():
            return plain(value.value)
        case Integral():
            return int(value)
        case Real():
            return float(value) if math.isfinite(value) else None
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(inner) for inner in value]
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):  # a value of NumPy's
        return plain(value.item())
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    return str(value)
