"""The outcome of a forecast, as a value that reads well."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import polars as pl

from scalekit.display.text import amount, duration_text
from scalekit.estimate import Span
from scalekit.sources.sizes import size_text


@dataclass(frozen=True)
class Step:
    """One step of a plan: what it gave of the sample, and what it would give of all rows."""

    step: str
    detail: str
    sample_rows: int
    rows: int
    bytes: int


@dataclass(frozen=True)
class Forecast:
    """What a plan would take and give at full size.

    Attributes
    ----------
    rows, bytes
        Of the result.
    seconds
        From call to result, of which ``reading`` is for the sources.
    reading
        Seconds for the sources.
    memory
        Bytes at the peak on this machine, from ``low`` to ``high`` with a ``guess``; None where it is not known.
    backend, reason
        Who would run it, and why.
    share, sample
        The share of the sample, and what it is in words.
    steps
        The steps, from the sources to the result.
    doubts
        Where a sample tells little of all rows, in words.
    """

    rows: int
    bytes: int
    seconds: float
    reading: float
    memory: Span | None
    backend: str
    reason: str
    share: float
    sample: str
    steps: tuple[Step, ...]
    doubts: tuple[str, ...] = ()

    def frame(self) -> pl.DataFrame:
        """A row for each step: its name, its rows of the sample, its rows and bytes at full size.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2, 3]}).filter(sk.col("x") > 1).forecast().frame()["rows"].to_list()
        [2]
        """
        return pl.DataFrame(
            [vars(step) for step in self.steps],
            schema={
                "step": pl.String,
                "detail": pl.String,
                "sample_rows": pl.Int64,
                "rows": pl.Int64,
                "bytes": pl.Int64,
            },
        )

    def _facts(self) -> list[tuple[str, str]]:
        memory = "unknown"
        if self.memory is not None:
            guess, high = (size_text(round(n)) for n in (self.memory.guess, self.memory.high))
            memory = f"about {guess} at the peak, at most {high}"
        time = (
            f"about {duration_text(self.seconds)}, of which {duration_text(self.reading)} to read"
        )
        return [
            ("result", f"about {amount(self.rows, 'row')}, {size_text(self.bytes)}"),
            ("time", time),
            ("memory", memory),
            ("backend", f"{self.backend} ({self.reason})"),
            *(("beware", doubt) for doubt in self.doubts),
        ]

    def __repr__(self) -> str:
        facts = [f"  {name:8} {text}" for name, text in self._facts()]
        return "\n".join([f"forecast at full size, from {self.sample}", *facts])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th style="text-align: left">{name}</th><td style="text-align: left">{escape(text)}</td></tr>'
            for name, text in self._facts()
        )
        return f"<b>Forecast at full size</b>, from {escape(self.sample)}<table>{rows}</table>"
