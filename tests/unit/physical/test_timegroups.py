"""Windows of time over partitions: which are found in steps, and which rows they see."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

import scalekit as sk
from scalekit.errors import ScalekitError
from scalekit.kernels.compare import assert_equal
from scalekit.physical.spans import is_negative, longest, units
from scalekit.testing.compare import assert_conforms, reference

START = datetime(2024, 3, 28)
STEPS = [(i * i) % 23 for i in range(120)]
HOURS = [sum(STEPS[: i + 1]) for i in range(120)]
TABLE = pl.DataFrame(
    {
        "i": [hour // 5 for hour in HOURS],
        "t": [START + timedelta(hours=hour) for hour in HOURS],
        "k": [("a", "b", None)[hour % 3] for hour in HOURS],
        "v": range(120),
    }
).with_columns(
    d=pl.col("t").dt.date(),
    tz=pl.col("t").dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Vienna"),
)
FRAME = sk.from_polars(TABLE)
AGGS = (sk.len().alias("n"), sk.col("v").sum().alias("s"), sk.col("v").mean().alias("m"))

DYNAMIC = [
    ("i", {"every": "3i"}),
    ("i", {"every": "4i", "offset": "-1i", "closed": "right", "label": "right"}),
    ("t", {"every": "1d"}),
    ("t", {"every": "36h", "offset": "5h", "include_boundaries": True}),
    ("t", {"every": timedelta(hours=7), "label": "right", "closed": "right"}),
    ("t", {"every": "1mo"}),
    ("d", {"every": "1w", "label": "right"}),
    ("tz", {"every": "1d"}),
]
WHOLE = [
    ("t", {"every": "1d", "period": "2d"}),
    ("t", {"every": "1d", "closed": "both"}),
    ("t", {"every": "1d", "label": "datapoint"}),
    ("t", {"every": "1d", "start_by": "datapoint"}),
    ("t", {"every": "1mo", "offset": "-1d"}),
    ("tz", {"every": "36h"}),
]
ROLLING = [
    ("i", {"period": "3i"}),
    ("i", {"period": "3i", "closed": "left"}),
    ("i", {"period": "9i", "closed": "both"}),
    ("t", {"period": "2d", "closed": "none"}),
    ("t", {"period": timedelta(hours=30)}),
    ("t", {"period": "1mo"}),
    ("d", {"period": "3d"}),
    ("tz", {"period": "1d"}),
    ("i", {"period": "3i", "offset": "-1i"}),
    ("i", {"period": "3i", "offset": "2i", "closed": "both"}),
    ("i", {"period": "2i", "offset": "-9i"}),
    ("t", {"period": "3d", "offset": timedelta(hours=-30)}),
    ("tz", {"period": "2d", "offset": "0d"}),
    ("d", {"period": "1w", "offset": "-3d"}),
]


@pytest.fixture(params=[2, 7])
def conforms(request, counted):
    """Assert that a frame in parts gives the rows that it gives as one."""

    def check(frame, *, ordered=True):
        rows, _ = counted(frame, partitions=request.param)
        assert_equal(rows, reference(frame), ordered=ordered)

    return check


@pytest.mark.parametrize(("index", "options"), [*DYNAMIC, *WHOLE])
def test_dynamic_windows(conforms, index, options):
    conforms(FRAME.group_by_dynamic(index, **options).agg(*AGGS))
    conforms(FRAME.group_by_dynamic(index, group_by="k", **options).agg(*AGGS), ordered=False)


@pytest.mark.parametrize(("index", "options"), DYNAMIC)
def test_fixed_windows_move_no_rows(counted, index, options):
    grouped = FRAME.select(index, "v").group_by_dynamic(index, **options).agg(sk.col("v").sum())
    windows = reference(grouped).height
    assert counted(grouped, partitions=2)[1].rows < 5 * windows + TABLE.height


@pytest.mark.parametrize(("index", "options"), WHOLE)
def test_windows_that_the_first_row_decides_are_found_by_one_task(steps, index, options):
    assert "RangeExchange" not in steps(FRAME.group_by_dynamic(index, **options).agg(*AGGS))


def test_aggregates_that_do_not_split_are_found_by_one_task(conforms):
    conforms(
        FRAME.group_by_dynamic("t", every="1d").agg(sk.col("v"), sk.col("v").median().alias("m"))
    )


@pytest.mark.parametrize(("index", "options"), ROLLING)
def test_rolling_windows(conforms, steps, index, options):
    frame = FRAME.rolling(index, **options).agg(*AGGS, sk.col("v").alias("all"))
    conforms(frame)
    assert steps(frame)["Gather"] == 0
    conforms(FRAME.rolling(index, group_by="k", **options).agg(*AGGS), ordered=False)


def test_rolling_windows_of_equal_times_reach_over_parts(conforms):
    frame = sk.from_dict({"i": [1] * 9 + [2] * 30 + [7], "v": list(range(40))})
    conforms(frame.rolling("i", period="1i").agg(*AGGS))
    conforms(frame.rolling("i", period="2i", closed="both").agg(*AGGS))


def test_integers_at_the_ends_of_their_range(conforms):
    frame = sk.from_dict({"i": [-(2**63), -(2**63) + 1, 0, 2**63 - 1], "v": [1, 2, 3, 4]})
    conforms(frame.rolling("i", period="2i").agg(*AGGS))


UNSORTED = [[1, 2, 3, 4, 3, 6, 7, 8], [5, 6, 7, 8, 1, 2, 3, 4], [1, 2, 3, None, 4, 5, 6, 7]]


@pytest.mark.parametrize("index", UNSORTED)
@pytest.mark.parametrize("group_by", [None, "k"])
@pytest.mark.parametrize("partitions", [2, 4, 8])
def test_an_index_out_of_order_is_refused_by_parts_as_by_one(index, group_by, partitions):
    """Within a part, between two of them, or of one group: as where one task sees all."""
    frame = sk.from_dict({"i": index, "k": list("aaaabbbb"), "v": list(range(8))})
    with sk.config(partitions=partitions):
        assert_conforms(
            frame.group_by_dynamic("i", every="2i", group_by=group_by).agg(*AGGS), "serial"
        )
        assert_conforms(frame.rolling("i", period="2i", group_by=group_by).agg(*AGGS), "serial")


def test_the_cases_above_do_raise():
    for index in UNSORTED:
        frame = sk.from_dict({"i": index, "v": list(range(8))})
        with pytest.raises(ScalekitError):
            reference(frame.group_by_dynamic("i", every="2i").agg(*AGGS))
        with pytest.raises(ScalekitError):
            reference(frame.rolling("i", period="2i").agg(*AGGS))


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows(conforms, rows):
    frame = FRAME.head(rows)
    conforms(frame.group_by_dynamic("t", every="1d").agg(*AGGS))
    conforms(frame.rolling("t", period="1d").agg(*AGGS))


def test_spans():
    assert units("1d12h") == {"d", "h"}
    assert units(timedelta(days=1)) == {"d"}
    assert units(None) == frozenset()
    assert longest("-1d12h") == 36 * 3_600 * 10**9
    assert longest(timedelta(milliseconds=5)) == 5 * 10**6
    assert longest("7i") == 7
    assert is_negative("-1d")
    assert is_negative(timedelta(-1))
    assert not is_negative("1d")
    assert longest("1mo") >= longest("31d")
