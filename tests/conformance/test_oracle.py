"""What queries mean, against plain Python and literal answers, on every backend: groups, windows, missing values, arithmetic.

The other suites compare backends with Polars through the same kernels; a mistake in a kernel shows here.
"""

from __future__ import annotations

import math
import statistics
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.exceptions import (
    ComputeError,
    PlanError,
    ScalekitError,
    SchemaError,
)

from .oracle import (  # noqa: TID252 - the oracle belongs to this folder
    FRAME,
    NAN,
    ROWS,
    bag,
    cell,
    cells,
    groups,
    known,
    ordered,
    quantile,
    rows,
    windows,
)

pytestmark = pytest.mark.parametrize("backend", ["polars", "pandas"])


@pytest.mark.parametrize("by", [["g"], ["f"], ["g", "f"]], ids=str)
def test_groups(by: list[str], backend: str) -> None:
    frame = FRAME.group_by(by, maintain_order=True).agg(
        n=sk.len(),
        some=col("x").count(),
        total=col("x").sum(),
        mean=col("x").mean(),
        low=col("x").min(),
        top=col("x").max(),
        std=col("x").std(),
        kinds=col("x").n_unique(),
        first=col("x").first(),
        last=col("x").last(),
        product=col("x").product(),
        nulls=col("x").null_count(),
    )
    wanted: list[tuple[Any, ...]] = []
    for keys, members in groups(ROWS, by):
        x = [m["x"] for m in members]
        v = known(x)
        wanted.append(
            (
                *keys,
                *(len(x), len(v), sum(v), statistics.fmean(v) if v else None),
                *(min(v, default=None), max(v, default=None)),
                statistics.stdev(v) if len(v) > 1 else None,
                *(len(set(x)), x[0], x[-1], math.prod(v), len(x) - len(v)),
            )
        )
    assert rows(frame, backend) == cells(wanted)


def test_floats_of_groups(backend: str) -> None:
    frame = FRAME.group_by("g").agg(
        total=col("f").sum(), mean=col("f").mean(), low=col("f").min(), top=col("f").max(),
        kinds=col("f").n_unique(), worst=col("f").nan_max(), middle=col("f").median(),
    )  # fmt: skip
    wanted = [
        ("a", NAN, NAN, NAN, NAN, 2, NAN, NAN),
        (None, NAN, NAN, 0.0, 0.0, 2, NAN, None),
        ("b", 1.5, 0.75, 0.0, 1.5, 2, 1.5, 0.75),
        ("c", 1.5, 1.5, 1.5, 1.5, 1, 1.5, 1.5),
    ]
    found = [r[:7] if r[0] == cell(None) else r for r in rows(frame, backend)]
    assert bag(found) == bag([r[:7] if r[0] == cell(None) else r for r in cells(wanted)])


def test_aggregates_of_no_rows(backend: str) -> None:
    none = FRAME.filter(col("o") < 0)
    one = none.select(
        n=sk.len(), total=col("x").sum(), times=col("x").product(), mean=col("x").mean(),
        low=col("f").min(), std=col("x").std(), first=col("x").first(), any=(col("x") > 0).any(),
        all=(col("x") > 0).all(), kinds=col("x").n_unique(),
    )  # fmt: skip
    assert rows(one, backend) == cells([(0, 0, 1, None, None, None, None, False, True, 0)])
    empty = none.group_by("g").agg(col("x").sum()).collect(backend=backend)
    assert (empty.height, empty.schema) == (0, {"g": pl.String, "x": pl.Int64})


def test_kleene_aggregates(backend: str) -> None:
    frame = sk.from_dict({"b": [True, None, False, None, None], "g": [1, 1, 2, 2, 3]})
    found = frame.group_by("g").agg(
        any=col("b").any(), all=col("b").all(),
        any3=col("b").any(ignore_nulls=False), all3=col("b").all(ignore_nulls=False),
    )  # fmt: skip
    assert rows(found.sort("g"), backend) == cells(
        [
            (1, True, True, True, None),
            (2, False, False, None, False),
            (3, False, True, None, None),
        ]
    )


