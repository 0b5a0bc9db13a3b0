"""Rules that compare rows with other rows: unique keys, foreign keys, an order. Each needs a query of its own."""

from __future__ import annotations

from collections.abc import Sequence

from scalekit.checks.rule import Measure, Rule, Subject, applied, by_query
from scalekit.errors import ColumnNotFoundError, ConfigError
from scalekit.expr.builders import col, lit
from scalekit.expr.expr import Expr
from scalekit.expr.shortcuts import len as count_rows
from scalekit.frame.frame import Frame

_COUNT = "__scalekit_count"


def unique(rule: Rule, subject: Subject) -> Measure:
    """Rows whose key occurs once; a key with a null in it is compared with none, as in SQL.

    Raises
    ------
    ColumnNotFoundError
        For a column of the key that does not exist.
    """
    names = list(rule.arguments.get("columns") or [rule.column])
    _check_there(names, subject.frame)
    whole = applied(rule, subject.frame).filter(*(col(name).is_not_null() for name in names))
    groups = whole.group_by(*names).agg(count_rows().alias(_COUNT)).filter(col(_COUNT) > 1)
    failing = whole.filter(count_rows().over(*names) > 1)
    return by_query(rule, groups.select(failing=col(_COUNT).sum()), failing)


def foreign_key(rule: Rule, subject: Subject) -> Measure:
    """Rows whose key is found in another frame; a key with a null in it refers to nothing.

    Raises
    ------
    ColumnNotFoundError
        For a column of either key that does not exist.
    ConfigError
        For a frame that ``others=`` does not name.
    """
    names = list(rule.arguments.get("columns") or [rule.column])
    to = list(rule.arguments.get("to") or names)
    other = other_frame(rule, subject)
    _check_there(names, subject.frame)
    _check_there(to, other)
    return missing_in(rule, subject, names, other, to)


def missing_in(
    rule: Rule, subject: Subject, names: Sequence[str], other: Frame, to: Sequence[str]
) -> Measure:
    """The measure of rows whose key is not in another frame."""
    whole = applied(rule, subject.frame).filter(*(col(name).is_not_null() for name in names))
    keys = other.select(*to).unique()
    failing = whole.join(keys, left_on=list(names), right_on=list(to), how="anti")
    return by_query(rule, failing.select(failing=count_rows()), failing)


def other_frame(rule: Rule, subject: Subject) -> Frame:
    """The frame that a foreign key refers to, by itself or by name."""
    given = rule.arguments["frame"]
    if isinstance(given, Frame):
        return given
    if given not in subject.others:
        raise ConfigError.unknown_choice(
            "frame", given, subject.others, origin=f"{rule.name}; others="
        )
    return subject.others[given]


def _check_there(names: Sequence[str], frame: Frame) -> None:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ColumnNotFoundError.missing(missing, frame.columns)


def monotone(rule: Rule, subject: Subject) -> Measure:
    """Rows that are not below (or above) the one before them, nulls left out."""
    assert rule.column is not None
    x = col(rule.column)
    before: Expr = x.forward_fill().shift(1)
    within, along = rule.arguments.get("within"), rule.arguments.get("along")
    if within or along:
        before = before.over(within or None, order_by=along)
    kept = _COMPARED[rule.arguments["direction"]](x, before)
    marked = applied(rule, subject.frame).with_columns(
        (~kept).fill_null(lit(value=False)).alias(_COUNT)
    )
    failing = marked.filter(col(_COUNT)).drop(_COUNT)
    return by_query(rule, marked.select(failing=col(_COUNT).sum()), failing)


_COMPARED = {
    "increasing": lambda x, before: x >= before,
    "strictly increasing": lambda x, before: x > before,
    "decreasing": lambda x, before: x <= before,
    "strictly decreasing": lambda x, before: x < before,
}
DIRECTIONS = tuple(_COMPARED)
"""What an order can be."""
