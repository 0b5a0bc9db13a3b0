"""What is known of the target before a pass, and which rows have which role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit.errors import ColumnNotFoundError, InvalidOperationError, SchemaError
from scalekit.judge.census import ROLE, census_of
from scalekit.judge.judged import FOLD
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.rows import check_has_test, in_folds, is_small, rows_of
from tests.judge.rows import WAYS, people, read

PEOPLE = people()


def protocol(task: str = "binary", target: str = "churned", **more: Any) -> Protocol:
    return Protocol(task, target, **{"key": "id", **more})


@pytest.mark.parametrize("way", WAYS)
def test_the_census_is_the_same_on_every_backend(way: str, tmp_path: Path):
    with read(way, PEOPLE, tmp_path) as frame:
        rows = rows_of(frame, protocol(), None, None)
        found = census_of(rows.frame, protocol())
        split = {role: rows.of(role).collect() for role in ("train", "valid", "test")}
    assert found.rows == {role: part.height for role, part in split.items()}
    for role, part in split.items():
        assert found.counts[role] == dict(part["churned"].value_counts().iter_rows())
    assert found.labels == (False, True)
    assert found.minority("test") == split["test"]["churned"].sum()
    assert pl.concat(split.values()).sort("id").equals(PEOPLE)


def test_numbers_are_summed_up_by_role():
    by_spend = protocol("regression", "spend", weight="w")
    rows = rows_of(sk.from_polars(PEOPLE), by_spend, None, None)
    found = census_of(rows.frame, by_spend)
    test = rows.of("test").collect()
    numbers = found.numbers["test"]
    assert numbers.mean == pytest.approx((test["spend"] * test["w"]).sum() / test["w"].sum())
    assert numbers.least == test["spend"].min()
    assert numbers.deviation == pytest.approx(test["spend"].std(ddof=0))
    whole = found.merged(("train", "valid", "test")).numbers["all"]
    mean = (PEOPLE["spend"] * PEOPLE["w"]).sum() / PEOPLE["w"].sum()
    assert whole.mean == pytest.approx(mean)


def test_weights_of_classes_are_sums_of_weights():
    weighted = protocol(weight="w")
    found = census_of(rows_of(sk.from_polars(PEOPLE), weighted, None, None).frame, weighted)
    total = sum(value for by_label in found.weights.values() for value in by_label.values())
    assert total == pytest.approx(PEOPLE["w"].sum())


def test_rows_that_are_given_have_the_role_they_are_given_as():
    given = protocol(key=())
    whole = sk.from_polars(PEOPLE)
    rows = rows_of(whole.head(100), given, whole.tail(50), whole.slice(200, 20))
    assert census_of(rows.frame, given).rows == {"test": 100, "train": 50, "valid": 20}
    with pytest.raises(SchemaError, match="'churned', the target"):
        rows_of(whole, given, whole.drop("churned"), None)


def test_a_gap_of_time_leaves_rows_without_a_role():
    by_day = protocol(key=(), time="day", split={"gap": 5})
    rows = rows_of(sk.from_polars(PEOPLE), by_day, None, None)
    counts = rows.frame.collect()[ROLE].value_counts()
    assert dict(counts.iter_rows())[None] > 0
    assert sum(census_of(rows.frame, by_day).rows.values()) < PEOPLE.height


def test_folds_hold_every_row_once_and_groups_whole():
    grouped = protocol(key="id", group="customer")
    rows = in_folds(sk.from_polars(PEOPLE), grouped)
    found = rows.frame.collect()
    assert rows.folds == 5
    assert set(found[FOLD]) == set(range(5))
    assert found.group_by("customer").agg(pl.col(FOLD).n_unique())[FOLD].max() == 1
    assert census_of(rows.frame, grouped, FOLD).rows == {
        str(fold): count for fold, count in found[FOLD].value_counts().iter_rows()
    }


@pytest.mark.parametrize(("task", "target"), [("binary", "churned"), ("regression", "spend")])
def test_a_target_that_is_missing_somewhere_is_refused(task: str, target: str):
    holes = PEOPLE.with_columns(pl.when(pl.col("id") % 100 != 3).then(target).alias(target))
    asked = protocol(task, target)
    rows = rows_of(sk.from_polars(holes), asked, None, None)
    with pytest.raises(
        InvalidOperationError, match=rf"'{target}' is null or NaN in 15 of 1,500 rows.*drop_nulls"
    ):
        census_of(rows.frame, asked)


def test_nan_is_missing_too():
    asked = protocol("regression", "spend")
    holes = PEOPLE.with_columns(
        pl.when(pl.col("id") == 3).then(float("nan")).otherwise("spend").alias("spend")
    )
    with pytest.raises(InvalidOperationError, match="1 of 1,500"):
        census_of(rows_of(sk.from_polars(holes), asked, None, None).frame, asked)


def test_missing_weights_are_refused():
    asked = protocol(weight="w")
    holes = PEOPLE.with_columns(pl.when(pl.col("id") != 3).then("w").alias("w"))
    with pytest.raises(InvalidOperationError, match="'w' is null or NaN in 1 of 1,500"):
        census_of(rows_of(sk.from_polars(holes), asked, None, None).frame, asked)


def test_what_cannot_be_counted_is_refused():
    frame = sk.from_polars(PEOPLE.with_columns(id2="id"))
    for asked, error, words in [
        (protocol("multiclass", "id2"), InvalidOperationError, "1,500 different values"),
        (protocol("regression", "mood"), InvalidOperationError, "is for numbers"),
        (protocol("binary", "gone"), ColumnNotFoundError, "'gone'"),
        (protocol(weight="mood"), InvalidOperationError, "weights are numbers"),
    ]:
        rows = rows_of(frame, asked, None, None)
        with pytest.raises(error, match=words):
            census_of(rows.frame, asked)
    below = frame.with_columns(calls=sk.col("calls") - 3)
    asked = protocol("count", "calls")
    with pytest.raises(InvalidOperationError, match="counts are not negative"):
        census_of(rows_of(below, asked, None, None).frame, asked)


def test_no_test_rows_is_an_error_that_says_which_there_are():
    rows = rows_of(sk.from_polars(PEOPLE), protocol(), None, None)
    train = rows_of(rows.of("train"), protocol(), None, None)
    census = census_of(train.frame, protocol())
    with pytest.raises(
        InvalidOperationError, match=r"no test rows \(split by hash of id; rows: 1,055 train\)"
    ):
        check_has_test(census, train)


def test_few_rows_or_few_of_a_class_are_few():
    rows = rows_of(sk.from_polars(PEOPLE), protocol(), None, None)
    census = census_of(rows.frame, protocol())
    assert is_small(census, protocol())
