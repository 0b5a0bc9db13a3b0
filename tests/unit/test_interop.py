"""Frames in libraries that take dataframes through Narwhals or Arrow."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from importlib.metadata import entry_points

import altair as alt
import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import plotly.express as px
import polars as pl
import pyarrow as pa
import pytest
import vl_convert
from narwhals.stable import v1, v2
from polars.testing import assert_frame_equal
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

import scalekit as sk
from scalekit import run

cs = nw.selectors

ROWS = pl.DataFrame(
    {
        "i": [3, 1, None, 2, 5, 4],
        "j": [1, 1, 2, 2, 3, 3],
        "f": [1.5, float("nan"), None, -2.0, 0.25, 8.0],
        "g": ["a", "b", "a", None, "b", "a"],
        "s": ["ab-c", " Xy ", None, "ß9", "", "ab"],
        "b": [True, False, None, True, True, False],
        "d": [dt.date(2024, 1, 31), dt.date(2020, 2, 29), None] + [dt.date(2023, 5, 1)] * 3,
        "t": [dt.datetime(2024, 1, 31, 5, 6, 7, 8), None] + [dt.datetime(1999, 12, 31, 23)] * 4,
        "l": [[1, 2], [], None, [3], [4, None], [5]],
        "c": pl.Series(["x", "y", None, "x", "y", "y"], dtype=pl.Categorical),
        "k": [{"p": i, "q": str(i)} for i in range(6)],
    }
)
OTHER = pl.DataFrame({"j": [1, 2, 4], "w": ["one", "two", "four"], "f": [0.0, 1.0, 2.0]})


@pytest.fixture
def frame() -> sk.Frame:
    return sk.from_polars(ROWS)


@pytest.fixture
def runs(monkeypatch) -> list[sk.Config]:
    """Every plan that runs leaves its configuration here."""
    seen: list[sk.Config] = []
    collect = run.collect

    def counting(plan, config, *rest):
        seen.append(config)
        return collect(plan, config, *rest)

    monkeypatch.setattr(run, "collect", counting)
    return seen


# What Narwhals makes of a frame


def test_a_frame_is_a_narwhals_lazy_frame(frame, runs):
    lazy = nw.from_native(frame)
    assert isinstance(lazy, nw.LazyFrame)
    assert isinstance(v2.from_native(frame), v2.LazyFrame)
    assert lazy.to_native() is frame
    assert nw.to_native(lazy) is frame
    assert nw.get_native_namespace(frame) is sk
    assert nw.dependencies.is_into_lazyframe(frame)
    assert not lazy.implementation.is_polars()
    assert lazy.columns == ROWS.columns
    assert lazy.collect_schema() == nw.from_native(ROWS).schema
    assert repr(lazy).count("Narwhals LazyFrame") == 1
    assert runs == []


def test_steps_stay_in_the_plan_until_collect(frame, runs):
    lazy = nw.from_native(frame).filter(nw.col("i") > 1).group_by("g").agg(nw.col("f").max())
    native = lazy.sort("g").to_native()
    assert isinstance(native, sk.Frame)
    assert "FILTER" in native.explain()
    assert "AGGREGATE" in native.explain()
    assert runs == []
    assert lazy.collect().shape == (3, 2)
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("backend", "kind"), [(None, pl.DataFrame), ("polars", pl.DataFrame), ("pandas", pd.DataFrame), ("pyarrow", pa.Table)]
)  # fmt: skip
def test_collect_gives_an_eager_frame_of_the_wanted_library(frame, backend, kind):
    eager = nw.from_native(frame).select("i", "g").collect(backend)
    assert isinstance(eager, nw.DataFrame)
    assert isinstance(eager.to_native(), kind)
    assert eager["i"].drop_nulls().to_list() == [3, 1, 2, 5, 4]
    assert eager["i"].null_count() == 1


def test_collect_hands_settings_on(frame, runs):
    nw.from_native(frame).select("i").collect(strict=True)
    assert runs[0].strict


def test_functions_that_narwhals_adapts_give_a_frame_back(frame):
    @nw.narwhalify
    def largest(data):
        return data.select(nw.col("i", "j").max())

    result = largest(frame)
    assert isinstance(result, sk.Frame)
    assert result.collect().row(0) == (5, 3)


# The same answers as through Polars

CASES = {
    "select names": lambda f: f.select("i", "g"),
    "select arithmetic": lambda f: f.select(
        (nw.col("i") + 1).alias("a"), b=2 * nw.col("f") - nw.col("j"), c=nw.col("i") / 2,
        d=nw.col("i") // 2, e=nw.col("i") % 2, p=nw.col("j") ** 2, n=-nw.col("i"),
    ),
    "select selectors": lambda f: f.select(cs.numeric() - cs.by_dtype(nw.Float64), cs.boolean()),
    "selector types": lambda f: f.select(
        cs.by_dtype(nw.Datetime, nw.Date) | cs.categorical() | cs.matches("^[gs]$")
    ),
    "select nth and exclude": lambda f: f.select(nw.nth(0, 2), nw.exclude("i", "f", "k")),
    "select all renamed": lambda f: f.select(nw.all().name.suffix("_x")),
    "name functions": lambda f: f.select(
        nw.col("i").name.prefix("p_"), nw.col("g").name.to_uppercase(), nw.col("j").name.map(lambda n: n * 2),
    ),
    "aggregates": lambda f: f.select(
        *[getattr(nw.col("i"), name)().alias(name) for name in (
            "sum", "mean", "median", "min", "max", "std", "var", "count", "len", "n_unique", "null_count", "skew",
        )]
    ),
    "aggregates broadcast": lambda f: f.select("i", dev=nw.col("i") - nw.col("i").mean(), n=nw.len()),
    "quantile": lambda f: f.select(
        *[nw.col("i").quantile(0.3, kind).alias(kind) for kind in ("lower", "higher", "linear")]
    ),
    "corr and cov": lambda f: f.select(a=nw.corr("i", "j"), b=nw.cov("i", "j", ddof=1)),
    "any and all": lambda f: f.select(a=nw.col("b").any(), b=nw.col("b").all()),
    "comparisons": lambda f: f.select(
        a=nw.col("i") == nw.col("j"), b=nw.col("g") != "a", c=nw.col("i") >= 3, d=nw.col("f") < 1,
        e=nw.col("i") <= 2, h=nw.col("i") > nw.lit(2),
    ),
    "boolean logic": lambda f: f.select(
        a=nw.col("b") & (nw.col("i") > 1), b=nw.col("b") | (nw.col("i") > 1), c=~nw.col("b"),
        d=nw.all_horizontal("b", nw.col("i") > 1, ignore_nulls=True),
        e=nw.any_horizontal("b", nw.col("i") > 1, ignore_nulls=False),
    ),
    "horizontal": lambda f: f.select(
        a=nw.sum_horizontal("i", "j"), b=nw.min_horizontal("i", "j"), c=nw.max_horizontal("i", "j"),
        d=nw.mean_horizontal("i", "j"), e=nw.concat_str("g", "s", separator="|"), h=nw.coalesce("i", "j"),
    ),
    "with_columns": lambda f: f.with_columns(nw.col("i") * 10, z=nw.lit("z"), y=nw.lit(1, nw.Int8)),
    "when": lambda f: f.select(
        a=nw.when(nw.col("i") > 2).then("j").otherwise(nw.lit(0)), b=nw.when(nw.col("b")).then(nw.lit("yes")),
    ),
    "filter": lambda f: f.filter((nw.col("i") > 1) & (nw.col("g") == "a")),
    "filter on constraints": lambda f: f.filter(~nw.col("f").is_null(), g="b"),
    "nulls and nan": lambda f: f.select(
        a=nw.col("i").is_null(), b=nw.col("f").is_nan(), c=nw.col("f").is_finite(), d=nw.col("f").fill_nan(0.0),
        e=nw.col("i").fill_null(9), h=nw.col("g").fill_null("none"),
    ),
    "membership": lambda f: f.select(
        a=nw.col("g").is_in(["a"]), b=nw.col("i").is_between(2, 4), c=nw.col("i").is_between(2, 4, closed="none"),
    ),
    "clip": lambda f: f.select(
        a=nw.col("i").clip(2, 4), b=nw.col("j").clip(lower_bound=2), c=nw.col("j").clip(upper_bound=2),
    ),
    "functions of numbers": lambda f: f.select(
        a=nw.col("f").abs(), b=nw.col("f").round(1), c=nw.col("j").sqrt(), d=nw.col("j").log(), e=nw.col("j").exp(),
        h=nw.col("f").floor(), i=nw.col("f").ceil(), k=nw.col("j").is_close(2.0),
    ),
    "replace_strict": lambda f: f.select(
        a=nw.col("j").replace_strict([1, 2, 3], ["x", "y", "z"], return_dtype=nw.String),
        b=nw.col("j").replace_strict([1], [10], default=nw.col("i")),
    ),
    "cast": lambda f: f.select(
        nw.col("i").cast(nw.Float64), nw.col("d").cast(nw.Datetime("us")), nw.col("j").cast(nw.String),
    ),
    "frame cast": lambda f: f.cast({"i": nw.Float32, "g": nw.Categorical}),
    "text": lambda f: f.select(
        a=nw.col("s").str.len_chars(), b=nw.col("s").str.to_uppercase(), c=nw.col("s").str.strip_chars(),
        d=nw.col("s").str.contains("[0-9]"), e=nw.col("s").str.starts_with("ab"), h=nw.col("s").str.slice(1, 2),
        i=nw.col("s").str.replace("b", "B"), j=nw.col("s").str.replace_all("[a-c]", "-"), k=nw.col("s").str.split("-"),
        l=nw.col("s").str.zfill(6), m=nw.col("s").str.pad_start(5, "*"), n=nw.col("s").str.tail(2),
        o=nw.col("s").str.replace_all("b", nw.col("g"), literal=True), p=nw.col("s").str.ends_with(nw.col("g")),
    ),
    "text to time": lambda f: f.select(
        a=nw.lit("2024-05-06").str.to_date("%Y-%m-%d"), b=nw.lit("2024-05-06 07:08").str.to_datetime("%Y-%m-%d %H:%M"),
    ),
    "dates": lambda f: f.select(
        a=nw.col("d").dt.year(), b=nw.col("d").dt.month(), c=nw.col("t").dt.hour(), d=nw.col("d").dt.weekday(),
        e=nw.col("d").dt.ordinal_day(), h=nw.col("t").dt.date(), i=nw.col("t").dt.truncate("1mo"),
        j=nw.col("t").dt.to_string("%Y/%m/%d"), k=nw.col("d").dt.offset_by("1mo"), l=nw.col("t").dt.timestamp("ms"),
        m=nw.col("t").dt.replace_time_zone("Europe/Berlin").dt.convert_time_zone("UTC"), n=nw.col("t").dt.microsecond(),
    ),
    "durations": lambda f: f.select(
        a=(nw.col("t") - nw.lit(dt.datetime(2000, 1, 1))).dt.total_minutes(), b=nw.col("t") + nw.lit(dt.timedelta(1)),
    ),
    "lists": lambda f: f.select(
        a=nw.col("l").list.len(), b=nw.col("l").list.sum(), c=nw.col("l").list.max(), d=nw.col("l").list.contains(4),
        e=nw.col("l").list.sort(descending=True),
    ),
    "structs": lambda f: f.select(nw.col("k").struct.field("p"), made=nw.struct("i", "j")),
    "categories": lambda f: f.select(a=nw.col("c") == "x", b=nw.col("c").cast(nw.String)),
    "over keys": lambda f: f.with_columns(
        a=nw.col("i").sum().over("g"), b=nw.col("i") - nw.col("i").mean().over("j"), c=nw.len().over("j"),
    ),
    "over an order": lambda f: f.with_columns(
        a=nw.col("j").cum_sum().over(order_by="i"), b=nw.col("i").shift(1).over("j", order_by="i"),
        c=nw.col("i").diff().over(order_by="i"), d=nw.col("i").rank("dense").over("j"),
        e=nw.col("j").rolling_sum(2, min_samples=1).over(order_by="i"), h=nw.col("j").cum_max(reverse=True).over(order_by="i"),
        k=nw.col("i").fill_null(strategy="forward").over(order_by="f"),
    ),
    "rank": lambda f: f.select(a=nw.col("i").rank(), b=nw.col("i").rank("min", descending=True)),
    "first and last in an order": lambda f: f.group_by("j").agg(
        a=nw.col("i").first(order_by="f"), b=nw.col("i").last(order_by="f"),
    ),
    "is_unique and is_duplicated": lambda f: f.select(a=nw.col("g").is_unique(), b=nw.col("g").is_duplicated()),
    "distinct values counted": lambda f: f.select(
        a=nw.col("g").drop_nulls().n_unique(), b=nw.col("i").filter(nw.col("j") > 1).sum(), c=nw.col("j").unique().sum(),
    ),
    "modes": lambda f: f.select(a=nw.col("g").mode(keep="any"), b=nw.col("c").any_value(ignore_nulls=True).is_null()),
    "group_by": lambda f: f.group_by("g").agg(
        nw.col("i").sum(), nw.col("f").max().alias("m"), n=nw.len(), u=nw.col("j").n_unique(),
    ),
    "group_by expressions": lambda f: f.group_by(nw.col("i") > 2, "j").agg(nw.col("f").count()),
    "group_by without null keys": lambda f: f.group_by("g", drop_null_keys=True).agg(nw.col("j").max()),
    "group_by selectors": lambda f: f.group_by("j").agg(cs.by_dtype(nw.Int64, nw.Float64).max()),
    "sort": lambda f: f.sort("g", "i", descending=[True, False], nulls_last=True),
    "top_k": lambda f: f.top_k(2, by="i"),
    "head": lambda f: f.head(3),
    "unique": lambda f: f.select("j", "g").unique(),
    "unique in an order": lambda f: f.unique("j", keep="last", order_by="i"),
    "unique none": lambda f: f.unique("g", keep="none"),
    "drop": lambda f: f.drop("i", "k"),
    "drop leniently": lambda f: f.drop("i", "nothing", strict=False),
    "rename": lambda f: f.rename({"i": "I"}),
    "drop_nulls": lambda f: f.drop_nulls(),
    "drop_nulls of a subset": lambda f: f.drop_nulls(["g", "f"]),
    "explode": lambda f: f.select("j", "l").explode("l"),
    "explode leniently": lambda f: f.select("j", "l").explode("l", empty_as_null=False, keep_nulls=False),
    "unpivot": lambda f: f.unpivot(["i", "j"], index="g", variable_name="name", value_name="value"),
    "row index": lambda f: f.select("i").drop_nulls().with_row_index("n", order_by="i"),
    "tail of a chain": lambda f: f.pipe(lambda g: g.filter(nw.col("j") > 1)).lazy().select(nw.col("j").max()),
    "map_batches": lambda f: f.with_columns(
        m=nw.col("j").map_batches(lambda s: s.sum(), nw.Int64, returns_scalar=True).over("g", order_by="i")
    ),
}  # fmt: skip

JOINS = {
    "inner": {"on": "j"},
    "left": {"on": "j", "suffix": "_other"},
    "full": {"on": "j"},
    "semi": {"on": "j"},
    "anti": {"left_on": "j", "right_on": "j"},
    "cross": {},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_answers_are_those_of_polars(case):
    assert_same(case(nw.from_native(sk.from_polars(ROWS))), case(nw.from_native(ROWS.lazy())))


@pytest.mark.parametrize("how", JOINS)
def test_joins_are_those_of_polars(how):
    ours = nw.from_native(sk.from_polars(ROWS)), nw.from_native(sk.from_polars(OTHER))
    theirs = nw.from_native(ROWS.lazy()), nw.from_native(OTHER.lazy())
    results = [left.join(right, how=how, **JOINS[how]) for left, right in (ours, theirs)]
    assert_same(*results)


def test_asof_joins_are_those_of_polars():
    def joined(make):
        left, right = make(ROWS.drop_nulls("i").sort("i")), make(OTHER)
        return left.join_asof(right, left_on="i", right_on="j", strategy="forward")

    assert_same(
        joined(lambda d: nw.from_native(sk.from_polars(d))),
        joined(lambda d: nw.from_native(d.lazy())),
    )


@pytest.mark.parametrize("how", ["vertical", "diagonal"])
def test_concat_is_that_of_polars(how):
    def joined(make):
        one, two = make(ROWS.select("i", "g")), make(ROWS.select("i", "g"))
        return nw.concat([one, two.select("i") if how == "diagonal" else two], how=how)

    assert_same(
        joined(lambda d: nw.from_native(sk.from_polars(d))),
        joined(lambda d: nw.from_native(d.lazy())),
    )


@pytest.mark.parametrize(
    "case", ["select arithmetic", "filter", "group_by", "over keys", "sort", "text"]
)
def test_any_backend_may_run_it(case):
    ours = CASES[case](nw.from_native(sk.from_polars(ROWS).drop("c", "k")))
    theirs = CASES[case](nw.from_native(ROWS.drop("c", "k").lazy()))
    with sk.config(backend="pandas"):
        assert_same(ours, theirs)


def assert_same(ours: nw.LazyFrame, theirs: nw.LazyFrame) -> None:
    assert isinstance(ours.to_native(), sk.Frame)
    answer, expected = ours.collect().to_native(), theirs.collect().to_native()
    assert isinstance(answer, pl.DataFrame)
    assert answer.columns == expected.columns
    # counts are Int64 here and UInt32 there; sums of integers too are never narrower than 64 bits
    assert_frame_equal(widened(answer), widened(expected), check_row_order=False)


def widened(rows: pl.DataFrame) -> pl.DataFrame:
    wide = rows.with_columns(pl.selectors.integer().cast(pl.Int64))
    if not any(t.is_nested() for t in wide.dtypes):
        return wide
    return wide.with_columns(pl.selectors.nested().map_elements(str, pl.String, skip_nulls=True))


def test_files_are_read_and_written_through_narwhals(tmp_path):
    path = tmp_path / "data.parquet"
    nw.from_native(sk.from_dict({"x": [1, 2]})).sink_parquet(path)
    read = nw.scan_parquet(path, backend="scalekit")
    assert isinstance(read.to_native(), sk.Frame)
    assert read.select(nw.col("x").sum()).collect().item() == 3
    (tmp_path / "data.csv").write_text("x;y\n1;a\n")
    csv = nw.scan_csv(tmp_path / "data.csv", backend="scalekit", separator=";")
    assert csv.collect().rows() == [(1, "a")]
    with pytest.raises(sk.exceptions.TargetExistsError):
        nw.from_native(sk.from_dict({"x": [9]})).sink_parquet(path)


# What cannot be


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda f: f.select("j", "zzz"), nw.exceptions.ColumnNotFoundError, "zzz"),
        (lambda f: f.select(nw.col("jj") + 1), nw.exceptions.ColumnNotFoundError, "did you mean 'j'"),
        (lambda f: f.rename({"i": "j"}), nw.exceptions.DuplicateError, "'j'"),
        (lambda f: f.select(nw.col("i").cum_sum()), nw.exceptions.InvalidOperationError, "order_by"),
        (lambda f: f.filter(nw.col("i").sum() > 3), nw.exceptions.InvalidOperationError, "filter"),
        (lambda f: f.select(nw.col("g").cast(nw.Int64)).collect(), nw.exceptions.ComputeError, "g"),
        (lambda f: f.select(nw.col("g") + 1), nw.exceptions.InvalidOperationError, "explicit cast"),
        (lambda f: f.join(f.cast({"j": nw.String}), on="j"), sk.exceptions.SchemaError, "cast one"),
        (lambda f: f.select(nw.list("i", "j")), sk.exceptions.UnsupportedError, r"list\(\) has no counterpart"),
        (lambda f: f.filter(nw.new_series("m", [True], backend="polars")), sk.exceptions.UnsupportedError, "Series 'm'"),
        (lambda f: f.join(nw.from_native(OTHER.lazy()), on="j"), sk.exceptions.PlanError, "from_polars"),
        (lambda f: f.collect("modin"), ValueError, "Unsupported"),
        (lambda f: nw.from_native(f.to_native(), eager_only=True), TypeError, "eager_only"),
    ],
)  # fmt: skip
def test_what_cannot_be_says_so(frame, wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(nw.from_native(frame))


def test_a_method_that_scalekit_lacks_is_named():
    compliant = nw.from_native(sk.from_dict({"x": [1]}))._compliant_frame
    with pytest.raises(sk.exceptions.UnsupportedError, match=r"sparkle.*collect\(\) first"):
        compliant.sparkle()
    assert not hasattr(compliant, "_sparkle")


# Loaded only on demand


def test_the_plugin_is_declared_and_light():
    (ours,) = (e for e in entry_points(group="narwhals.plugins") if e.name == "scalekit")
    assert ours.value == "scalekit.interop"
    code = "import scalekit.interop, sys; print('narwhals' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


# Libraries that draw


def points(frame: sk.Frame) -> alt.Chart:
    return alt.Chart(frame).mark_point().encode(x="x:Q", y="y", color="g", tooltip="d")


@pytest.fixture
def drawn() -> sk.Frame:
    days = [dt.date(2024, 1, day) for day in (1, 2, 3)]
    frame = sk.from_dict({"x": [1, 2, 3], "y": [4.0, None, 6.0], "g": ["a", "b", "a"], "d": days})
    return frame.with_columns(c=sk.col("g").cast(sk.Categorical), l=sk.concat_list("x", "x"))


def test_altair_draws_a_frame(drawn, runs):
    chart = points(drawn)
    assert runs == []
    spec = chart.to_dict()
    assert len(runs) == 1
    kinds = {channel: given["type"] for channel, given in spec["encoding"].items()}
    assert kinds == {
        "x": "quantitative",
        "y": "quantitative",
        "color": "nominal",
        "tooltip": "temporal",
    }
    (data,) = spec["datasets"].values()
    assert [row["x"] for row in data] == [1, 2, 3]
    assert [row["y"] for row in data] == [4.0, None, 6.0]
    assert data[0]["d"] == "2024-01-01T00:00:00"
    assert data[0]["l"] == [1, 1]
    svg = vl_convert.vegalite_to_svg(spec)
    marks = [part for part in svg.split("<path") if 'aria-roledescription="point"' in part]
    assert len(marks) == 2, "a mark for each row that has both coordinates"
    assert 'aria-label="x: 1; y: 4; g: a; d: Mon, 01 Jan 2024"' in svg or "x: 1; y: 4; g: a" in svg


def test_altair_draws_aggregates_of_a_frame(drawn):
    sums = drawn.group_by("c").agg(sk.col("x").sum()).sort("c")
    spec = alt.Chart(sums).mark_bar().encode(x="c", y="x").to_dict()
    assert spec["encoding"]["x"]["type"] == "nominal"
    assert [*spec["datasets"].values()] == [[{"c": "a", "x": 4}, {"c": "b", "x": 2}]]


def test_plotly_draws_a_frame(drawn, runs):
    figure = px.scatter(drawn, x="x", y="y", color="g")
    assert len(runs) == 1
    assert [(t.name, [*t.x]) for t in figure.data] == [("a", [1, 3]), ("b", [2])]
    assert [*figure.data[0].y] == [4.0, 6.0]
    assert np.isnan(figure.data[1].y[0])
    wide = px.line(drawn, x="d", y=["x", "y"])
    assert [t.name for t in wide.data] == ["x", "y"]
    assert [str(day) for day in wide.data[0].x] == ["2024-01-01", "2024-01-02", "2024-01-03"]
    counts = px.histogram(drawn, x="g")
    assert [*counts.data[0].x] == ["a", "b", "a"]


def test_plotly_says_which_column_is_missing(drawn):
    with pytest.raises(ValueError, match="not the name of a column"):
        px.scatter(drawn, x="nothing", y="y")


def test_narwhals_first_version_has_an_eager_frame_that_waits(drawn, runs):
    eager = v1.from_native(drawn, eager_only=True)
    assert isinstance(eager, v1.DataFrame)
    assert eager.columns == drawn.columns
    assert eager.schema["d"] == v1.Date
    assert runs == []
    assert eager["x"].to_list() == [1, 2, 3]
    assert eager.filter(v1.col("x") > 1).shape == (2, 6)
    assert isinstance(eager.to_native(), pl.DataFrame)
    assert len(runs) == 1, "one run serves all of it"


def test_a_failing_plan_fails_where_it_is_drawn():
    bad = sk.from_dict({"x": ["a"], "y": [1]}).with_columns(sk.col("x").cast(sk.Int64))
    with pytest.raises(nw.exceptions.ComputeError, match="conversion"):
        px.scatter(bad, x="x", y="y")


# scikit-learn


def test_scikit_learn_takes_a_frame_as_an_array(runs):
    frame = sk.from_dict({"a": [1.0, 2.0, 4.0], "b": [1, 5, 9]})
    scaler = StandardScaler().fit(frame)
    assert scaler.mean_.tolist() == pytest.approx([7 / 3, 5.0])
    assert scaler.transform(frame).shape == (3, 2)
    assert not hasattr(scaler, "feature_names_in_"), "names go with sk.fit only"
    fitted = sk.fit(StandardScaler(), frame)
    assert fitted.feature_names_in_.tolist() == ["a", "b"]
    line = LinearRegression().fit(frame.select("a"), frame.select("b"))
    assert line.coef_.shape == (1, 1)


# Arrow


def test_duckdb_queries_a_frame_and_runs_it_once(runs):
    frame = sk.from_dict({"g": ["a", "b", "a"], "x": [1, 2, None]}).with_columns(y=sk.col("x") * 2)
    found = duckdb.sql("SELECT g, sum(y) AS y FROM frame GROUP BY g ORDER BY g").fetchall()
    assert found == [("a", 2), ("b", 4)]
    assert len(runs) == 1
    assert duckdb.from_arrow(frame).filter("x > 1").fetchall() == [("b", 2, 4)]


def test_arrow_readers_take_a_frame(frame, runs):
    assert pa.schema(frame).field("g").type == pa.large_string()
    assert runs == []
    table = pa.table(frame)
    assert table.schema == pa.schema(frame)
    assert table.num_rows == 6
    assert_frame_equal(pl.DataFrame(frame), ROWS)
    assert pd.DataFrame.from_arrow(frame)["j"].tolist() == [1, 1, 2, 2, 3, 3]
    narrow = pa.schema([("x", pa.int32())])
    reader = pa.RecordBatchReader.from_stream(sk.from_dict({"x": [1]}), schema=narrow)
    assert reader.read_all().schema == narrow
    assert sk.from_arrow(frame).schema == frame.schema
