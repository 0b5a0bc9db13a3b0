"""How a fit would go, as a value that reads well."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from html import escape

import polars as pl

from scalekit.display.text import amount
from scalekit.learn.record import EXACTNESS
from scalekit.sources.sizes import size_text


@dataclass(frozen=True)
class Step:
    """One estimator of a fit.

    Attributes
    ----------
    path
        The names that lead to it in a composed estimator; empty for the one that was given.
    estimator
        Its class.
    strategy
        How it is fitted, see docs/estimators.md; ``"memory"`` is its own fit, ``"none"`` stands for refused.
    exactness
        How its result relates to scikit-learn's own: ``"exact"``, ``"converged"``, ``"in_law"``, ``"approximate"``, ``"sampled"``.
    passes
        How often the rows are read.
    kept_bytes
        What is kept in memory for its passes, about; None for nothing, or where earlier steps decide it.
    note
        What one should know of it.
    refusal
        Why it cannot be fitted, and the way out.
    """

    path: str
    estimator: str
    strategy: str
    exactness: str
    passes: str
    kept_bytes: int | None
    note: str
    refusal: str


@dataclass(frozen=True, repr=False)
class FitOutline:
    """How a fit would go; true where all its steps can be fitted.

    Attributes
    ----------
    backend
        Who would work.
    reason
        Why it is done so.
    rows
        Rows of the frame, about; None where nobody knows.
    steps
        The estimators, each before those that it is made of.
    """

    backend: str
    reason: str
    rows: int | None
    steps: tuple[Step, ...]

    def __bool__(self) -> bool:
        return not any(step.refusal for step in self.steps)

    @property
    def exactness(self) -> str:
        """The weakest of all steps."""
        known = [step.exactness for step in self.steps if step.exactness in EXACTNESS]
        return max(known, key=list(EXACTNESS).index, default="none")

    def frame(self) -> pl.DataFrame:
        """A row for each step."""
        types = {field.name: pl.String for field in fields(Step)} | {"kept_bytes": pl.Int64}
        return pl.DataFrame(list(map(astuple, self.steps)), schema=types, orient="row")

    def _title(self) -> str:
        rows = (
            "an unknown number of rows"
            if self.rows is None
            else f"about {amount(self.rows, 'row')}"
        )
        told = self.exactness if self else "cannot be fitted so"
        return f"fit on {self.backend} ({self.reason}), {rows}: {told}"

    def __repr__(self) -> str:
        cells = [_HEAD, *(_cells(step) for step in self.steps)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [self._title()]
        for row, step in zip(cells, (None, *self.steps), strict=True):
            told = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append(f"  {told.rstrip()}")
            if step is not None and step.refusal:
                lines.append(f"      ✗ {step.refusal}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in _HEAD)
        rows = "".join(map(_row, self.steps))
        return (
            f"{_STYLE}<div class='scalekit-fit'><b>{escape(self._title())}</b><table><thead><tr>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table></div>"
        )


_HEAD = ("step", "fitted by", "exactness", "passes", "keeps", "note")


def _cells(step: Step) -> tuple[str, ...]:
    depth = step.path.count(".") + bool(step.path)
    name = (
        "  " * depth + (f"{step.path.rpartition('.')[2]}: " if step.path else "") + step.estimator
    )
    kept = "" if step.kept_bytes is None else size_text(step.kept_bytes)
    return name, step.strategy, step.exactness, step.passes, kept, step.note


def _row(step: Step) -> str:
    cells = _cells(step)
    if step.refusal:
        told = f"<td>{escape(cells[0])}</td><td colspan='5' class='refused'>✗ {escape(step.refusal)}</td>"
    else:
        told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr>{told}</tr>"


# Colours of the page, weakened, as those of a frame: they read in light and dark themes.
_STYLE = """<style>
.scalekit-fit {font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 13px; line-height: 1.4}
.scalekit-fit table {border-collapse: collapse; margin: 6px 0}
.scalekit-fit th, .scalekit-fit td {padding: 2px 10px; text-align: left; vertical-align: top}
.scalekit-fit td:first-child {white-space: pre}
.scalekit-fit thead {border-bottom: 1px solid rgba(128, 128, 128, .5)}
.scalekit-fit .refused {color: #d33}
</style>"""
