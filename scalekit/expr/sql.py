"""SQL expressions, read by Polars' parser and rewritten as scalekit's own."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError, PlanError
from scalekit.expr.builders import col, lit, when
from scalekit.expr.constants import literal
from scalekit.expr.expr import Expr
from scalekit.expr.function import elementwise
from scalekit.expr.horizontal import max_horizontal, min_horizontal
from scalekit.expr.joining import coalesce, concat_str
from scalekit.expr.node import Call, Cast, ExprNode, Literal, Over, SortKey
from scalekit.expr.ranges import int_range
from scalekit.expr.shortcuts import len as row_count

Json = Any
Build = Callable[..., Expr]


def sql_expr(sql: str | Sequence[str]) -> Any:
    """Read an expression in SQL, of Polars' dialect.

    It becomes an expression like any other, so that CONTRACT.md holds for it, except where SQL has a
    meaning of its own: ``//`` and ``%`` of negative numbers truncate toward zero, ``ROUND`` rounds half away
    from zero, and the ``SUM`` of no values is null.

    Parameters
    ----------
    sql
        One expression, or several.

    Raises
    ------
    PlanError
        Where it is no SQL.
    InvalidOperationError
        Where it uses something that has no counterpart here.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": [1, 2], "s": ["a", "b"]})
    >>> frame.select(sk.sql_expr("CASE WHEN x > 1 THEN UPPER(s) ELSE s END AS y")).collect()["y"].to_list()
    ['a', 'B']
    """
    if not isinstance(sql, str):
        return [sql_expr(one) for one in sql]
    try:
        parsed = pl.sql_expr(sql).meta.serialize(format="json")
    except pl.exceptions.PolarsError as error:
        raise PlanError(f"{sql!r} is no SQL expression: {error}") from None
    return _Reader(sql).read(json.loads(parsed))


class _Reader:
    """From the syntax tree that Polars gives to expressions."""

    def __init__(self, sql: str) -> None:
        self._sql = sql

    def read(self, tree: Json) -> Expr:
        if tree == "Len":
            return row_count()
        if isinstance(tree, Mapping) and len(tree) == 1:
            ((kind, inside),) = tree.items()
            reader = getattr(self, f"_{kind.lower()}", None)
            if reader is not None:
                made: Expr = reader(inside)
                return made
        raise self._unknown(tree)

    def _column(self, name: str) -> Expr:
        return col(name)

    def _alias(self, inside: Json) -> Expr:
        return self.read(inside[0]).alias(inside[1])

    def _literal(self, value: Json) -> Expr:
        dyn = value.get("Dyn")
        if isinstance(dyn, Mapping):
            return lit(next(iter(dyn.values())))
        constant = pl.select(_polars({"Literal": value})).to_series()
        if "Series" in value:
            return lit(constant.item().to_list())
        is_null = constant.dtype == pl.Null
        return Expr(literal(constant.item(), None if is_null else constant.dtype))

    def _cast(self, inside: Json) -> Expr:
        empty = pl.DataFrame({"x": []}, schema={"x": pl.Null})
        target = empty.select(_polars({"Cast": {**inside, "expr": {"Column": "x"}}}))
        strict = inside["options"] == "Strict"
        return self.read(inside["expr"]).cast(target.dtypes[0], strict=strict)

    def _binaryexpr(self, inside: Json) -> Expr:
        function = _OPERATORS.get(inside["op"])
        if function is None:
            raise self._unknown(inside["op"])
        sides = (self.read(inside[side])._node for side in ("left", "right"))
        return Expr(Call(function, tuple(sides)))

    def _ternary(self, inside: Json) -> Expr:
        parts = (self.read(inside[part]) for part in ("predicate", "truthy", "falsy"))
        condition, value, otherwise = parts
        return when(condition).then(value).otherwise(otherwise)

    def _agg(self, inside: Json) -> Expr:
        ((name, of),) = inside.items()
        build = _AGGREGATES.get(name)
        if build is None:
            raise self._unknown(name)
        if isinstance(of, list):
            return build(self.read(of[0]), of[1])
        is_wrapped = isinstance(of, Mapping) and "input" in of
        return build(self.read(of["input"] if is_wrapped else of))

    def _function(self, inside: Json) -> Expr:
        path, options = _path(inside["function"])
        build = _FUNCTIONS.get(path)
        if build is None:
            raise self._unknown(path)
        operands = map(self.read, inside["input"])
        known = {k: v for k, v in options.items() if k in _OPTIONS.get(path, ())}
        return build(*operands, **known)

    def _over(self, inside: Json) -> Expr:
        keys = [self.read(k)._node for k in inside["partition_by"] if "Literal" not in k]
        order = () if inside["order_by"] is None else self._order(*inside["order_by"])
        computed = self.read(inside["function"])
        return Expr(Over(computed._node, tuple(keys), order)) if keys or order else computed

    def _order(self, by: Json, flags: Mapping[str, Any]) -> tuple[SortKey, ...]:
        """The keys of a window's order; several are encoded in one column, with flags for each."""
        encoded = by.get("Function", {})
        path, options = _path(encoded["function"]) if encoded else ("", {})
        if path != "RowEncode":
            return (SortKey(self.read(by)._node, flags["descending"], flags["nulls_last"]),)
        each = options["Ordered"]
        ways = set(zip(each["descending"], each["nulls_last"], strict=True))
        if len(ways) > 1:
            raise self._unknown("a window's order that goes up and down")
        return tuple(SortKey(self.read(key)._node, *next(iter(ways))) for key in encoded["input"])

    def _unknown(self, what: Json) -> InvalidOperationError:
        shown = what if isinstance(what, str) else next(iter(what), what)
        return InvalidOperationError(
            f"sql_expr() has no counterpart of {shown} in {self._sql!r}: write that part with sk.col(...), or "
            "use frame.sql(...)"
        )


