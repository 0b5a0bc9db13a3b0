"""One conformance case: a function or method, used on any of the data sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scalekit.frame.frame import Frame


@dataclass(frozen=True)
class Case:
    """A use of one function.

    Attributes
    ----------
    function
        Its row of the function table (``"str.contains"``), ``"Frame.sort"`` for a method of a frame, or what a
        user writes where it is neither (``"cast"``, ``"when"``).
    build
        From a frame with the columns of :data:`scalekit.testing.data.SCHEMA` to the frame to compare.
    note
        What this case looks at, where there are several for one function.
    """

    function: str
    build: Callable[[Frame], Frame]
    note: str = ""

    def __str__(self) -> str:
        return f"{self.function}[{self.note}]" if self.note else self.function
