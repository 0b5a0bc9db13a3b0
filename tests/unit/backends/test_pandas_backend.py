"""The pandas backend: who runs what, that rows cross only where they must, and that no index shows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.pandas import PandasBackend, execution, native_functions, native_nodes
from scalekit.backends.pandas.columns import arrow_type, assemble, from_polars, to_polars
from scalekit.backends.pandas.program import Program
from scalekit.config import resolve
from scalekit.errors import ComputeError, ExecutionError, ScalekitError
from scalekit.expr.function import FUNCTIONS
from scalekit.frame.frame import Frame
from scalekit.plan import nodes
from scalekit.testing.data import DATASETS, SCHEMA, dataset

BACKEND = PandasBackend()


@pytest.fixture
def frame() -> Frame:
    return sk.from_dict(
        {"g": ["a", "b", "a", None], "x": [3, 1, None, 2], "f": [0.5, float("nan"), None, 2.0]}
    )


def lowered(frame: Frame) -> Program:
    return BACKEND.lower(frame._plan, resolve())


def shown(frame: Frame) -> list[str]:
    return BACKEND.show(lowered(frame)).splitlines()


# Who runs what


def test_a_native_plan_is_pandas_above_its_scan(frame):
    query = frame.filter(col("x") > 1).select("g", y=col("x") * 2).sort("y")
    assert shown(query) == [
        "[pandas] Sort [col('y')]",
        "  [pandas] Select [col('g'), (col('x') * 2).alias('y')]",
        "    [pandas] Filter (col('x') > 1)",
        "      [scan] Scan frame from python (4 x 3)",
    ]


def test_what_runs_in_polars_says_so_and_why(frame):
    query = frame.with_columns(u=col("g").str.normalize()).filter(col("x") > 1)
    assert shown(query) == [
        "[pandas] Filter (col('x') > 1)",
        "  [polars] WithColumns [col('g').str.normalize().alias('u')]"
        "  <- str.normalize has no pandas counterpart that keeps the contract",
        "    [scan] Scan frame from python (4 x 3)",
    ]


def test_explain_shows_the_marks(frame):
    text = frame.select(u=col("g").str.normalize()).explain(stage="physical", backend="pandas")
    assert "[polars] Select" in text
    assert "<- str.normalize has no pandas counterpart" in text


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda f: f.select(col("g").str.contains(r"\d")), "Rust's regex may read otherwise"),
        (
            lambda f: f.select(col("g").cast(sk.Float64)),
            "a cast from String to Float64",
        ),
        (lambda f: f.group_by("g").agg(col("x")), "a list for each group (x)"),
        (lambda f: f.select(col("f").round(1, "half_away_from_zero")), "round(decimals=1, mode="),
        (lambda f: f.select(col("x").rank("random")), "rank(method='random')"),
        (lambda f: f.select(sk.lit([1, 2])), "has several values"),
        (lambda f: f.select(col("x").cast(sk.Int128)), "of type Int128"),
        (lambda f: f.map_batches(lambda rows: rows), "MapBatches has no pandas counterpart"),
        (lambda f: f.join(f, left_on=col("x") + 1, right_on="x"), "a join by a computed key"),
    ],
)
def test_reasons(frame: Frame, build: Callable[[Frame], Frame], reason: str):
    marked = [line for line in shown(build(frame)) if line.lstrip().startswith("[polars]")]
    assert len(marked) == 1
    assert reason in marked[0].partition("<-")[2]


def test_neighbours_in_polars_are_one_query(frame):
    query = (
        frame.with_columns(a=col("g").str.normalize())
        .with_columns(b=col("g").str.reverse())
        .filter(col("x") > 1)
        .with_columns(c=col("g").str.to_titlecase())
    )
    program = lowered(query)
    assert [step.run is None for step in program.steps] == [True, False, True]
    assert query.collect(backend="pandas").rows() == query.collect(backend="polars").rows()


def test_a_table_read_twice_is_one_step(frame):
    base = frame.with_columns(u=col("g").str.normalize())
    program = lowered(base.join(base.select("u", z="x"), on="u"))
    kinds = [type(step.plan).__name__ for step in program.steps]
    assert kinds == ["WithColumns", "Select", "Join"]


def test_the_tables_name_functions_and_nodes_that_exist():
    assert native_functions() <= FUNCTIONS.keys()
    assert {"sum", "mean", "add", "eq", "str.contains", "dt.year", "shift"} <= native_functions()
    assert all(issubclass(getattr(nodes, name), nodes.Plan) for name in native_nodes())
    assert {"Select", "WithColumns", "Filter", "Aggregate", "Join", "Sort"} <= native_nodes()


# Rows cross only where both sides need them


class Spy:
    """Counts how often rows cross."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.crossings: list[str] = []
        for name, original in (("to_polars", to_polars), ("from_polars", from_polars)):
            monkeypatch.setattr(execution, name, self._watched(name, original))

    def _watched(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def crossing(*args: Any) -> Any:
            self.crossings.append(name)
            return original(*args)

        return crossing


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    return Spy(monkeypatch)


def test_native_nodes_never_cross(frame, spy):
    query = (
        frame.filter(col("x").is_not_null())
        .with_columns(y=col("x") / 2, m=col("x").mean().over("g"))
        .join(frame.select("g", z="f"), on="g", how="left")
        .group_by("g", maintain_order=True)
        .agg(col("y").sum(), n=sk.len(), best=col("z").max())
        .sort("n", descending=True)
        .head(2)
    )
    query.collect(backend="pandas")
    # The scan, which both sides of the join share, is handed to pandas, and the result to the user.
    assert spy.crossings == ["from_polars", "to_polars"]


def test_a_fragment_of_polars_is_crossed_once_each_way(frame, spy):
    query = (
        frame.filter(col("x") > 0)
        .with_columns(u=col("g").str.normalize())
        .with_columns(v=col("u").str.reverse())
        .sort("x")
    )
    query.collect(backend="pandas")
    assert spy.crossings == ["from_polars", "to_polars", "from_polars", "to_polars"]


def test_what_polars_alone_reads_stays_there(frame, spy):
    base = frame.with_columns(u=col("g").str.normalize())
    lower, title = (
        base.select(a=col("u").str.reverse()),
        base.select(b=col("u").str.to_titlecase()),
    )
    lower.join(title, left_on=col("a") + "", right_on=col("b") + "").collect(backend="pandas")
    assert spy.crossings == []


def test_numbers_are_handed_over_without_a_copy():
    column = pl.Series("x", [1.5, 2.5, 3.5])
    table = from_polars(column.to_frame())
    handed = table["x"].to_native().array.__arrow_array__().chunk(0)
    assert handed.buffers()[1].address == column.to_arrow().buffers()[1].address


# No index, anywhere


def test_every_step_has_a_plain_row_number(frame, monkeypatch):
    seen: list[Any] = []
    original = execution.Rows.in_pandas

    def watched(self: execution.Rows) -> Any:
        table = original(self)
        seen.append(table.to_native())
        return table

    monkeypatch.setattr(execution.Rows, "in_pandas", watched)
    query = (
        frame.filter(col("x") > 1)
        .sort("x", descending=True)
        .unique("g", maintain_order=True)
        .with_columns(s=col("x").shift())
        .join(frame, on="g", how="left")
        .group_by("g")
        .agg(col("x").sum())
    )
    query.collect(backend="pandas")
    assert len(seen) == 6
    for table in seen:
        assert isinstance(table.index, pd.RangeIndex)
        assert (table.index.start, table.index.step, table.index.name) == (0, 1, None)
        assert all(isinstance(dtype, pd.ArrowDtype) for dtype in table.dtypes)


def test_the_index_of_the_input_never_appears():
    given = pd.DataFrame({"x": [1, 2, 3, 4]}, index=[7, 7, -1, 3])
    frame = sk.from_pandas(given)
    rows = (
        frame.filter(col("x") > 1)
        .with_columns(y=col("x").shift(), r=col("x").sum())
        .collect(backend="pandas")
    )
    assert rows.columns == ["x", "y", "r"]
    assert rows.rows() == [(2, None, 9), (3, 2, 9), (4, 3, 9)]
    assert given.index.tolist() == [7, 7, -1, 3]


def test_the_input_is_not_changed():
    given = pd.DataFrame({"x": [1.0, 2.0], "g": ["a", "b"]})
    before = given.copy(deep=True)
    sk.from_pandas(given).with_columns(x=col("x") * 2, z=1).sort("x", descending=True).collect(
        backend="pandas"
    )
    pd.testing.assert_frame_equal(given, before)


# Types


@pytest.mark.parametrize("data", DATASETS)
def test_every_type_goes_to_pandas_and_back(data):
    rows = dataset(data)
    table = from_polars(rows)
    assert not any("string_view" in str(dtype) for dtype in table.to_native().dtypes)
    assert to_polars(table, SCHEMA).equals(rows, null_equal=True)


@pytest.mark.parametrize(
    "dtype", [pl.Int128(), pl.UInt128(), pl.Object(), pl.List(pl.Int128()), pl.Null()]
)
def test_types_that_pandas_cannot_carry(dtype):
    assert arrow_type(dtype) is None


def test_a_column_that_pandas_cannot_carry_goes_through_polars():
    frame = (
        sk.from_dict({"x": [1, 2]}).with_columns(w=col("x").cast(sk.Int128)).filter(col("x") > 1)
    )
    assert any("pandas cannot carry column 'w' of type Int128" in line for line in shown(frame))
    assert frame.collect(backend="pandas").schema == {"x": pl.Int64, "w": pl.Int128}


def test_the_schema_is_pinned_after_every_step():
    frame = sk.from_dict({"x": [None, None]}, schema={"x": sk.Float32})
    query = frame.select(m=col("x").mean(), n=col("x").n_unique(), s=col("x").sum())
    result = query.collect(backend="pandas")
    assert result.schema == query.schema == {"m": pl.Float32, "n": pl.Int64, "s": pl.Float32}
    assert result.rows() == [(None, 1, 0.0)]


# Failures


def test_a_value_that_does_not_fit_names_the_operation():
    frame = sk.from_dict({"x": [1, 300]}).with_columns(y=col("x").cast(sk.Int8))
    with pytest.raises(
        ComputeError, match=r"^col\('x'\)\.cast\(Int8\): Integer value 300 not in range"
    ):
        frame.collect(backend="pandas")


def test_keys_that_were_promised_to_be_unique():
    frame = sk.from_dict({"k": [1, 1]})
    with pytest.raises(ComputeError, match=r"right keys are not unique"):
        frame.join(frame, on="k", validate="m:1").collect(backend="pandas")


@pytest.mark.parametrize(
    "error",
    [
        pa.ArrowInvalid("bad"),
        pa.ArrowNotImplementedError("bad"),
        TypeError("bad"),
        nw.exceptions.ComputeError("bad"),
    ],
)
def test_no_other_package_raises_past_us(frame, monkeypatch, error):
    def fail(*_: Any) -> None:
        raise error

    program = lowered(frame.filter(col("x") > 1))
    object.__setattr__(program.steps[-1], "run", fail)
    with pytest.raises(ExecutionError, match=r"Filter \(col\('x'\) > 1\).*bad") as caught:
        BACKEND.execute(program, resolve())
    assert caught.value.__cause__ is error


def test_our_own_errors_pass(frame):
    def fail(*_: Any) -> None:
        raise ScalekitError("as it is")

    program = lowered(frame.filter(col("x") > 1))
    object.__setattr__(program.steps[-1], "run", fail)
    with pytest.raises(ScalekitError, match=r"^as it is$"):
        BACKEND.execute(program, resolve())


# What is loaded when


def run_python(code: str) -> set[str]:
    loaded = "; import sys; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code + loaded],
        capture_output=True,
        text=True,
        cwd=root,
        timeout=60,
        check=True,
    )
    return set(done.stdout.split())


