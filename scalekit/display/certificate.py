"""The outcome of comparing ways to run a plan, as a value that reads well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import polars as pl

from scalekit import proof
from scalekit.display.html import rows_html
from scalekit.display.text import amount, value_text

if TYPE_CHECKING:
    from scalekit.proof.difference import Difference
    from scalekit.proof.verification import Verified

_MOST_INPUT = (8, 12)
"""Rows and columns of each source that are shown."""


@dataclass(frozen=True, repr=False)
class Certificate:
    """Which ways of running a plan were compared, and where they differ; true where they agree.

    Attributes
    ----------
    found
        All that is known of it.
    """

    found: Verified

    def __bool__(self) -> bool:
        return not self.found.differences

    @property
    def backends(self) -> tuple[str, ...]:
        """Names of the backends that answered; the first one is the reference."""
        return tuple(dict.fromkeys(way.backend for way in self.found.ways))

    @property
    def rows(self) -> int:
        """Rows of the reference's answer."""
        return self.found.rows

    @property
    def differences(self) -> Mapping[str, Difference]:
        """Each way that differs, such as ``"serial in 2 parts"``, and how; empty where all agree."""
        return {str(way): difference for way, difference in self.found.differences.items()}

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        return certificate_html(self)

    def _lines(self) -> Iterator[str]:
        yield headline(self.found)
        for difference, is_new in _told(self.found):
            yield from (f"  {line}" for line in _difference_lines(difference, in_full=is_new))
        yield from (f"  {fact}" for fact in facts(self.found))


def headline(found: Verified) -> str:
    """Whether all agree, in a line."""
    rows = amount(found.rows, "row")
    if found.differences:
        wrong = proof.listed(tuple(found.differences), ", ")
        return f"NOT verified: {wrong} against {found.ways[0]} ({rows})"
    return f"verified: {proof.listed(found.ways, ' = ')} ({rows}, {found.terms})"


def facts(found: Verified) -> Iterator[str]:
    """What the outcome holds for, a line each."""
    yield f"values, types and columns exactly; {_floats(found)}"
    yield f"input: {_input(found)}"
    if found.ties:
        yield f"open: which of the rows that tie come first, in {proof.listed(found.ties, ', ')}: sort by a key more"
    yield from (f"not run: {way} ({text})" for way, text in found.refused.items())
    yield from (f"not exact: {label.strip()}" for label in found.labels)
    versions = ", ".join(f"{name} {number}" for name, number in found.versions.items())
    yield f"plan {found.fingerprint}; {versions}; {found.at:%Y-%m-%d %H:%M} UTC"


def _floats(found: Verified) -> str:
    names = sorted(found.terms.inexact)
    if not names:
        return "floats to the last bit"
    listed_names = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return f"floats of {listed_names} within {found.terms.ulps:,} ulps, {found.ulps:,} seen"


def _input(found: Verified) -> str:
    sample = found.sample
    if sample.is_whole:
        return f"all {amount(sample.rows or 0, 'row')}"
    some = f"{sample.how}: {amount(sample.rows or 0, 'row')}"
    return some if sample.total is None else f"{some} of {sample.total:,}"


def _told(found: Verified) -> Iterator[tuple[Difference, bool]]:
    """Every difference, and whether its step has not been told of the same backend before."""
    seen = set()
    for way, difference in found.differences.items():
        told = (way.backend, difference.step, difference.columns)
        yield difference, told not in seen
        seen.add(told)


def _difference_lines(difference: Difference, *, in_full: bool) -> Iterator[str]:
    yield f"{difference.way}: {difference.text}"
    if not in_full:
        yield "  at the same step"
        return
    yield f"  first step that differs: {difference.step}"
    if difference.columns:
        yield f"  columns that differ: {', '.join(difference.columns)}"
    if difference.rows.width:
        yield from (f"    {line}" for line in table_lines(difference.rows))
    for name, table in difference.inputs.items():
        yield f"  seen with {amount(table.height, 'row')} of {name}:"
        if table.height:
            yield from (f"    {line}" for line in table_lines(_head(table)))


def table_lines(table: pl.DataFrame) -> list[str]:
    """A table of few rows as text, every float to its last bit."""
    cells = [table.columns, *([_cell(v) for v in row] for row in table.iter_rows())]
    widths = [max(len(row[i]) for row in cells) for i in range(table.width)]
    return [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells
    ]


def _cell(value: object) -> str:
    return repr(value) if isinstance(value, float) and value == value else value_text(value)


def _head(table: pl.DataFrame) -> pl.DataFrame:
    rows, columns = _MOST_INPUT
    return table.head(rows).select(table.columns[:columns])


def _as_text(table: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame(
        {column.name: [_cell(value) for value in column] for column in table.iter_columns()}
    )


def certificate_html(certificate: Certificate) -> str:
    """A certificate for a notebook: the outcome, what differs as tables, and what it holds for."""
    found = certificate.found
    parts = [f"<b>{escape(headline(found))}</b>"]
    for difference, is_new in _told(found):
        parts.append(f"<div>{escape(f'{difference.way}: {difference.text}')}</div>")
        if not is_new:
            continue
        parts.append(f"<div>first step that differs: <code>{escape(difference.step)}</code></div>")
        if difference.rows.width:
            parts.append(rows_html(_as_text(difference.rows)))
        for name, table in difference.inputs.items():
            seen = f"seen with {amount(table.height, 'row')} of {name}"
            parts.append(f'<div class="note">{escape(seen)}</div>')
            parts += [rows_html(_as_text(_head(table)))] if table.height else []
    parts += [f'<div class="note">{escape(fact)}</div>' for fact in facts(found)]
    return f'<div class="scalekit">{"".join(parts)}</div>'