@pytest.mark.parametrize("how", ["nearest", "lower", "higher", "midpoint", "linear"])
def test_quantiles(how: str, backend: str) -> None:
    values = [7, None, 1, 4, 4, -3, 10, None, 2]
    shares = (0.0, 0.1, 0.25, 0.5, 0.66, 0.9, 1.0)
    frame = sk.from_dict({"x": values}).select(
        col("x").quantile(q, how).alias(str(q)) for q in shares
    )
    wanted = tuple(quantile(values, q, how) for q in shares)
    assert [float(v) for v in frame.collect(backend=backend).row(0)] == pytest.approx(wanted)


def test_conditional_aggregates(backend: str) -> None:
    frame = FRAME.group_by("g", maintain_order=True).agg(
        big=col("x").filter(col("x") > 1).sum(),
        rest=(col("x") - col("x").mean()).abs().max(),
        best=col("o").max_by("x"),
    )
    wanted: list[tuple[Any, ...]] = []
    for keys, members in groups(ROWS, ["g"]):
        v = known([m["x"] for m in members])
        mean = statistics.fmean(v) if v else None
        best = max((m for m in members if m["x"] is not None), key=lambda m: m["x"], default=None)
        wanted.append(
            (
                *keys,
                sum(x for x in v if x > 1),
                max((abs(x - mean) for x in v), default=None),
                best and best["o"],
            )
        )
    assert rows(frame, backend) == cells(wanted)


def test_windows_of_groups(backend: str) -> None:
    frame = FRAME.select(
        n=sk.len().over("g"),
        total=col("x").sum().over("g"),
        by_float=col("x").count().over("f"),
        share=col("x") / col("x").sum().over("g"),
        rank=col("x").rank("dense").over("g"),
        pair=col("x").max().over("g", "f"),
    )
    wanted: list[tuple[Any, ...]] = []
    for row in ROWS:
        own = next(m for k, m in groups(ROWS, ["g"]) if row in m)
        like = next(m for k, m in groups(ROWS, ["f"]) if row in m)
        both = next(m for k, m in groups(ROWS, ["g", "f"]) if row in m)
        v = known([m["x"] for m in own])
        wanted.append(
            (
                *(len(own), sum(v), len(known([m["x"] for m in like]))),
                None if row["x"] is None else row["x"] / sum(v) if sum(v) else NAN,
                None if row["x"] is None else sorted(set(v)).index(row["x"]) + 1,
                max(known([m["x"] for m in both]), default=None),
            )
        )
    assert rows(frame, backend) == cells(wanted)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("down", [False, True])
def test_windows_in_an_order(down: bool, last: bool, backend: str) -> None:
    order: dict[str, Any] = {"order_by": "o", "descending": down, "nulls_last": last}
    frame = FRAME.select(
        before=col("x").shift().over("g", **order),
        change=col("x").diff().over("g", **order),
        running=col("x").cum_sum().over("g", **order),
        seen=col("x").cum_count().over("g", **order),
        first=col("x").first().over("g", **order),
        filled=col("x").forward_fill().over("g", **order),
        place=col("x").rank("ordinal").over("g", **order),
    )
    wanted: list[tuple[Any, ...]] = []
    for row in ROWS:
        own = next(m for _, m in groups(ROWS, ["g"]) if row in m)
        own = ordered(own, ["o"], descending=[down], nulls_last=[last])
        i = own.index(row)
        x, so_far = [m["x"] for m in own], [m["x"] for m in own[: i + 1]]
        before = x[i - 1] if i else None
        change = None if None in (before, x[i]) else x[i] - before
        places = sorted((v, n) for n, v in enumerate(x) if v is not None)
        wanted.append(
            (
                *(before, change, None if x[i] is None else sum(known(so_far))),
                *(len(known(so_far)), x[0], (known(so_far) or [None])[-1]),
                None if x[i] is None else places.index((x[i], i)) + 1,
            )
        )
    assert rows(frame, backend) == cells(wanted)


