"""Which share of the rows a predicate keeps: from bounds and numbers of values, else by convention.

Conventions where nothing is known follow Selinger et al. 1979 (table 1). A share that rests on bounds or on
counted values is trusted to a factor, one of convention hardly at all: spans say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from scalekit.estimate.relation import Relation, Values
from scalekit.estimate.span import Span
from scalekit.estimate.values import distinct_of, position
from scalekit.expr.analysis import is_deep
from scalekit.expr.node import Alias, Call, Case, Cast, Column, ExprNode, Literal, Opaque

UNKNOWN = Span(0.0, 1 / 3, 1.0)
"""The share that a condition keeps of which nothing is known."""
ALIKE = Span(0.0, 1 / 10, 1.0)
"""The share of texts that contain, begin or end with something."""
LEAST = 1 / 100_000
"""The share below which no guess goes, however many conditions there are."""

_FLIPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


@dataclass(frozen=True, slots=True)
class _Limit:
    """A column, and a bound that its values are to be below or above."""

    column: str
    above: bool
    at: float


def share_kept(predicate: ExprNode, relation: Relation) -> Span:
    """The share of rows for which a predicate is true."""
    if is_deep(predicate):
        return UNKNOWN
    parts = _conjuncts(predicate)
    limits = [limit for part in parts for limit in _limits(part, relation)]
    others = [part for part in parts if not _limits(part, relation)]
    shares = [*_between(limits, relation), *(_share(part, relation) for part in others)]
    return _product(shares)


def _product(shares: Sequence[Span]) -> Span:
    """Conditions as if they had nothing to do with each other; at most, all but the sharpest follow from it."""
    guess = math.prod(share.guess for share in shares)
    low = math.prod(share.low for share in shares)
    high = min([1.0, *(share.high for share in shares)])
    guess = max(guess, LEAST)
    return Span(min(low, guess), guess, max(guess, high))


def _conjuncts(predicate: ExprNode) -> list[ExprNode]:
    found, stack = [], [predicate]
    while stack:
        match stack.pop():
            case Call("and_" | "all_horizontal", args):
                stack.extend(args)
            case Alias(arg):
                stack.append(arg)
            case part:
                found.append(part)
    return found


def _limits(part: ExprNode, relation: Relation) -> list[_Limit]:
    """What a condition says of one column whose bounds are known."""
    match part:
        case Call("is_between", (arg, low, high)):
            found = [_limit("ge", arg, low, relation), _limit("le", arg, high, relation)]
            return [f for f in found if f is not None] if None not in found else []
        case Call("lt" | "le" | "gt" | "ge" as function, (left, right)):
            one = _limit(function, left, right, relation)
            one = one or _limit(_FLIPPED[function], right, left, relation)
            return [one] if one is not None else []
    return []


def _limit(function: str, arg: ExprNode, bound: ExprNode, relation: Relation) -> _Limit | None:
    name, at = _column(arg), position(_constant(bound))
    if name is None or at is None or _ends(relation.columns.get(name)) is None:
        return None
    is_above = function in ("gt", "ge")
    if function in ("gt", "lt"):
        at += _step(relation.columns[name]) * (1 if is_above else -1)
    return _Limit(name, is_above, at)


def _column(expr: ExprNode) -> str | None:
    while isinstance(expr, Alias | Cast):
        expr = expr.arg
    return expr.name if isinstance(expr, Column) else None


def _constant(expr: ExprNode) -> Any:
    while isinstance(expr, Alias | Cast):
        expr = expr.arg
    return expr.value if isinstance(expr, Literal) else None


def _ends(values: Values | None) -> tuple[float, float] | None:
    if values is None:
        return None
    low, high = position(values.low), position(values.high)
    return None if low is None or high is None else (low, high)


def _step(values: Values) -> float:
    """The distance of neighbours: whole numbers and days have one."""
    is_day = isinstance(values.low, date) and not isinstance(values.low, datetime)
    return 1.0 if is_day or isinstance(values.low, int) else 0.0


def _between(limits: Sequence[_Limit], relation: Relation) -> list[Span]:
    """The part of each column's range that its limits leave, as if its values lay evenly."""
    shares = []
    for name in dict.fromkeys(limit.column for limit in limits):
        values = relation.columns[name]
        ends = _ends(values)
        assert ends is not None
        low = max([ends[0], *(x.at for x in limits if x.column == name and x.above)])
        high = min([ends[1], *(x.at for x in limits if x.column == name and not x.above)])
        step = _step(values)
        wide = ends[1] - ends[0] + step
        share = (high - low + step) / wide if wide > 0 else float(low <= high)
        share = max(0.0, min(1.0, share)) * (1 - values.nulls)
        shares.append(_trusted(share, 3))
    return shares


