from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import polars as pl
import pytest

from scalekit.expr.builders import col
from scalekit.expr.correlation import corr, cov
from scalekit.expr.decompose import decomposition
from scalekit.expr.expr import Expr
from scalekit.expr.function import FUNCTIONS, Decomposition
from scalekit.expr.node import Call, Cast
from scalekit.expr.shortcuts import len as rows
from scalekit.frame.base import bind_over
from scalekit.frame.frame import Frame
from scalekit.kernels.compile import to_lazy
from scalekit.kernels.schema import dtype_of
from scalekit.plan.nodes import Scan
from scalekit.sources.memory import MemorySource
from scalekit.testing.compare import assert_equal
from scalekit.testing.data import DATASETS, dataset

NUMBERS = ("i", "i32", "i8", "u8", "f", "f32", "b", "dec")
ANY = (*NUMBERS, "s", "d", "t", "tz", "dur", "tm", "e", "c")

# function, its use, and the columns that it is used on
USES: tuple[tuple[str, Callable[[Expr], Expr], tuple[str, ...]], ...] = (
    ("sum", lambda x: x.sum(), (*NUMBERS, "dur")),
    ("sum", lambda x: x.sum(strict=True), ("i32", "u8", "f")),
    ("product", lambda x: x.product(), ("i", "i32", "i8", "u8", "b")),
    ("mean", lambda x: x.mean(), (*NUMBERS, "t", "d", "tm", "dur")),
    ("min", lambda x: x.min(), ANY),
    ("max", lambda x: x.max(), ANY),
    ("nan_min", lambda x: x.nan_min(), NUMBERS),
    ("nan_max", lambda x: x.nan_max(), NUMBERS),
    ("std", lambda x: x.std(), NUMBERS),
    ("std", lambda x: x.std(0), ("f", "i")),
    ("var", lambda x: x.var(), NUMBERS),
    ("var", lambda x: x.var(ddof=3), ("f", "i")),
    ("count", lambda x: x.count(), ANY),
    ("len", lambda x: x.len(), ANY),
    ("null_count", lambda x: x.null_count(), ANY),
    ("has_nulls", lambda x: x.has_nulls(), ANY),
    ("is_empty", lambda x: x.is_empty(), ("i", "s")),
    ("is_empty", lambda x: x.is_empty(ignore_nulls=True), ("i", "s")),
    ("any", lambda x: x.any(), ("b",)),
    ("any", lambda x: x.any(ignore_nulls=False), ("b",)),
    ("all", lambda x: x.all(), ("b",)),
    ("all", lambda x: x.all(ignore_nulls=False), ("b",)),
    ("first", lambda x: x.first(), (*ANY, "li", "st")),
    ("first", lambda x: x.first(ignore_nulls=True), (*ANY, "li", "st")),
    ("last", lambda x: x.last(), (*ANY, "li", "st")),
    ("last", lambda x: x.last(ignore_nulls=True), (*ANY, "li", "st")),
    ("any_value", lambda x: x.any_value(), (*ANY, "li", "st")),
    # The largest and the smallest Int32 are so even that all of their skew, 4e-10, is rounding.
    ("skew", lambda x: x.skew(), tuple(n for n in NUMBERS if n != "i32")),
    ("skew", lambda x: x.skew(bias=False), ("f", "i")),
    ("kurtosis", lambda x: x.kurtosis(), NUMBERS),
    ("kurtosis", lambda x: x.kurtosis(fisher=False, bias=False), ("f", "i")),
    ("arg_min", lambda x: x.arg_min(), (*NUMBERS, "s", "d")),
    ("arg_max", lambda x: x.arg_max(), (*NUMBERS, "s", "d")),
    ("min_by", lambda x: x.min_by("o"), (*ANY, "li")),
    ("max_by", lambda x: x.max_by("o"), (*ANY, "li")),
    ("max_by", lambda x: x.max_by("place"), ("i", "d", "s")),
    ("dot", lambda x: x.dot(x), ("i32", "i8", "u8", "f32")),
    ("dot", lambda x: x.dot("i32"), ("i", "f", "u8")),
    ("bitwise_and", lambda x: x.bitwise_and(), ("i", "u8", "b")),
    ("bitwise_or", lambda x: x.bitwise_or(), ("i", "u8", "b")),
    ("bitwise_xor", lambda x: x.bitwise_xor(), ("i", "u8", "b")),
    ("implode", lambda x: x.implode(), (*ANY, "li", "st")),
    ("corr", lambda x: corr(x, "i8"), ("i8", "u8", "i32")),
    ("corr", lambda x: corr(x, "i8", method="spearman"), ("u8",)),
    ("cov", lambda x: cov(x, "i8"), ("i8", "u8", "i32")),
    ("cov", lambda x: cov(x, "u8", ddof=0), ("i8",)),
)
PARTS = (1, 2, 3, 7)
WITHOUT_A_COLUMN = {"pl.len"}