def test_windows_ordered_by_what_is_null(backend: str) -> None:
    for down, last in product([False, True], repeat=2):
        frame = FRAME.select(
            b=col("o").shift().over("g", order_by="x", descending=down, nulls_last=last)
        )
        wanted: dict[int, int | None] = {}
        for _, members in groups(ROWS, ["g"]):
            own = [m["o"] for m in ordered(members, ["x"], descending=[down], nulls_last=[last])]
            wanted |= dict(zip(own, [None, *own], strict=False))
        assert frame.collect(backend=backend)["b"].to_list() == [wanted[r["o"]] for r in ROWS]


@pytest.mark.parametrize("least", [1, 2, 3])
def test_rolling_rows(least: int, backend: str) -> None:
    values = [1.0, None, 4.0, 2.0, None, None, 3.0]
    frame = sk.from_dict({"x": values}).select(
        total=col("x").rolling_sum(3, min_samples=least),
        mean=col("x").rolling_mean(3, min_samples=least),
        top=col("x").rolling_max(3, min_samples=least),
        middle=col("x").rolling_mean(3, min_samples=least, center=True),
    )

    def one(part: list[float | None], function: Any) -> float | None:
        return function(known(part)) if len(known(part)) >= least else None

    wanted = [
        (
            *(one(values[max(0, i - 2) : i + 1], f) for f in (sum, statistics.fmean, max)),
            one(values[max(0, i - 1) : i + 2], statistics.fmean),
        )
        for i in range(len(values))
    ]
    assert rows(frame, backend) == cells(wanted)


@pytest.mark.parametrize("closed", ["left", "right", "both", "none"])
@pytest.mark.parametrize("offset", [None, -1, 0])
def test_rolling_groups(offset: int | None, closed: str, backend: str) -> None:
    times = [0, 1, 1, 3, 4, 8]
    start = -3 if offset is None else offset
    frame = sk.from_dict({"t": times, "x": [1, 2, 4, 8, 16, 32]}).rolling(
        "t", period="3i", offset=None if offset is None else f"{offset}i", closed=closed
    )
    found = frame.agg(n=sk.len(), total=col("x").sum())
    members = windows(times, lambda p: p + start, lambda p: p + start + 3, closed)
    wanted = [(t, len(m), sum(2**i for i in m)) for t, m in zip(times, members, strict=True)]
    assert rows(found, backend) == cells(wanted)


@pytest.mark.parametrize("closed", ["left", "right", "both", "none"])
@pytest.mark.parametrize(
    ("every", "period", "offset"), [(2, 2, 0), (3, 5, 0), (4, 2, 1), (2, 4, -1)]
)
def test_dynamic_groups(every: int, period: int, offset: int, closed: str, backend: str) -> None:
    times = [-3, 0, 1, 1, 4, 9, 10]
    frame = sk.from_dict({"t": times, "x": [1, 2, 4, 8, 16, 32, 64]}).group_by_dynamic(
        "t", every=f"{every}i", period=f"{period}i", offset=f"{offset}i", closed=closed
    )
    found = frame.agg(total=col("x").sum())
    left, right = closed in ("left", "both"), closed in ("right", "both")

    def holds(start: int, t: int) -> bool:
        stop = start + period
        return (start < t or (left and start == t)) and (t < stop or (right and t == stop))

    first = times[0] // every * every + offset
    if not holds(first, times[0]):
        first -= every
    wanted: list[tuple[Any, ...]] = []
    for start in range(first, times[-1] + every, every):
        inside = [2**i for i, t in enumerate(times) if holds(start, t)]
        wanted += [(start, sum(inside))] if inside else []
    assert rows(found, backend) == cells(wanted)


def test_dynamic_groups_of_days(backend: str) -> None:
    times = [
        datetime(2024, 1, 31, 23),
        datetime(2024, 2, 1),
        datetime(2024, 2, 29, 12),
        datetime(2024, 4, 1),
    ]
    frame = sk.from_dict({"t": times, "g": ["a", "b", "a", "a"]})
    months = frame.group_by_dynamic("t", every="1mo").agg(n=sk.len())
    starts = [datetime(2024, 1, 1), datetime(2024, 2, 1), datetime(2024, 4, 1)]
    assert rows(months, backend) == cells(list(zip(starts, [1, 2, 1], strict=True)))
    apart = frame.group_by_dynamic("t", every="1mo", group_by="g").agg(n=sk.len())
    assert bag(rows(apart, backend)) == bag(
        cells([("a", s, 1) for s in starts] + [("b", starts[1], 1)])
    )
    days = frame.rolling("t", period="1d").agg(n=sk.len()).select("n")
    assert rows(days, backend) == cells([(1,), (2,), (1,), (1,)])