def _trusted(share: float, factor: float) -> Span:
    """A share that may be off by a factor, of what is kept or of what is left out."""
    share = min(1.0, max(share, LEAST))
    return Span(share / factor, share, min(1.0, share * factor, 1 - (1 - share) / factor + 1e-9))


def _share(part: ExprNode, relation: Relation) -> Span:
    match part:
        case Literal(bool() as value):
            return Span.of(float(value))
        case Call("lt", (Call("row_share"), Literal(float(share)))):
            return _trusted(share, 1.5)
        case Call(function, args) if function in _SHARES:
            return _SHARES[function](args, relation)
        case Column():
            return Span(0.0, 0.5, 1.0)
    return UNKNOWN


def _not(args: Sequence[ExprNode], relation: Relation) -> Span:
    kept = share_kept(args[0], relation)
    return Span(1 - kept.high, 1 - kept.guess, 1 - kept.low)


def _or(args: Sequence[ExprNode], relation: Relation) -> Span:
    kept = [share_kept(arg, relation) for arg in args]
    guess = 1 - math.prod(1 - one.guess for one in kept)
    return Span(max(one.low for one in kept), guess, min(1.0, sum(one.high for one in kept)))


def _equal(args: Sequence[ExprNode], relation: Relation) -> Span:
    return _among((args[0], args[1]), relation, 1)


def _different(args: Sequence[ExprNode], relation: Relation) -> Span:
    return _not((Call("eq", tuple(args)),), relation)


def _in(args: Sequence[ExprNode], relation: Relation) -> Span:
    listed = _constant(args[1])
    listed = listed.value if isinstance(listed, Opaque) else listed
    try:
        return _among((args[0], args[1]), relation, len(listed))
    except TypeError:
        return UNKNOWN


def _among(pair: tuple[ExprNode, ExprNode], relation: Relation, count: int) -> Span:
    """One of ``count`` of the values that there are, as if all were as frequent."""
    different = max(_distinct(pair[0], relation), _distinct(pair[1], relation))
    share = min(1.0, count / max(1.0, different))
    return _trusted(share, 10)


def _distinct(expr: ExprNode, relation: Relation) -> float:
    name = _column(expr)
    if name is not None:
        values = relation.columns.get(name)
        return values.distinct if values is not None else 10.0
    if isinstance(expr, Literal):
        return 1.0
    return distinct_of(expr, relation) if isinstance(expr, Call | Case) else 10.0


def _null(args: Sequence[ExprNode], relation: Relation) -> Span:
    values = relation.columns.get(_column(args[0]) or "")
    return UNKNOWN if values is None else _trusted(values.nulls, 2)


def _not_null(args: Sequence[ExprNode], relation: Relation) -> Span:
    null = _null(args, relation)
    return Span(1 - null.high, 1 - null.guess, 1.0) if null is not UNKNOWN else Span(0.0, 0.9, 1.0)


def _alike(_: Sequence[ExprNode], __: Relation) -> Span:
    return ALIKE


_SHARES: Mapping[str, Callable[[Sequence[ExprNode], Relation], Span]] = {
    "not_": _not,
    "or_": _or,
    "any_horizontal": _or,
    "eq": _equal,
    "eq_missing": _equal,
    "ne": _different,
    "ne_missing": _different,
    "is_in": _in,
    "is_null": _null,
    "is_not_null": _not_null,
    "str.contains": _alike,
    "str.contains_any": _alike,
    "str.starts_with": _alike,
    "str.ends_with": _alike,
    "cat.starts_with": _alike,
    "cat.ends_with": _alike,
}