each_use = pytest.mark.parametrize(
    ("function", "use", "columns"), USES, ids=[f"{n}-{u[0]}" for n, u in enumerate(USES)]
)


def frame_of(table: pl.DataFrame) -> Frame:
    return Frame(Scan(MemorySource(table)))


def whole_of(data: str) -> pl.DataFrame:
    """A data set, and a column that orders its rows otherwise and has nulls."""
    place = pl.when(pl.col("o") % 4 != 1).then((pl.col("o") * 5) % 7)
    return dataset(data).with_columns(place=place)


def split(table: pl.DataFrame, parts: int) -> Iterator[pl.DataFrame]:
    """Contiguous parts of uneven sizes, some of them empty where there are many."""
    cuts = [(i * i * table.height) // (parts * parts) for i in range(parts)]
    for start, stop in zip(cuts, [*cuts[1:], table.height], strict=True):
        yield table[start:stop]


@dataclass(frozen=True)
class Splittable:
    """One aggregate of one column, and its split."""

    column: str
    expr: Expr
    dtype: pl.DataType
    parts: Decomposition

    def partials(self) -> dict[str, Expr]:
        return {f"{self.column}:{name}": e for name, e in self.parts.partials.items()}

    def final(self) -> Expr:
        named = {name: col(f"{self.column}:{name}") for name in self.parts.partials}
        return self.parts.final(named).cast(self.dtype).alias(self.column)


def splittable(function: str, column: str, expr: Expr, frame: Frame) -> Splittable | None:
    """The split of an expression, which is one aggregate, perhaps converted to its pinned type."""
    (bound,) = bind_over(frame._plan, [expr])
    dtype = dtype_of(bound, frame.schema)
    call = bound.arg if isinstance(bound, Cast) else bound
    assert isinstance(call, Call)
    assert call.function == function
    parts = decomposition(call, tuple(dtype_of(a, frame.schema) for a in call.args))
    return None if parts is None else Splittable(column, expr, dtype, parts)


def found(function, use, columns, frame) -> list[Splittable]:
    made = {c: splittable(function, c, use(col(c)), frame) for c in columns}
    kept_together = [c for c, one in made.items() if one is None]
    is_ranked = function == "corr" and columns == ("u8",)
    assert is_ranked or all(frame.schema[c].is_temporal() for c in kept_together)
    return [one for one in made.values() if one is not None]


def run_on(frame: Frame, part: pl.DataFrame) -> pl.DataFrame:
    """What the last step of a frame gives for other rows, as a worker would run it."""
    return to_lazy(replace(frame._plan, input=Scan(MemorySource(part)))).collect()


@pytest.mark.parametrize("data", DATASETS)
@each_use
def test_parts_give_the_answer_of_the_whole(function, use, columns, data):
    table = whole_of(data)
    frame = frame_of(table)
    splits = found(function, use, columns, frame)
    if not splits:
        return
    direct = frame.select(s.expr.alias(s.column) for s in splits).collect()
    partial = frame.select(**{name: e for s in splits for name, e in s.partials().items()})
    final = frame_of(partial.collect()).select(s.final() for s in splits)
    for parts in PARTS:
        rows = pl.concat(run_on(partial, part) for part in split(table, parts))
        assert_equal(run_on(final, rows), direct, ordered=True)


@pytest.mark.parametrize("data", ["ordinary", "all_null", "nan_null", "extreme"])
@each_use
def test_parts_give_the_answer_of_each_group(function, use, columns, data):
    table = whole_of(data)
    frame = frame_of(table)
    splits = found(function, use, columns, frame)
    if not splits:
        return
    partials = {name: e for s in splits for name, e in s.partials().items()}
    partial = [
        frame_of(part).group_by("k", maintain_order=True).agg(**partials).collect(backend="polars")
        for part in split(table, 3)
    ]
    groups = frame_of(pl.concat(partial)).group_by("k", maintain_order=True)
    merged = groups.agg(s.final() for s in splits).collect(backend="polars")
    direct = frame.group_by("k", maintain_order=True)
    expected = direct.agg(s.expr.alias(s.column) for s in splits).collect(backend="polars")
    assert_equal(merged, expected, ordered=True)


def test_every_decomposition_is_tested():
    declared = {
        name
        for name, spec in FUNCTIONS.items()
        if spec.decompose is not None and not name.startswith(("str.", "list.", "dt.", "struct."))
    }
    assert declared - WITHOUT_A_COLUMN == {use[0] for use in USES}


def merged_of(expr: Expr, table: pl.DataFrame, parts: int) -> object:
    (bound,) = bind_over(frame_of(table)._plan, [expr])
    assert isinstance(bound, Call)
    split_of = decomposition(bound, (pl.Float64(),))
    assert split_of is not None
    partial = [frame_of(p).select(**split_of.partials).collect() for p in split(table, parts)]
    final = split_of.final({name: col(name) for name in split_of.partials})
    return frame_of(pl.concat(partial)).select(final.alias("x")).collect().item()


def test_a_variance_is_merged_without_sums_of_squares():
    table = pl.DataFrame({"x": [1e9 + i / 7 for i in range(7)]})
    assert merged_of(col("x").var(), table, 3) == pytest.approx(14 / 147, rel=1e-6)


def test_a_mean_of_nothing_is_null_and_not_nan():
    table = pl.DataFrame({"x": [None, None]}, schema={"x": pl.Float64})
    assert merged_of(col("x").mean(), table, 2) is None
    assert merged_of(col("x").mean(), table.clear(), 2) is None


def test_rows_are_counted_in_parts():
    table = whole_of("ordinary")
    (bound,) = bind_over(frame_of(table)._plan, [rows()])
    assert isinstance(bound, Call)
    parts = decomposition(bound, ())
    assert parts is not None
    partial = [frame_of(p).select(**parts.partials).collect() for p in split(table, 7)]
    final = parts.final({name: col(name) for name in parts.partials})
    assert frame_of(pl.concat(partial)).select(final).collect().item() == table.height


NAN = float("nan")


@pytest.mark.parametrize(
    ("keys", "least", "greatest"),
    [
        ([NAN, None, 0.5, NAN, 1.0, 2.0, float("inf")], "c", "g"),
        ([NAN, 1.0, NAN, NAN, None, None, 0.0], "g", "b"),
        ([NAN, None, None, None, None, None, None], "a", "a"),
        ([None] * 7, None, None),
    ],
)
def test_parts_choose_by_keys_with_nan_as_the_whole_does(keys, least, greatest):
    table = pl.DataFrame({"x": list("abcdefg"), "y": pl.Series(keys, dtype=pl.Float64)})
    frame = frame_of(table)
    for function, expected in (("min_by", least), ("max_by", greatest)):
        one = splittable(function, "x", getattr(col("x"), function)("y"), frame)
        assert one is not None
        partial = frame.select(**one.partials())
        final = frame_of(partial.collect()).select(one.final())
        for parts in PARTS:
            merged = pl.concat(run_on(partial, part) for part in split(table, parts))
            assert run_on(final, merged).item() == expected
