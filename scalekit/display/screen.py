"""Where a progress bar is drawn: a terminal, a notebook, or a log; and what it looks like there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol, TextIO
from uuid import uuid4

from scalekit.display.text import duration_text, shortened

_CELLS = 20
"""Characters of a terminal's bar."""


@dataclass(frozen=True)
class Look:
    """What a bar tells at one moment.

    Attributes
    ----------
    seconds
        Since the work began.
    who
        The backend; empty where it is nobody's work but scalekit's own.
    what
        What is done, in words.
    done, total
        Steps behind it, and all of them; no ``total`` where there are no steps to count.
    counted
        The count in words, where it is not of steps.
    """

    seconds: float
    who: str = ""
    what: str = ""
    done: int = 0
    total: int = 0
    counted: str = ""

    def words(self) -> str:
        """Everything in one line.

        Examples
        --------
        >>> Look(75, "pandas", "FILTER (col('x') > 1)", done=2, total=7).words()
        "pandas · 1 min 15 s · step 3 of 7 · FILTER (col('x') > 1)"
        """
        step = f"step {self.done + 1} of {self.total}" if self.total else ""
        parts = (self.who, duration_text(self.seconds), self.counted or step, self.what)
        return " · ".join(part for part in parts if part)


class Screen(Protocol):
    """Something to draw on."""

    def show(self, look: Look) -> None:
        """Draw over what was drawn before."""

    def clear(self) -> None:
        """Take away what was drawn."""


class Terminal:
    """One line that is drawn over again and again, and wiped at the end.

    Parameters
    ----------
    stream
        Standard error, as standard output may go to a file.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawn = 0
        self._looks = 0

    def show(self, look: Look) -> None:
        """Draw the line, cut to the terminal's width."""
        text = f"{self._bar(look)} {look.words()}"
        if not _can_write(self._stream, text):
            text = text.replace("·", "-").encode("ascii", "replace").decode()
        text = shortened(text, self._width() - 1)
        self._write(text.ljust(self._drawn))
        self._drawn = len(text)
        self._looks += 1

    def clear(self) -> None:
        """Wipe the line."""
        if self._drawn:
            self._write(" " * self._drawn)
            self._stream.write("\r")
            self._stream.flush()
            self._drawn = 0

    def _bar(self, look: Look) -> str:
        full, empty = ("█", "░") if _can_write(self._stream, "█░") else ("#", "-")
        if not look.total:  # nothing to count: a dash that wanders shows that something goes on
            place = self._looks % (_CELLS - 2)
            return empty * place + full * 3 + empty * (_CELLS - 3 - place)
        filled = _CELLS * look.done // look.total
        return full * filled + empty * (_CELLS - filled)

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    def _write(self, text: str) -> None:
        self._stream.write(f"\r{text}")
        self._stream.flush()


class Notebook:
    """An output of the running cell that is updated in place, and emptied at the end.

    Parameters
    ----------
    publisher
        The ``display_pub`` of IPython's shell.
    """

    def __init__(self, publisher: Any) -> None:
        self._publisher = publisher
        self._id = f"scalekit-progress-{uuid4().hex}"
        self._is_drawn = False

    def show(self, look: Look) -> None:
        """Draw the bar and its words."""
        if look.total:
            start, filled = 0.0, 100 * look.done / look.total
        else:  # as on a terminal; an animation would begin anew with every update
            start, filled = look.seconds * 20 % 90, 10.0
        html = (
            '<div style="font: 13px var(--jp-ui-font-family, system-ui, sans-serif); opacity: .8">'
            '<div style="display: inline-block; width: 160px; height: 8px; margin-right: 10px; '
            'border-radius: 4px; background: rgba(128, 128, 128, .25)">'
            f'<div style="margin-left: {start:.0f}%; width: {filled:.0f}%; height: 8px; border-radius: 4px; '
            f'background: #2196f3"></div></div>{escape(look.words())}</div>'
        )
        self._publish({"text/html": html, "text/plain": look.words()})

    def clear(self) -> None:
        """Empty the output; there is no message that removes one output and leaves the others."""
        if self._is_drawn:
            self._publish({"text/html": "", "text/plain": ""})

    def _publish(self, data: dict[str, str]) -> None:
        self._publisher.publish(data, transient={"display_id": self._id}, update=self._is_drawn)
        self._is_drawn = True


class Log:
    """Lines, each after twice the time of the one before, for where nobody looks on but asked to be told.

    Parameters
    ----------
    stream
        Where the lines go.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._next = 0.0

    def show(self, look: Look) -> None:
        """Write a line if the time has come."""
        if look.seconds >= self._next:
            self._next = 2 * look.seconds
            self._stream.write(f"scalekit: {look.words()}\n")
            self._stream.flush()

    def clear(self) -> None:
        """What is written stays."""


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