def _polars(tree: Json) -> pl.Expr:
    return pl.Expr.deserialize(io.StringIO(json.dumps(tree)), format="json")


_FAMILIES = ("Binary", "Boolean", "ListExpr", "Pow", "Range", "Sql", "StringExpr", "StructExpr", "TemporalExpr", "Trigonometry")  # fmt: skip


def _path(function: Json) -> tuple[str, dict[str, Any]]:
    """The name of a function within its family, and its options."""
    if isinstance(function, str):
        return function, {}
    ((name, inside),) = function.items()
    if name in _FAMILIES:
        deeper, options = _path(inside)
        return f"{name}.{deeper}", options
    return name, inside if isinstance(inside, dict) else {"value": inside}


def _to_float(call: Call, dtypes: tuple[pl.DataType, ...]) -> ExprNode:
    return Cast(call.args[0], pl.Float64()) if dtypes[0].is_decimal() else call.args[0]


@elementwise("sql.to_float", owner=Expr, resolve=_to_float)
def _floated(x: Any) -> Expr:
    """A decimal as a float, as SQL's mathematics takes it."""


def _remainder(a: Expr, b: Expr) -> Expr:
    floored = a % b
    is_lower = (floored != 0) & ((a < 0) ^ (b < 0))
    return when(is_lower).then(floored - b).otherwise(floored)