def test_windows_of_time_refuse_rows_out_of_order(backend: str) -> None:
    frame = sk.from_dict({"t": [3, 1, 2], "g": ["a", "a", "a"], "x": [1, 2, 3]})
    for by in (None, "g"):
        with pytest.raises(ScalekitError, match="sort"):
            frame.rolling("t", period="2i", group_by=by).agg(col("x").sum()).collect(
                backend=backend
            )
        with pytest.raises(ScalekitError, match="sort"):
            frame.group_by_dynamic("t", every="2i", group_by=by).agg(col("x").sum()).collect(
                backend=backend
            )


@pytest.mark.parametrize(
    ("strategy", "wanted"),
    [
        ("forward", [None, 1, 1, 4, 4, 4]),
        ("backward", [1, 1, 4, 4, None, None]),
        ("min", [1, 1, 1, 4, 1, 1]),
        ("max", [4, 1, 4, 4, 4, 4]),
        ("zero", [0, 1, 0, 4, 0, 0]),
        ("one", [1, 1, 1, 4, 1, 1]),
    ],
)
def test_fill_null(strategy: str, wanted: list[int | None], backend: str) -> None:
    frame = sk.from_dict({"x": [None, 1, None, 4, None, None]}, schema={"x": sk.Int64})
    assert frame.fill_null(strategy=strategy).collect(backend=backend)["x"].to_list() == wanted


def test_fill_null_and_nan(backend: str) -> None:
    frame = sk.from_dict(
        {"x": [None, 1, None, None], "f": [NAN, None, 1.0, NAN], "s": ["a", None, None, ""]}
    )
    assert rows(frame.fill_null(0), backend) == cells(
        [(0, NAN, "a"), (1, 0.0, None), (0, 1.0, None), (0, NAN, "")]
    )
    assert rows(frame.fill_nan(None), backend) == cells(
        [(None, None, "a"), (1, None, None), (None, 1.0, None), (None, None, "")]
    )
    limited = frame.select(col("x").fill_null(strategy="forward", limit=1))
    assert rows(limited, backend) == cells([(None,), (1,), (1,), (None,)])
    line = sk.from_dict({"x": [None, 1, None, 4, None]}).select(col("x").interpolate())
    assert rows(line, backend) == cells([(None,), (1.0,), (2.5,), (4.0,), (None,)])


