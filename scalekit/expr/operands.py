"""Which types a function takes: asked for when its columns are known, before any row is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from scalekit.errors import SchemaError
from scalekit.expr.node import Call, ExprNode
from scalekit.expr.show import show_expr

Types = tuple[pl.DataType, ...]
Resolve = Callable[[Call, Types], ExprNode]


@dataclass(frozen=True)
class Takes:
    """A set of types, in words.

    Attributes
    ----------
    what
        Its name in an error: "text".
    fits
        Whether a type belongs to it.
    way_out
        How to get there from another type.
    """

    what: str
    fits: Callable[[pl.DataType], bool]
    way_out: str


def _among(*kinds: type[pl.DataType]) -> Callable[[pl.DataType], bool]:
    return lambda dtype: isinstance(dtype, kinds)


def _is_zoned(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Datetime) and dtype.time_zone is not None


_PARSE = "parse text with .str.to_date(), .str.to_datetime() or .str.to_time()"

TEXT = Takes("text (String)", _among(pl.String), "convert it with .cast(sk.String)")
TEXTS = Takes(
    "a list of texts",
    lambda d: isinstance(d, pl.List) and d.inner in (pl.String, pl.Null),
    "pass a list of str, or a column of type List(String)",
)
DATES = Takes(
    "a list of dates",
    lambda d: isinstance(d, pl.List) and d.inner in (pl.Date, pl.Null),
    "pass a list of datetime.date, or an expression of type List(Date)",
)
NUMBER = Takes(
    "a number or Boolean",
    lambda d: d.is_numeric() or d in (pl.Boolean, pl.Null),
    "convert it with .cast(sk.Float64)",
)
MEASURE = Takes(
    "a number, Boolean, date, time or duration",
    lambda d: d.is_numeric() or d.is_temporal() or d in (pl.Boolean, pl.Null),
    "convert it with .cast(sk.Float64)",
)
INTEGER = Takes(
    "an integer", lambda d: d.is_integer(), "pass an int, or convert with .cast(sk.Int64)"
)
DATE = Takes("a Date or Datetime", _among(pl.Date, pl.Datetime), _PARSE)
CLOCK = Takes(
    "a Datetime or Time",
    _among(pl.Datetime, pl.Time),
    "give a Date its midnight with .cast(sk.Datetime), parse text with .str.to_datetime()",
)
DATETIME = Takes("a Datetime", _among(pl.Datetime), "convert a Date with .cast(sk.Datetime)")
ZONED = Takes(
    "a Datetime with a time zone",
    _is_zoned,
    "give it one with .dt.replace_time_zone() (the zone its clock shows) first",
)
DURATION = Takes(
    "a Duration",
    _among(pl.Duration),
    "subtract two dates or times to get one, or .cast(sk.Duration)",
)
UNITS_OF_TIME = Takes("a Datetime or Duration", _among(pl.Datetime, pl.Duration), _PARSE)
TEMPORAL = Takes("a Date, Datetime, Time or Duration", lambda d: d.is_temporal(), _PARSE)
TIME = Takes("a time of day", _among(pl.Time), "pass a datetime.time, or .dt.time() of a Datetime")
LIST = Takes("a List", _among(pl.List), "make one with .implode() or sk.concat_list()")
STRUCT = Takes("a Struct", _among(pl.Struct), "make one with sk.struct()")
MAP = Takes("a Map", _among(pl.Map), "make one with .cast(sk.Map(key, value))")
CATEGORY = Takes(
    "a Categorical or Enum", _among(pl.Categorical, pl.Enum), "convert with .cast(sk.Categorical)"
)


def takes(first: Takes | None, *rest: Takes, then: Resolve | None = None) -> Resolve:
    """Build the rule that operands have these types; a null passes anywhere but in the first place.

    Parameters
    ----------
    first
        What the first operand has to be; anything, if None.
    rest
        What the further operands have to be, one after the other; the last one holds for all that follow.
    then
        A further rule, for operands that passed.
    """

    def rule(call: Call, dtypes: Types) -> ExprNode:
        if first is not None:
            require(call, 0, dtypes[0], first)
        for position, dtype in enumerate(dtypes[1:], 1):
            if rest and dtype != pl.Null:
                require(call, position, dtype, rest[min(position, len(rest)) - 1])
        return call if then is None else then(call, dtypes)

    return rule


def require(call: Call, position: int, dtype: pl.DataType, wanted: Takes) -> None:
    """Raise ``SchemaError`` unless an operand of ``call`` is of the wanted type."""
    if not wanted.fits(dtype):
        raise SchemaError(
            f"{call.function}() needs {wanted.what}, got {dtype} from {show_expr(call.args[position])}: "
            f"{wanted.way_out}"
        )


def elements(what: str, fits: Callable[[pl.DataType], bool], way_out: str) -> Takes:
    """The lists whose elements are of some types."""
    return Takes(what, lambda d: isinstance(d, pl.List) and fits(_inner(d)), way_out)


def inner_dtype(dtype: pl.DataType) -> pl.DataType:
    """The type of a list's elements; of anything else, the type itself."""
    return _inner(dtype) if isinstance(dtype, pl.List) else dtype


def _inner(dtype: pl.List) -> pl.DataType:
    # A List may hold the class of its inner type, where its instance is the same.
    return pl.Schema({"": dtype.inner})[""]


def go_together(left: pl.DataType, right: pl.DataType) -> bool:
    """Whether values of two types can stand beside each other in one list without becoming text."""
    if pl.Null in (left, right) or left == right:
        return True
    if left.is_nested() or right.is_nested():
        return type(left) is type(right)
    if left.is_numeric() and right.is_numeric():
        return True
    if _is_text(left) and _is_text(right):
        return True
    return type(left) is type(right)


def _is_text(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum)
