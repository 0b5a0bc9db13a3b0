"""The table of kinds of rules: how each is written, called and measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from scalekit.checks import arguments as read
from scalekit.checks import drift_kinds, frame_kinds, key_kinds, row_kinds
from scalekit.checks.levels import Threshold
from scalekit.checks.rule import Measure, Rule, Subject
from scalekit.display.text import amount, duration_text, shortened, type_text, value_text
from scalekit.expr.dtypes import to_dtype

ERROR = (Threshold("error", 1),)
"""Unless thresholds are given, one failing row is an error."""
DRIFT = (Threshold("warn", 0.1), Threshold("error", 0.2))
"""Of a PSI: below 0.1 as before, from 0.2 on another distribution (Siddiqi, 2006, "Credit risk scorecards")."""

_LONGEST = 60


@dataclass(frozen=True)
class Kind:
    """One kind of rule.

    Attributes
    ----------
    read
        From what is written behind its name to its arguments; raises ``ValueError``.
    keys
        The arguments that may be written as a mapping, beside thresholds.
    label
        From its arguments to what reports call it.
    measure
        How it is measured; raises ``PlanError`` where the column does not allow it.
    thresholds
        Where its levels begin, unless others are given.
    counts_rows
        Whether thresholds are counts and shares of rows, not measured numbers.
    needs_reference
        Whether it compares with a reference.
    """

    read: Callable[[Any], dict[str, Any]]
    keys: tuple[str, ...]
    label: Callable[[Mapping[str, Any]], str]
    measure: Callable[[Rule, Subject], Measure]
    thresholds: tuple[Threshold, ...] = ERROR
    counts_rows: bool = True
    needs_reference: bool = False


def _range(arguments: Mapping[str, Any]) -> str:
    low, high, closed = arguments.get("min"), arguments.get("max"), arguments.get("closed", "both")
    if low is not None and high is not None:
        if low == high:
            return value_text(low)
        ends = {
            "both": "",
            "left": ", the end left out",
            "right": ", the start left out",
            "none": ", both left out",
        }
        return f"between {value_text(low)} and {value_text(high)}{ends[closed]}"
    if low is not None:
        return f"{'at least' if closed in ('both', 'left') else 'above'} {value_text(low)}"
    return f"{'at most' if closed in ('both', 'right') else 'below'} {value_text(high)}"


def _some(values: list[Any]) -> str:
    return shortened(", ".join(map(value_text, values)), _LONGEST)


def _type(wanted: Any) -> str:
    if isinstance(wanted, list | tuple):
        return " or ".join(map(_type, wanted))
    return wanted if isinstance(wanted, str) else type_text(to_dtype(wanted))


def _allowed(label: str) -> Callable[[Mapping[str, Any]], str]:
    def said(arguments: Mapping[str, Any]) -> str:
        allowed = arguments.get("allowed", 0)
        if not allowed:
            return label
        most = f"{allowed:,} rows" if isinstance(allowed, int) else f"{100 * allowed:g} % of rows"
        return f"{label} (but for {most})"

    return said


def _order(arguments: Mapping[str, Any]) -> str:
    within, along = arguments.get("within"), arguments.get("along")
    along_text = f" along {', '.join(along)}" if along else ""
    return f"{arguments['direction']}{along_text}{f' within {_some(within)}' if within else ''}"


def _key(arguments: Mapping[str, Any]) -> str:
    columns = arguments.get("columns")
    return f"unique {' + '.join(columns)}" if columns else "unique"


def _reference(arguments: Mapping[str, Any]) -> str:
    frame, to = arguments["frame"], arguments.get("to") or arguments.get("columns")
    where = frame if isinstance(frame, str) else "the other frame"
    own = f"{' + '.join(arguments['columns'])} " if arguments.get("columns") else ""
    return f"{own}found in {where}{f'.{_some(to)}' if to else ''}"


def _columns(arguments: Mapping[str, Any]) -> str:
    ordered = " in this order" if arguments.get("ordered") else ""
    return f"columns {_some(arguments['names'])}{' and no others' if arguments.get('exact') else ''}{ordered}"


def _span(length: timedelta) -> str:
    days, rest = divmod(length, timedelta(days=1))
    return duration_text(length.total_seconds()) if rest else amount(days, "day")


_BOUND = ("value",)
_ROWS = row_kinds.on_column

COLUMN_KINDS: Mapping[str, Kind] = {
    "dtype": Kind(read.types, ("is",), lambda a: f"of type {_type(a['is'])}", frame_kinds.dtype),
    "nulls": Kind(read.allowance, ("allowed",), _allowed("not null"), _ROWS(row_kinds.not_null)),
    "nan": Kind(read.allowance, ("allowed",), _allowed("not NaN"), _ROWS(row_kinds.not_nan)),
    "finite": Kind(read.flag, (), lambda _: "finite", _ROWS(row_kinds.finite)),
    "min": Kind(read.minimum, _BOUND, _range, _ROWS(row_kinds.between)),
    "max": Kind(read.maximum, _BOUND, _range, _ROWS(row_kinds.between)),
    "above": Kind(read.above, _BOUND, _range, _ROWS(row_kinds.between)),
    "below": Kind(read.below, _BOUND, _range, _ROWS(row_kinds.between)),
    "between": Kind(read.bounds, ("min", "max", "closed"), _range, _ROWS(row_kinds.between)),
    "in": Kind(read.values, ("values",), lambda a: f"one of {_some(a['values'])}", _ROWS(row_kinds.among)),
    "not_in": Kind(read.values, ("values",), lambda a: f"none of {_some(a['values'])}", _ROWS(row_kinds.not_among)),
    "matches": Kind(read.pattern, ("pattern",), lambda a: f"matches {a['pattern']}", _ROWS(row_kinds.matches)),
    "length": Kind(read.counts, ("min", "max"), lambda a: f"length {_range(a)}", _ROWS(row_kinds.length)),
    "unique": Kind(read.key, (), _key, key_kinds.unique),
    "monotone": Kind(read.direction, ("direction", "within", "along"), _order, key_kinds.monotone),
    "foreign_key": Kind(read.reference, ("frame", "column"), _reference, key_kinds.foreign_key),
    "fresh": Kind(
        read.span, ("within",),
        lambda a: f"newest within {_span(a['within'])}", frame_kinds.fresh,
    ),
    "psi": Kind(
        read.bins, ("bins",), lambda _: "distributed as in the reference (PSI)", drift_kinds.psi_measure, DRIFT,
        counts_rows=False, needs_reference=True,
    ),
    "ks": Kind(
        read.bins, ("bins",), lambda _: "distributed as in the reference (KS)", drift_kinds.ks_measure, DRIFT,
        counts_rows=False, needs_reference=True,
    ),
    "new_values": Kind(
        read.allowance, ("allowed",), _allowed("no values that the reference does not have"),
        drift_kinds.new_values, needs_reference=True,
    ),
    "null_jump": Kind(
        read.distance, (), lambda _: "no more nulls than in the reference", drift_kinds.null_jump,
        (Threshold("warn", 0.01), Threshold("error", 0.05)), counts_rows=False, needs_reference=True,
    ),
    "expression": Kind(
        read.expression, ("is",), lambda a: shortened(repr(a["is"]), _LONGEST), row_kinds.expression
    ),
}  # fmt: skip
"""Rules of a column, by the names under which they are written."""

TABLE_KINDS: Mapping[str, Kind] = {
    "rows": Kind(read.counts, ("min", "max"), lambda a: f"number of rows {_range(a)}", frame_kinds.rows),
    "columns": Kind(read.names, ("names", "exact", "ordered"), _columns, frame_kinds.columns),
    "unique": Kind(read.key, ("columns",), _key, key_kinds.unique),
    "foreign_keys": Kind(read.reference, ("columns", "frame", "to"), _reference, key_kinds.foreign_key),
    "expressions": COLUMN_KINDS["expression"],
}  # fmt: skip
"""Rules of the frame as a whole."""
