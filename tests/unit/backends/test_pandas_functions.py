"""Every function that pandas runs gives the reference's answer on every kind of column and trouble.

The conformance suite asks each function in a few ways on every backend; this asks those that pandas runs
itself in more ways, wherever their types allow, and only where pandas says that it runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import col, lit, when
from scalekit.backends.pandas import lowering, native_functions
from scalekit.errors import ScalekitError
from scalekit.expr.node import Call
from scalekit.frame.frame import Frame
from scalekit.plan.nodes import Scan
from scalekit.sources.memory import MemorySource
from scalekit.testing.compare import assert_conforms, reference
from scalekit.testing.data import DATASETS, SCHEMA, dataset
from scalekit.tree import walk

Expr = Any
Use = Callable[..., Expr]

NUMBERS = ("i", "i8", "u8", "f", "f32")
FLOATS = ("f", "f32")
TIMES = ("d", "t", "tz", "dur")
ALL = tuple(SCHEMA)
KEYS = ("i", "f", "b", "s", "d", "t", "dec", "c", "bin")
NAN = float("nan")


def method(name: str, *args: Any, **options: Any) -> Use:
    def use(x: Expr) -> Expr:
        for part in name.split("."):
            x = getattr(x, part)
        return x(*args, **options)

    return use


def _elementwise() -> Iterator[tuple[Use, tuple[str, ...]]]:
    for other in (2, -3, 0, 2.5):
        yield lambda x, y=other: x + y, (*NUMBERS, "t")
        yield lambda x, y=other: x * y - y, NUMBERS
        yield lambda x, y=other: x / y, NUMBERS
        yield lambda x, y=other: x // y, NUMBERS
        yield lambda x, y=other: x % y, NUMBERS
    for other in NUMBERS:
        yield lambda x, y=other: x + col(y), NUMBERS
        yield lambda x, y=other: x // col(y), NUMBERS
        yield lambda x, y=other: x % col(y), NUMBERS
        yield lambda x, y=other: x == col(y), NUMBERS
        yield lambda x, y=other: x < col(y), NUMBERS
        yield lambda x, y=other: x >= col(y), NUMBERS
    yield lambda x: x + "é", ("s", "k")
    yield lambda x: x + x.shift(), ("dec", "dur")
    yield lambda x: x - x.shift(), ("dec",)
    yield lambda x: -x, ("dec",)
    yield method("abs"), ("dec",)
    yield method("clip", date(2024, 2, 1), date(2024, 9, 1)), ("d",)
    yield lambda x: x**2, NUMBERS
    yield lambda x: x**0.5, NUMBERS
    yield lambda x: x - x.shift(), TIMES
    yield lambda x: x + timedelta(days=1, microseconds=3), TIMES
    yield lambda x: x - date(2024, 1, 1), ("d",)
    for value in (1, 0.5, NAN, "fig", True, date(2024, 2, 29), datetime(2024, 2, 27)):
        yield lambda x, v=value: x == v, ALL
        yield lambda x, v=value: x != v, ALL
        yield lambda x, v=value: x > v, ALL
        yield lambda x, v=value: x <= v, ALL
        yield lambda x, v=value: x.eq_missing(v), ALL
        yield lambda x, v=value: x.ne_missing(v), ALL
        yield lambda x, v=value: x.fill_null(v), ALL
    yield lambda x: x.eq_missing(x.shift()), KEYS
    for values in ([1, 3, None], [0.5, NAN, 0.0], ["a", "fig"], [date(2024, 2, 29)], [True], []):
        yield lambda x, v=values: x.is_in(v), ALL
        yield lambda x, v=values: x.is_in(v, nulls_equal=True), ALL
    for closed in ("both", "left", "right", "none"):
        yield lambda x, c=closed: x.is_between(0, 3, closed=c), NUMBERS
    for other in (True, False, None):
        yield lambda x, v=other: x & lit(v, pl.Boolean), ("b",)
        yield lambda x, v=other: x | lit(v, pl.Boolean), ("b",)
    yield lambda x: x ^ col("b").shift(), ("b",)
    for name in ("not_", "is_null", "is_not_null"):
        yield method(name), ALL
    for name in (
        *(
            "neg",
            "abs",
            "sign",
            "sqrt",
            "exp",
            "log",
            "log10",
            "log1p",
            "sin",
            "cos",
            "tan",
            "arcsin",
        ),
        *(
            "arccos",
            "arctan",
            "sinh",
            "cosh",
            "tanh",
            "cbrt",
            "degrees",
            "radians",
            "ceil",
            "floor",
        ),
        *("is_nan", "is_not_nan", "is_finite", "is_infinite"),
    ):
        yield (method(name) if name != "neg" else (lambda x: -x)), NUMBERS
    yield method("log", 2.0), NUMBERS
    for places in (0, 1, 3):
        yield method("round", places), NUMBERS
    yield method("clip", 0, 3), NUMBERS
    yield method("clip", lower_bound=0.25), FLOATS
    yield method("fill_nan", 1.5), FLOATS
    for strategy in ("zero", "one", "min", "max", "forward", "backward"):
        yield method("fill_null", strategy=strategy), NUMBERS
    for target in (
        *(pl.Int64, pl.Int8, pl.UInt8, pl.Int32, pl.Float32, pl.Float64, pl.String, pl.Boolean),
        *(pl.Date, pl.Categorical, pl.Datetime("us"), pl.Duration("us")),
    ):
        yield method("cast", target), (*NUMBERS, "b", "d", "t", "dur", "c", "s", "k")
    for old, new in (([1, 2], [10, 20]), (["a", "fig"], ["x", "y"]), ([3], "z"), ([True], [False])):
        yield method("replace", old, new), (*NUMBERS, "s", "k", "b")
        yield method("replace_strict", old, new, default=None), (*NUMBERS, "s", "k", "b")
        yield method("replace_strict", old, new), (*NUMBERS, "s", "k", "b")
    yield method("is_in", ["red", "a"]), ("c",)
    yield lambda x: when(x > 1).then(x).when(col("b")).then(-1).otherwise(None), NUMBERS
    yield lambda x: when(col("b")).then(x).otherwise(x.shift()), (*KEYS[:-2], "bin", "tm")
    for name in ("min", "max", "sum", "mean"):
        yield lambda x, n=name: getattr(sk, f"{n}_horizontal")(x, x.shift()), NUMBERS
    yield lambda x: sk.sum_horizontal(x, x.shift(), ignore_nulls=False), NUMBERS
    yield lambda x: sk.all_horizontal(x, x.shift()), ("b",)
    yield lambda x: sk.any_horizontal(x, x.shift()), ("b",)
    yield lambda x: sk.coalesce(x, x.shift(), 1), (*NUMBERS, "s")
    yield lambda x: sk.concat_str(x, "k", separator="|"), ("s",)


def _text() -> Iterator[tuple[Use, tuple[str, ...]]]:
    for name in (
        *("len_chars", "len_bytes", "strip_chars", "strip_chars_start", "strip_chars_end"),
        *("to_uppercase", "to_lowercase"),
    ):
        yield method(f"str.{name}"), ("s", "k")
    for text in ("a", "", "é", " ", "App"):
        for name in ("starts_with", "ends_with", "split"):
            yield method(f"str.{name}", text), ("s", "k")
        yield method("str.contains", text, literal=True), ("s", "k")
        yield method("str.replace", text, "$1", literal=True), ("s", "k")
        yield method("str.replace_all", text, "", literal=True), ("s", "k")
        for name in ("strip_chars", "strip_chars_start", "strip_chars_end"):
            yield method(f"str.{name}", text), ("s", "k")
        yield method("str.count_matches", text, literal=True), ("s", "k")
    for pattern in (
        "a",
        "^a",
        "e$",
        "a.p",
        "[a-c]+",
        "p*l",
        "[^a-z]",
        ".",
        "ch?e",
        "日.",
        ".*an.*a",
    ):
        yield method("str.contains", pattern), ("s", "k")
        yield method("str.replace", pattern, "<>"), ("s", "k")
        yield method("str.replace_all", pattern, "<>"), ("s", "k")
    for start, length in ((0, 2), (1, None), (-2, None), (5, 3), (100, 1), (0, 0)):
        yield method("str.slice", start, length), ("s", "k")
    for n in (0, 2, 100):
        for name in ("head", "tail", "zfill", "pad_start", "pad_end"):
            yield method(f"str.{name}", n), ("s", "k")


def _times() -> Iterator[tuple[Use, tuple[str, ...]]]:
    for name in (
        *("year", "month", "day", "ordinal_day", "weekday", "date", "hour", "minute", "second"),
        *("millisecond", "microsecond", "nanosecond", "total_minutes", "total_seconds"),
        *(
            "total_milliseconds",
            "total_microseconds",
            "total_nanoseconds",
            "total_days",
            "total_hours",
        ),
        *("quarter", "week", "iso_year", "is_leap_year"),
    ):
        yield method(f"dt.{name}"), (*TIMES, "tm")
    for every in ("1d", "2d", "7h", "15m", "30s", "1mo", "3mo", "1q", "1y"):
        yield method("dt.truncate", every), TIMES
        yield method("dt.offset_by", every), TIMES
    for unit in ("ns", "us", "ms"):
        yield method("dt.timestamp", unit), TIMES
    for text in ("%Y-%m-%d", "%H:%M", "%Y%j"):
        yield method("dt.to_string", text), TIMES
    yield method("dt.convert_time_zone", "Asia/Tokyo"), TIMES
    yield method("dt.replace_time_zone", None), TIMES


def _nested() -> Iterator[tuple[Use, tuple[str, ...]]]:
    for name in ("len", "min", "max", "sum", "mean"):
        yield method(f"list.{name}"), ("li", "lf", "ls")
    for value in (1, -7, 0):
        yield method("list.contains", value), ("li",)
    yield lambda x: sk.struct(x, "o", z=lit(1)), ALL
    yield method("struct.field", "x"), ("st",)
    yield method("struct.field", "y"), ("st",)


def _aggregates() -> Iterator[tuple[Use, tuple[str, ...]]]:
    for name in (
        "count",
        "null_count",
        "has_nulls",
        "len",
        "first",
        "last",
        "any_value",
        "min",
        "max",
    ):
        yield method(name), ALL
    for name in ("sum", "mean", "median", "std", "var", "nan_min", "nan_max", "n_unique"):
        yield method(name), (*NUMBERS, "b", "dec", "dur", "s", "c")
    for name in ("std", "var"):
        yield method(name, ddof=0), NUMBERS
    for name in ("any", "all"):
        yield method(name), ("b",)
        yield method(name, ignore_nulls=False), ("b",)
    for name in ("first", "last"):
        yield method(name, ignore_nulls=True), ALL
    for how in ("nearest", "lower", "higher", "midpoint", "linear", "equiprobable"):
        for q in (0.0, 0.3, 0.5, 1.0):
            yield method("quantile", q, how), NUMBERS
    for name in ("sum", "mean", "max", "count", "len", "median"):
        yield lambda x, n=name: getattr(x.filter(col("i") > 1), n)(), NUMBERS
        yield lambda x, n=name: getattr(x.drop_nulls(), n)(), NUMBERS
    for other in ("i", "f"):
        yield lambda x, y=other: sk.cov(x, y), NUMBERS
        yield lambda x, y=other: sk.corr(x, y), NUMBERS
    yield lambda x: x.max() - x.min() + sk.len(), NUMBERS
    yield lambda x: (x * x - x.mean()).max(), FLOATS


def _windows() -> Iterator[tuple[Use, tuple[str, ...]]]:
    yield method("reverse"), ALL
    yield method("sort"), KEYS
    yield method("sort", descending=True, nulls_last=True), KEYS
    for n in (-1, 0, 2, 50):
        yield method("shift", n), ALL
        yield method("diff", n), (*NUMBERS, *TIMES)
    yield method("shift", 1, fill_value=0), NUMBERS
    for name in ("forward_fill", "backward_fill"):
        yield method(name), ALL
        yield method(name, 1), NUMBERS
    for name in ("cum_sum", "cum_min", "cum_max", "cum_count"):
        yield method(name), (*NUMBERS, *TIMES)
        yield method(name, reverse=True), NUMBERS
    for name in ("is_unique", "is_duplicated", "is_first_distinct", "is_last_distinct"):
        yield method(name), KEYS
    for how in ("average", "min", "max", "dense", "ordinal"):
        yield method("rank", how), KEYS
        yield method("rank", how, descending=True), NUMBERS
    for size in (1, 2, 3):
        for name in ("sum", "min", "max"):
            yield method(f"rolling_{name}", size), NUMBERS
            yield method(f"rolling_{name}", size, min_samples=1, center=True), NUMBERS
        for name in ("mean", "var", "std"):
            yield method(f"rolling_{name}", size, min_samples=1), ("i8", "u8")


PLACES: Mapping[str, Callable[[Frame, Sequence[Expr]], Frame]] = {
    "all rows": lambda f, exprs: f.select("o", *exprs),
    "one row": lambda f, exprs: f.select(exprs),
    "groups": lambda f, exprs: f.group_by("k", maintain_order=True).agg(exprs),
    "over groups": lambda f, exprs: f.select("o", *(e.over("k") for e in exprs)),
    "over groups in order": lambda f, exprs: f.select(
        "o", *(e.over("k", order_by="i", descending=True) for e in exprs)
    ),
}

FAMILIES: Mapping[
    str, tuple[Callable[[], Iterator[tuple[Use, tuple[str, ...]]]], tuple[str, ...]]
] = {
    "elementwise": (_elementwise, ("all rows",)),
    "text": (_text, ("all rows",)),
    "times": (_times, ("all rows",)),
    "nested": (_nested, ("all rows",)),
    "aggregates": (_aggregates, ("one row", "groups", "over groups in order")),
    "windows": (_windows, ("all rows", "over groups", "over groups in order")),
}

AT_ONCE = 200


def _frame(data: str) -> Frame:
    return Frame(Scan(MemorySource(dataset(data))))


@lru_cache
def native_uses(family: str) -> tuple[Expr, ...]:
    """The uses of a family that pandas runs itself, one by one."""
    found: list[Expr] = []
    for use, columns in FAMILIES[family][0]():
        for name in columns:
            expr = use(col(name)).alias(str(len(found)))
            try:
                plan = _frame("ordinary").select(expr)._plan
            except ScalekitError:
                continue  # these types do not go together
            if not any(reason for step in lowering.lower(plan).steps for _, reason in step.reasons):
                found.append(expr)
    return tuple(found)


PLACED = [(family, place) for family, (_, places) in FAMILIES.items() for place in places]


@pytest.mark.slow
@pytest.mark.parametrize(("family", "place"), PLACED)
def test_family(family, place):
    uses = native_uses(family)
    assert len(uses) > 5
    for start in range(0, len(uses), AT_ONCE):
        for data in DATASETS:
            _assert_conform(_frame(data), place, uses[start : start + AT_ONCE])


def _assert_conform(frame: Frame, place: str, exprs: Sequence[Expr]) -> None:
    """All at once where none raises, else in halves, down to the one that does."""
    together = PLACES[place](frame, exprs)
    if len(exprs) > 1:
        try:
            reference(together)
        except ScalekitError:
            middle = len(exprs) // 2
            _assert_conform(frame, place, exprs[:middle])
            _assert_conform(frame, place, exprs[middle:])
            return
    assert_conforms(together, "pandas")


def test_every_native_function_is_asked():
    asked = {
        part.function
        for family in FAMILIES
        for use in native_uses(family)
        for part in walk(use._node)
        if isinstance(part, Call)
    }
    assert native_functions() - asked == set()