def test_pandas_is_loaded_by_its_backend_alone():
    query = "import scalekit as sk; f = sk.from_dict({'x': [1, 2]}).filter(sk.col('x') > 1)"
    others = run_python(
        f"{query}; f.collect(backend='polars'); f.explain(stage='optimized'); repr(f)"
    )
    assert others.isdisjoint({"pandas", "narwhals"})
    assert {"pandas", "narwhals"} <= run_python(f"{query}; f.collect(backend='pandas')")


# Settings, and what a run tells


def test_what_polars_runs_is_deterministic_where_that_was_asked(frame, monkeypatch):
    engines: list[str] = []
    original = pl.LazyFrame.collect

    def collect(self: pl.LazyFrame, *args: Any, **options: Any) -> Any:
        engines.append(options.get("engine", ""))
        return original(self, *args, **options)

    query = frame.with_columns(u=col("g").str.normalize())
    program = lowered(query)
    monkeypatch.setattr(pl.LazyFrame, "collect", collect)
    BACKEND.execute(program, resolve())
    BACKEND.execute(program, resolve(deterministic=True))
    assert engines == ["streaming", "in-memory"]


def test_a_profile_has_a_line_for_each_step(frame):
    query = frame.filter(col("x") > 1).sort("x")
    rows, times = BACKEND.profile(lowered(query), resolve())
    assert rows["x"].to_list() == [2, 3]
    assert [node.split()[0] for node in times["node"]] == ["Scan", "Filter", "Sort"]
    assert times.schema == {"node": pl.String, "start": pl.Int64, "end": pl.Int64}
    assert times["start"].to_list() == [0, *times["end"].to_list()[:-1]]


