"""One rule, read and validated, and how it is measured on one frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.checks.levels import Threshold, level_by_rows, worst
from scalekit.checks.outcome import Outcome
from scalekit.errors import ConfigError
from scalekit.expr.builders import lit
from scalekit.expr.expr import Expr
from scalekit.frame.frame import Frame

if TYPE_CHECKING:
    from scalekit.checks.profile import Profile

ROWS = "rows of the frame"
"""The name under which every measure finds the number of all rows."""


@dataclass(frozen=True, eq=False)
class Rule:
    """What is to hold for a column, or for a whole frame.

    Attributes
    ----------
    kind
        A name of :data:`scalekit.checks.kinds.KINDS`.
    column
        None for a rule of the whole frame.
    name
        What reports call it.
    arguments
        As that kind reads them.
    thresholds
        Where its levels begin.
    when
        A condition: the rule is for the rows for which it is true.
    """

    kind: str
    column: str | None
    name: str
    arguments: Mapping[str, Any]
    thresholds: tuple[Threshold, ...]
    when: Expr | None = None

    @property
    def worst(self) -> str:
        """The most severe level that it has."""
        return worst(threshold.level for threshold in self.thresholds)

    def outcome(self, level: str, **found: Any) -> Outcome:
        """What it found."""
        return Outcome(self.name, self.column, self.kind, level, **found)

    def untested(self, note: str) -> Outcome:
        """It could not be tested, which is as bad as it can get for this rule."""
        return self.outcome(self.worst, note=note)


@dataclass(frozen=True, eq=False)
class Subject:
    """What rules are measured on.

    Attributes
    ----------
    frame, schema
        The rows, and the types of their columns.
    now
        The time that freshness is measured at, with a time zone.
    others
        Frames that foreign keys refer to, by name.
    reference, profiles
        The frame that drift is measured against, and what is known of its columns, by name and number of bins.
    """

    frame: Frame
    schema: pl.Schema
    now: datetime
    others: Mapping[str, Frame] = field(default_factory=dict)
    reference: Frame | None = None
    profiles: Mapping[tuple[str, int], Profile] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Measure:
    """How one rule is measured: aggregates of the one query of all rules, or a query of its own.

    Attributes
    ----------
    rule
        The rule.
    found
        From the values of its aggregates, or from ``"failing"`` of its query, to what it found.
    aggregates
        One value each of all rows.
    query
        One row with the column ``failing``.
    failing
        The rows that break it, or why there are none.
    """

    rule: Rule
    found: Callable[[Mapping[str, Any]], Outcome]
    aggregates: Mapping[str, Expr] = field(default_factory=dict)
    query: Frame | None = None
    failing: Frame | str = field(default="it measures one thing of all rows")


def by_rows(rule: Rule, subject: Subject, kept: Expr) -> Measure:
    """The measure of a condition that each row keeps or breaks; a row for which it is null keeps it."""
    broken = (~kept).fill_null(lit(value=False))
    aggregates = {"failing": broken.sum()}
    if rule.when is not None:
        applies = rule.when.fill_null(lit(value=False))
        broken = broken & applies
        aggregates = {"failing": broken.sum(), "rows": applies.sum()}
    return Measure(rule, row_counts(rule), aggregates, failing=subject.frame.filter(broken))


def by_query(rule: Rule, query: Frame, failing: Frame) -> Measure:
    """The measure of a condition on rows that needs a query of its own, which counts those that break it."""
    return Measure(rule, row_counts(rule), query=query, failing=failing)


def row_counts(rule: Rule) -> Callable[[Mapping[str, Any]], Outcome]:
    """What is found by counting failing rows."""

    def found(values: Mapping[str, Any]) -> Outcome:
        failing, rows = values["failing"] or 0, values.get("rows", values[ROWS]) or 0
        level = level_by_rows(rule.thresholds, failing, rows)
        return rule.outcome(level, failing=failing, rows=rows)

    return found


def by_fact(rule: Rule, *, holds: bool, value: str = "", note: str = "") -> Outcome:
    """What is found by a test of the whole frame, which holds or not."""
    level = "pass" if holds else level_by_rows(rule.thresholds, 1, 1)
    return rule.outcome(level, value=value, note=note)


def applied(rule: Rule, frame: Frame) -> Frame:
    """The rows that a rule is for."""
    return frame if rule.when is None else frame.filter(rule.when)


def wrong(place: str, kind: str, text: str) -> ConfigError:
    """The error for a rule that has no meaning: where it stands, and what is allowed."""
    return ConfigError(f"{place}, rule {kind!r}: {text}")