def _quotient(a: Expr, b: Expr) -> Expr:
    is_lower = ((a % b) != 0) & ((a < 0) ^ (b < 0))
    return (a // b).cast(pl.Int64) + is_lower.cast(pl.Int64)


def _is_in(x: Expr, values: Expr) -> Expr:
    """Membership as in SQL: unknown, not false, where a null is among the values."""
    node = values._node
    found = x.is_in(values)
    if isinstance(node, Literal) and isinstance(node.value, tuple) and None in node.value:
        return when(found).then(statement=True)
    return found


def _ranked(x: Expr, options: Mapping[str, Any], **_: Any) -> Expr:
    return x.rank(options["method"].lower(), descending=options["descending"])


_OPERATORS: Mapping[str, str] = {
    "Plus": "add", "Minus": "sub", "Multiply": "mul", "Divide": "truediv", "And": "and_", "Or": "or_",
    "Xor": "xor", "Eq": "eq", "NotEq": "ne", "Lt": "lt", "LtEq": "le", "Gt": "gt", "GtEq": "ge",
    "EqValidity": "eq_missing", "NotEqValidity": "ne_missing", "LogicalAnd": "and_", "LogicalOr": "or_",
}  # fmt: skip

_AGGREGATES: Mapping[str, Build] = {
    "Count": Expr.count, "NUnique": Expr.n_unique, "Sum": Expr.sum, "Mean": Expr.mean, "Min": Expr.min,
    "Max": Expr.max, "Std": Expr.std, "Var": Expr.var, "Median": Expr.median, "First": Expr.first,
    "Last": Expr.last, "Implode": Expr.implode,
}  # fmt: skip

_FUNCTIONS: Mapping[str, Build] = {
    "Abs": Expr.abs, "Exp": Expr.exp, "Log": Expr.log, "Floor": Expr.floor, "Ceil": Expr.ceil,
    "Sign": Expr.sign, "Coalesce": coalesce, "MaxHorizontal": max_horizontal,
    "MinHorizontal": min_horizontal, "DropNulls": Expr.drop_nulls, "NullCount": Expr.null_count,
    "FillNull": Expr.fill_null, "Shift": Expr.shift, "Rank": _ranked,
    "Pow.Generic": lambda x, y: x**y, "Pow.Sqrt": Expr.sqrt, "Pow.Cbrt": Expr.cbrt,
    "Boolean.Not": Expr.not_, "Boolean.IsNull": Expr.is_null, "Boolean.IsNotNull": Expr.is_not_null,
    "Boolean.IsIn": Expr.is_in, "Boolean.IsNan": Expr.is_nan, "Boolean.IsFinite": Expr.is_finite,
    "Sql.IsIn": _is_in, "Sql.Binary.Plus": lambda a, b: a + b, "Sql.Binary.Minus": lambda a, b: a - b,
    "Sql.Binary.Mul": lambda a, b: a * b, "Sql.Binary.Lt": lambda a, b: a < b,
    "Sql.Binary.LtEq": lambda a, b: a <= b, "Sql.Binary.Gt": lambda a, b: a > b,
    "Sql.Binary.GtEq": lambda a, b: a >= b, "Sql.Binary.Eq": lambda a, b: a == b,
    "Sql.Binary.NotEq": lambda a, b: a != b, "Sql.Binary.Div": lambda a, b: a / b, "Sql.Binary.IntDiv": _quotient, "Sql.Binary.Rem": _remainder,
    "Sql.Round": lambda x, decimals: x.round(decimals, mode="half_away_from_zero"),
    "Sql.ToFloat": lambda x: Expr(Call("sql.to_float", (x._node,))),
    "Range.IntRange": int_range,
    **{f"Trigonometry.{n}": getattr(Expr, m) for n, m in (
        ("Sin", "sin"), ("Cos", "cos"), ("Tan", "tan"), ("ArcSin", "arcsin"), ("ArcCos", "arccos"),
        ("ArcTan", "arctan"), ("Sinh", "sinh"), ("Cosh", "cosh"), ("Tanh", "tanh"),
        ("Degrees", "degrees"), ("Radians", "radians"),
    )},
    "StringExpr.Uppercase": lambda s: s.str.to_uppercase(),
    "StringExpr.Lowercase": lambda s: s.str.to_lowercase(),
    "StringExpr.LenChars": lambda s: s.str.len_chars(),
    "StringExpr.LenBytes": lambda s: s.str.len_bytes(),
    "StringExpr.StripChars": lambda s, c: s.str.strip_chars(c),
    "StringExpr.StripCharsStart": lambda s, c: s.str.strip_chars_start(c),
    "StringExpr.StripCharsEnd": lambda s, c: s.str.strip_chars_end(c),
    "StringExpr.Slice": lambda s, start, length: s.str.slice(start, length),
    "StringExpr.Replace": lambda s, old, new, n, literal: (
        s.str.replace_all(old, new, literal=literal) if n == -1 else s.str.replace(old, new, n=n, literal=literal)
    ),
    "StringExpr.Reverse": lambda s: s.str.reverse(),
    "StringExpr.StartsWith": lambda s, x: s.str.starts_with(x),
    "StringExpr.EndsWith": lambda s, x: s.str.ends_with(x),
    "StringExpr.Contains": lambda s, x, literal: s.str.contains(x, literal=literal),
    "StringExpr.ConcatHorizontal": lambda *s, delimiter, ignore_nulls: concat_str(
        *s, separator=delimiter, ignore_nulls=ignore_nulls
    ),
    "StructExpr.FieldByName": lambda x, value: x.struct.field(value),
    "ListExpr.Get": lambda x, i: x.list.get(i, null_on_oob=True),
    "TemporalExpr.OffsetBy": lambda t, by: t.dt.offset_by(by),
    **{f"TemporalExpr.{n}": lambda t, m=m: getattr(t.dt, m)() for n, m in (
        ("Year", "year"), ("Month", "month"), ("Day", "day"), ("Hour", "hour"), ("Minute", "minute"),
        ("Second", "second"), ("Quarter", "quarter"), ("Week", "week"), ("WeekDay", "weekday"),
        ("OrdinalDay", "ordinal_day"), ("IsoYear", "iso_year"), ("Date", "date"), ("Time", "time"),
    )},
}  # fmt: skip
"""Functions by the names that Polars' syntax tree gives them."""

_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "Rank": ("options",),
    "Sql.Round": ("decimals",),
    "StringExpr.Replace": ("n", "literal"),
    "StringExpr.Contains": ("literal",),
    "StringExpr.ConcatHorizontal": ("delimiter", "ignore_nulls"),
    "StructExpr.FieldByName": ("value",),
}
"""Options that are passed on; what others say is what SQL always means."""