# Rows in order, chunks, depth


def test_columns_of_many_chunks():
    rows = pl.concat(
        [pl.DataFrame({"k": ["a", "b"], "x": [i, -i]}) for i in range(5)], rechunk=False
    )
    frame = sk.from_polars(rows)
    query = frame.with_columns(
        u=col("k") + "!", r=col("x").rank("ordinal"), s=col("x").cum_sum().over("k")
    )
    assert query.collect(backend="pandas").equals(query.collect(backend="polars"))
    assert frame.join(frame, on="k").collect(backend="pandas").height == 50


def test_the_order_of_a_join_is_that_of_its_side():
    left = sk.from_dict({"k": [3, 1, 2, 1]})
    right = sk.from_dict({"k": [1, 2, 1], "v": [10, 20, 11]})
    joined = left.join(right, on="k", how="left", maintain_order="left_right").collect(
        backend="pandas"
    )
    assert joined.rows() == [(3, None), (1, 10), (1, 11), (2, 20), (1, 10), (1, 11)]


def test_a_long_chain_of_steps_is_lowered_without_recursion(frame):
    for i in range(400):
        frame = frame.filter(col("x") > -i)
    program = lowered(frame)
    assert len(program.steps) == 401
    assert all(b.inputs == (i,) for i, (_, b) in enumerate(pairwise(program.steps)))
    assert len(BACKEND.show(program).splitlines()) == 401
    assert BACKEND.execute(program, resolve()).height == 3


def test_assembled_tables_hold_the_columns_given():
    table = assemble({"b": pa.array([1]), "a": pa.chunked_array([["x"]])})
    assert table.columns == ["b", "a"]
