"""What a frame says of itself and of its runs: schemas, explanations, choices, summaries, batches."""

from __future__ import annotations

import pickle

import pandas as pd
import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.choose import choose
from scalekit.config import resolve
from scalekit.exceptions import InvalidOperationError, PlanError

FRAME = sk.from_dict({"k": ["a", "b", "a"], "x": [1, 2, None], "f": [0.5, None, 1.5]})
BACKENDS = ("polars", "pandas")


def test_a_schema_is_known_without_running() -> None:
    def fail(_: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError("a schema ran the plan")

    frame = FRAME.map_batches(fail).group_by("k").agg(col("x").sum(), n=sk.len())
    assert frame.collect_schema() == {"k": sk.String, "x": sk.Int64, "n": sk.Int64}
    assert (frame.columns, frame.width) == (["k", "x", "n"], 3)
    assert frame.dtypes == [sk.String, sk.Int64, sk.Int64]


def test_frames_are_values() -> None:
    frame = FRAME.filter(col("x") > 1).select("k")
    assert frame._plan == FRAME.filter(col("x") > 1).select("k")._plan
    assert pickle.loads(pickle.dumps(frame)).collect().equals(frame.collect())
    assert FRAME.columns == ["k", "x", "f"]


@pytest.mark.parametrize("stage", ["logical", "optimized", "physical"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_explain_names_the_backend_and_why(stage: str, backend: str) -> None:
    text = FRAME.sort("x").filter(col("x") > 1).explain(stage, backend=backend)
    assert (
        text.splitlines()[-1] == f"backend: {backend} (asked for; backend from argument backend=)"
    )
    assert "FILTER" in text.upper()


def test_explain_shows_what_the_optimizer_did() -> None:
    frame = FRAME.sort("x").filter(col("x") > 1)
    assert frame.explain("logical").index("FILTER") < frame.explain("logical").index("SORT")
    assert frame.explain("optimized").index("SORT") < frame.explain("optimized").index("FILTER")


def test_explain_follows_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEKIT_BACKEND", "pandas")
    assert "backend: pandas (asked for; backend from SCALEKIT_BACKEND)" in FRAME.explain()
    with sk.config(backend="polars"):
        assert "backend: polars" in FRAME.explain()


def test_auto_gives_pandas_frames_to_whoever_is_quickest() -> None:
    large = sk.from_pandas(pd.DataFrame({"x": range(2_000_000)}))
    decision = choose(large.group_by("x").agg(sk.len())._plan, resolve())
    assert decision.backend == "polars"
    assert "; pandas " in decision.reason


def test_batches_hold_all_rows_in_order() -> None:
    frame = sk.from_dict({"x": list(range(1000))}).filter(col("x") % 2 == 0)
    for backend in BACKENDS:
        batches = list(frame.collect_batches(chunk_size=64, backend=backend))
        assert pl.concat(batches)["x"].to_list() == list(range(0, 1000, 2))
        assert all(batch.height <= 64 for batch in batches)
    with pytest.raises(InvalidOperationError, match="chunk_size"):
        frame.collect_batches(chunk_size=0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_describe_is_polars_description(backend: str) -> None:
    ours = FRAME.describe(backend=backend)
    theirs = FRAME.collect().describe()
    assert ours["statistic"].to_list() == theirs["statistic"].to_list()
    assert ours["x"].to_list() == theirs["x"].to_list()
    assert ours["f"].to_list() == theirs["f"].to_list()
    assert ours.filter(pl.col("statistic") == "max")["k"].item() == "b"


def test_describe_of_no_percentiles_and_of_dates() -> None:
    frame = sk.from_dict({"d": [None, None]}).cast(sk.Date)
    assert frame.describe(None)["statistic"].to_list() == [
        "count",
        "null_count",
        "mean",
        "std",
        "min",
        "max",
    ]


def test_estimates_tell_measured_from_guessed() -> None:
    found = FRAME.filter(col("x") > 1).group_by("k").agg(sk.len()).estimate()
    assert found["step"].to_list() == ["SCAN", "FILTER", "AGGREGATE"]
    assert found["rows"][0] == 3
    assert found["exact"].to_list() == [True, False, False]
    assert found["bytes"].null_count() == 0


def test_verify_says_yes_and_no() -> None:
    yes = FRAME.group_by("k").agg(col("f").sum()).verify()
    assert yes
    assert repr(yes).startswith(
        "verified: polars = pandas = serial in 1, 2 and 7 parts (2 rows, in any order)"
    )

    calls = []

    def drift(table: pl.DataFrame) -> pl.DataFrame:
        calls.append(1)
        return table.with_columns(x=pl.lit(len(calls), dtype=pl.Int64))

    no = FRAME.map_batches(drift).verify(["polars", "pandas"], seconds=0.5)
    assert not no
    assert "NOT verified" in repr(no)
    assert "pandas" in no.differences
    with pytest.raises(InvalidOperationError, match="two backends"):
        FRAME.verify(backends=["polars"])


def test_profile_times_the_run() -> None:
    rows, timings = FRAME.sort("x").profile(backend="polars")
    assert rows.height == 3
    assert timings["end"].min() >= 0


def test_persist_runs_once() -> None:
    calls = []

    def counted(table: pl.DataFrame) -> pl.DataFrame:
        calls.append(1)
        return table

    kept = FRAME.map_batches(counted).persist()
    assert kept.select("k").collect().height == 3
    assert kept.select("x").collect().height == 3
    assert len(calls) == 1


@pytest.mark.parametrize(
    "step",
    [
        lambda f: f.with_row_index(),
        lambda f: f.tail(1),
        lambda f: f.slice(1, 1),
        lambda f: f.reverse(),
        lambda f: f.first(),
        lambda f: f.last(),
        lambda f: f.gather_every(2),
        lambda f: f.sample(1),
        lambda f: f.shift(),
        lambda f: f.unique("k", keep="first"),
        lambda f: f.with_columns(col("n").cum_sum()),
        lambda f: f.group_by("k").agg(col("n").first()),
        lambda f: f.rolling("n", period="2i").agg(sk.len()),
        lambda f: f.group_by_dynamic("n", every="2i").agg(sk.len()),
        lambda f: f.update(f),
    ],
    ids=lambda f: str(f.__code__.co_firstlineno),
)
def test_what_needs_an_order_asks_for_one(step: object) -> None:
    unordered = FRAME.group_by("k").agg(n=sk.len())
    with pytest.raises(PlanError, match="sort first"):
        step(unordered)  # type: ignore[operator]
    step(unordered.sort("k"))  # type: ignore[operator]


def test_over_with_an_order_needs_no_ordered_frame() -> None:
    unordered = sk.from_dict({"k": ["b", "a"]}).group_by("k").agg(n=sk.len())
    frame = unordered.with_columns(before=col("k").shift().over(order_by="k"))
    assert sorted(frame.collect().rows()) == [("a", 1, None), ("b", 1, "a")]


def test_a_deep_plan_runs() -> None:
    frame = sk.from_dict({"x": [0]})
    for _ in range(300):
        frame = frame.with_columns(col("x") + 1)
    assert frame.collect().item() == 300
    assert frame.collect(backend="pandas").item() == 300


def test_a_plan_is_shown_line_by_line_where_it_is_the_last_expression():
    text = FRAME.head(1).explain()
    assert repr(text) == text
    assert text.count("\n") >= 2