def test_integers(backend: str) -> None:
    pairs = [(a, b) for a in (7, -7, 0, None) for b in (2, -2, 0, None)]
    frame = sk.from_dict({"a": [p[0] for p in pairs], "b": [p[1] for p in pairs]}).select(
        d=col("a") // col("b"), m=col("a") % col("b"), t=col("a") / col("b")
    )
    wanted: list[tuple[Any, ...]] = []
    for a, b in pairs:
        if a is None or b is None:
            wanted.append((None, None, None))
        elif b == 0:
            wanted.append((None, None, NAN if a == 0 else math.copysign(math.inf, a)))
        else:
            wanted.append((a // b, a % b, a / b))
    assert rows(frame, backend) == cells(wanted)


def test_sums_of_narrow_integers(backend: str) -> None:
    for narrow in (sk.Int8, sk.Int16, sk.Int32, sk.UInt8, sk.UInt32):
        frame = sk.from_dict({"x": [100] * 40}, schema={"x": narrow})
        found = frame.select(col("x").sum(), run=col("x").cum_sum().max(), n=sk.len() - 50)
        assert rows(found, backend) == cells([(4000, 4000, -10)])
        assert found.collect(backend=backend).schema["x"] in (pl.Int64, pl.UInt64)


def test_constants_wider_than_their_type(backend: str) -> None:
    frame = sk.from_dict({"x": [1, 5_000_000_000]})
    big = sk.lit(2**31 - 1) + sk.lit(1)
    assert frame.filter(col("x") < big).collect(backend=backend)["x"].to_list() == [1]
    assert frame.select("x", big=big).collect(backend=backend)["big"].to_list() == [2**31] * 2
    a_year = sk.lit(365) * 24 * 60 * 60 * 1000
    assert (
        frame.select("x", y=a_year).collect(backend=backend)["y"].to_list() == [31_536_000_000] * 2
    )


def test_case_takes_the_first_that_is_true(backend: str) -> None:
    frame = FRAME.select(
        sk.when(col("x") > 2)
        .then(sk.lit("big"))
        .when(col("x") > 0)
        .then(sk.lit("small"))
        .alias("c")
    )
    wanted = [
        None if r["x"] is None else "big" if r["x"] > 2 else "small" if r["x"] > 0 else None
        for r in ROWS
    ]
    assert frame.collect(backend=backend)["c"].to_list() == wanted


def test_dates(backend: str) -> None:
    days = [date(2024, 2, 28) + timedelta(days=n) for n in range(4)]
    frame = sk.from_dict({"d": days}).select(
        w=col("d").dt.weekday(), m=col("d").dt.offset_by("1mo"), e=col("d").dt.month_end(),
        q=col("d").dt.truncate("1q"), n=(col("d") - sk.lit(date(2024, 1, 1))).dt.total_days(),
    )  # fmt: skip
    wanted = [
        (d.isoweekday(), d.replace(month=d.month + 1), date(2024, d.month, 29 if d.month == 2 else 31),
         date(2024, 1, 1), (d - date(2024, 1, 1)).days)
        for d in days
    ]  # fmt: skip
    assert rows(frame, backend) == cells(wanted)


def test_strict_casts_raise_and_others_do_not(backend: str) -> None:
    frame = sk.from_dict({"s": ["1", " 2", "x", None, "1_0", "300"]})
    with pytest.raises(ComputeError):
        frame.select(col("s").cast(sk.Int64)).collect(backend=backend)
    loose = frame.select(
        a=col("s").cast(sk.Int64, strict=False), b=col("s").cast(sk.UInt8, strict=False)
    )
    assert rows(loose, backend) == cells(
        [(1, 1), (None, None), (None, None), (None, None), (None, None), (300, None)]
    )
    guarded = frame.filter(col("s") == "1").filter(col("s").cast(sk.Int64) == 1)
    assert guarded.collect(backend=backend).height == 1


def test_order_dependent_functions_need_an_order(backend: str) -> None:
    loose = FRAME.group_by("g").agg(col("x").sum())
    with pytest.raises(PlanError, match="sort first"):
        loose.with_columns(col("x").cum_sum())
    sorted_ = loose.sort("x", "g").with_columns(run=col("x").cum_sum())
    assert sorted_.collect(backend=backend)["run"].to_list() == [-2, -2, -1, 12]


def test_enums_beside_text(backend: str) -> None:
    grades = sk.Enum(["low", "high"])
    frame = sk.from_dict({"e": ["low", None, "high"], "s": ["x", "y", None]}).cast({"e": grades})
    filled = frame.select(
        a=col("e").fill_null("high"),
        b=col("e").fill_null(col("s")),
        c=sk.coalesce("e", sk.lit("low")),
        d=col("s").fill_null(col("e")),
    )
    assert filled.dtypes == [grades, pl.String, grades, pl.String]
    assert rows(filled, backend) == cells(
        [("low", "low", "low", "x"), ("high", "y", "low", "y"), ("high", "high", "high", "high")]
    )
    for unknown in (col("e").fill_null("nope"), sk.coalesce("e", sk.lit("nope"))):
        with pytest.raises(SchemaError, match="'low', 'high'"):
            frame.select(unknown)
    assert frame.fill_null("high").collect(backend=backend)["e"].to_list() == [
        "low",
        "high",
        "high",
    ]
    assert frame.fill_null("z").collect(backend=backend).rows()[1:] == [(None, "y"), ("high", "z")]
