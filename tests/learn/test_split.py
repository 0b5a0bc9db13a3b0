"""Splits: the same rows on every backend, order, partitioning and type (LEARN.md, acceptance D)."""

from __future__ import annotations

import warnings
from datetime import date, datetime, timedelta
from math import sqrt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.errors import ColumnNotFoundError, InvalidOperationError, PlanError, SchemaError
from scalekit.kernels.row_hash import hash_rows, unit_interval
from scalekit.learn.split import Fold, Splits, split

BACKENDS = ("polars", "pandas")
ROWS = 5_000
each_backend = pytest.mark.parametrize("backend", BACKENDS)


def table(rows: int = ROWS) -> pl.DataFrame:
    n = pl.int_range(0, rows, eager=True).alias("id")
    return pl.DataFrame({"id": n}).with_columns(
        customer=pl.format("c{}", pl.col("id") * 7919 % 400),
        label=pl.when(pl.col("id") % 10 == 0).then(pl.lit("rare")).otherwise(pl.lit("common")),
        day=pl.date(2024, 1, 1) + pl.duration(days=pl.col("id") * 7919 % 365),
        x=pl.when(pl.col("id") % 9 != 0).then(pl.col("id") / 7),
    )


def ids(frame: sk.Frame, backend: str = "polars", key: str = "id") -> set[int]:
    values = frame.select(key).collect(backend=backend)[key].to_list()
    found = {int(value) for value in values}
    assert len(found) == len(values)
    return found


def parts(frame: sk.Frame, backend: str = "polars", **arguments: object) -> list[set[int]]:
    return [ids(part, backend) for part in split(frame, **arguments)]


# ------------------------------------------------------------------------------------ assignment


@each_backend
def test_the_rows_are_those_that_the_hash_says(backend: str) -> None:
    place = unit_interval(hash_rows(table().select("id"), seed="v1", purpose="split"))
    expected = [
        set(np.flatnonzero(place < 0.7)),
        set(np.flatnonzero((place >= 0.7) & (place < 0.85))),
        set(np.flatnonzero(place >= 0.85)),
    ]
    assert parts(sk.from_polars(table()), backend, key="id") == expected


@each_backend
@pytest.mark.parametrize(
    "arguments",
    [
        {"key": "id"},
        {"key": ["id", "customer"]},
        {"group": "customer"},
        {"key": "id", "stratify": "label"},
        {"time": "day"},
        {"time": "day", "gap": "7d"},
    ],
    ids=str,
)
def test_order_partitioning_and_backend_do_not_matter(backend: str, arguments: dict) -> None:
    expected = parts(sk.from_polars(table()), **arguments)
    shuffled = table().sample(fraction=1, shuffle=True, seed=3)
    chunks = pl.concat([shuffled[:7], shuffled[7:2_500], shuffled[2_500:]], rechunk=False)
    assert parts(sk.from_polars(chunks), backend, **arguments) == expected
    assert sum(map(len, expected)) == ROWS - ("gap" in arguments) * len(_between(expected))


def _between(found: list[set[int]]) -> set[int]:
    return set(range(ROWS)) - set.union(*found)


TYPES = {
    "id": [pl.Int16, pl.Int32, pl.UInt64, pl.Float64, pl.Decimal(12, 2)],
    "customer": [pl.Categorical, pl.Enum([f"c{i}" for i in range(400)])],
    "day": [pl.Datetime("ms"), pl.Datetime("us"), pl.Datetime("ns")],
}


@pytest.mark.parametrize(
    ("column", "dtype"), [(c, t) for c, types in TYPES.items() for t in types], ids=str
)
def test_the_type_of_a_key_does_not_matter(column: str, dtype: pl.DataType) -> None:
    key = [column, "id"]
    expected = parts(sk.from_polars(table()), key=key)
    other = table().with_columns(pl.col(column).cast(dtype))
    assert parts(sk.from_polars(other), key=key) == expected


@each_backend
def test_pandas_and_arrow_input_give_the_same_rows(backend: str) -> None:
    rows = table().drop("x")
    expected = parts(sk.from_polars(rows), key=["id", "customer", "day"])
    pandas = rows.with_columns(pl.col("day").cast(pl.Datetime("us"))).to_pandas()
    for frame in (sk.from_pandas(pandas), sk.from_arrow(rows.to_arrow())):
        assert parts(frame, backend, key=["id", "customer", "day"]) == expected


def test_shares_are_kept_within_four_standard_errors() -> None:
    frame = sk.from_dict({"id": list(range(40_000))})
    for found, share in zip(parts(frame, key="id"), (0.7, 0.15, 0.15), strict=True):
        assert abs(len(found) / 40_000 - share) <= 4 * sqrt(share * (1 - share) / 40_000)


def test_a_sample_has_the_rows_of_the_whole() -> None:
    whole = parts(sk.from_polars(table()), key="id")
    sample = parts(sk.from_polars(table().filter(pl.col("id") % 10 == 3)), key="id")
    assert all(few <= many for few, many in zip(sample, whole, strict=True))


@pytest.mark.parametrize(
    "arguments",
    [
        {"key": "id"},
        {"group": "group"},
        {"key": "id", "stratify": "class"},
        {"time": "day", "key": "id"},
        {"key": "id", "folds": 3},
    ],
    ids=str,
)
def test_samples_are_nested_and_keep_the_split(arguments: dict) -> None:
    frame = sk.from_polars(nested_table())

    def rows(sample: float | None) -> list[set[int]]:
        found = sk.split(frame, sample=sample, **arguments)
        flat = [part for fold in found for part in fold] if "folds" in arguments else found
        return [set(part.collect()["id"].to_list()) for part in flat]

    one, ten, whole = rows(0.03), rows(0.3), rows(None)
    assert rows(1) == whole
    for few, some, all_ in zip(one, ten, whole, strict=True):
        assert few <= some <= all_
    count = len(set().union(*whole))
    unit = 20 if "group" in arguments else 1
    assert abs(len(set().union(*ten)) / count - 0.3) <= 4 * sqrt(0.21 * unit / count)


def nested_table() -> pl.DataFrame:
    """Rows in groups of twenty, of three classes, over some days."""
    ids = pl.int_range(0, 6000, eager=True).alias("id")
    return pl.DataFrame({"id": ids, "group": ids // 20, "class": ids % 3, "day": ids % 97})


@pytest.mark.parametrize("share", [0, -0.1, 1.5, True, "1%"], ids=repr)
def test_a_sample_is_a_share(share: object) -> None:
    with pytest.raises(InvalidOperationError, match="sample="):
        sk.split(sk.from_polars(nested_table()), key="id", sample=share)  # type: ignore[call-overload]


def test_a_larger_test_share_contains_the_smaller() -> None:
    frame = sk.from_polars(table())
    small = parts(frame, key="id", train=0.8, valid=0.1, test=0.1)
    large = parts(frame, key="id", train=0.5, valid=0.1, test=0.4)
    assert small[2] < large[2]
    assert large[0] < small[0]


def test_another_salt_is_an_independent_split() -> None:
    frame = sk.from_polars(table())
    first, second = (parts(frame, key="id", salt=salt)[2] for salt in ("v1", "v2"))
    assert abs(len(first & second) / len(first) - 0.15) < 0.05
    assert parts(frame, key="id", salt=7) == parts(frame, key="id", salt="7")


def test_it_is_lazy_and_returns_names() -> None:
    frame = sk.from_polars(table())
    result = split(frame, key="id")
    assert isinstance(result, Splits)
    assert result.train.schema == frame.schema
    train, valid, test = result
    assert train is result.train
    assert [valid, test] == [result.valid, result.test]
    only_names = result.test.select("customer").collect()
    assert only_names.height == len(ids(test))


def test_nulls_in_the_key_have_a_place() -> None:
    rows = table().with_columns(id2=pl.when(pl.col("id") % 3 != 0).then("id"))
    found = parts(sk.from_polars(rows), key=["id2", "id"])
    assert set.union(*found) == set(range(ROWS))


def test_no_rows_give_no_rows() -> None:
    empty = sk.from_polars(table(0))
    assert [len(found) for found in parts(empty, key="id")] == [0, 0, 0]
    assert [len(found) for found in parts(empty, key="id", stratify="label")] == [0, 0, 0]


def test_without_a_key_all_columns_count_and_a_warning_says_so() -> None:
    frame = sk.from_polars(table())
    with pytest.warns(UserWarning, match="hashes all 5 columns") as caught:
        found = [ids(part) for part in split(frame)]
    assert caught[0].filename == __file__
    assert set.union(*found) == set(range(ROWS))
    doubled = sk.from_polars(pl.concat([table(), table()]).drop("id"))
    with pytest.warns(UserWarning, match="key="):
        train, _, test = split(doubled)
    assert not set(train.collect().rows()) & set(test.collect().rows())


# ---------------------------------------------------------------------------------------- groups


@each_backend
def test_no_group_is_in_two_splits(backend: str) -> None:
    frame = sk.from_polars(table())
    groups = [
        set(part.collect(backend=backend)["customer"]) for part in split(frame, group="customer")
    ]
    assert set.union(*groups) == set(table()["customer"])
    assert sum(map(len, groups)) == 400


def test_a_group_needs_no_key_and_gives_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        by_group = parts(sk.from_polars(table()), group="customer")
        assert parts(sk.from_polars(table()), group="customer", key="id") == by_group


# --------------------------------------------------------------------------------------- classes


@each_backend
def test_each_class_gets_its_share_exactly(backend: str) -> None:
    frame = sk.from_polars(table(1_000))
    counts = [
        part.group_by("label").agg(n=sk.len()).sort("label").collect(backend=backend).rows()
        for part in split(frame, key="id", stratify="label")
    ]
    assert counts == [
        [("common", 630), ("rare", 70)],
        [("common", 135), ("rare", 15)],
        [("common", 135), ("rare", 15)],
    ]


def test_stratified_rows_of_equal_key_stay_together_and_null_is_a_class() -> None:
    rows = pl.concat([table(300), table(300)]).with_columns(
        label=pl.when(pl.col("id") % 2 == 0).then("label")
    )
    train, valid, test = split(sk.from_polars(rows), key="id", stratify="label")
    sets = [set(part.collect()["id"]) for part in (train, valid, test)]
    assert sum(map(len, sets)) == 300
    assert train.columns == rows.columns


# ------------------------------------------------------------------------------------------ time


@each_backend
def test_later_rows_go_to_the_later_side(backend: str) -> None:
    frame = sk.from_polars(table(1_000).with_columns(at=pl.col("id") * 7919 % 1_000))
    train, valid, test = (
        part.select("at").collect(backend=backend)["at"] for part in split(frame, time="at")
    )
    assert sorted(train) == list(range(700))
    assert sorted(valid) == list(range(700, 850))
    assert sorted(test) == list(range(850, 1_000))


def test_equal_times_stay_together() -> None:
    frame = sk.from_polars(table())
    days = [set(part.collect()["day"]) for part in split(frame, time="day")]
    assert sum(map(len, days)) == 365
    assert max(days[0]) < min(days[1])
    assert max(days[1]) < min(days[2])


@pytest.mark.parametrize("gap", ["7d", timedelta(days=7)])
@pytest.mark.parametrize("dtype", [pl.Date, pl.Datetime("ns"), pl.Datetime("us", "UTC")])
def test_a_gap_is_left_out_before_each_cut(gap: object, dtype: pl.DataType) -> None:
    rows = table()
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        rows = rows.with_columns(pl.col("day").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    frame = sk.from_polars(rows.with_columns(pl.col("day").cast(dtype)))
    train, valid, test = (
        part.collect()["day"].cast(pl.Date) for part in split(frame, time="day", gap=gap)
    )
    assert min(valid) - max(train) == timedelta(days=8)
    assert min(test) - max(valid) == timedelta(days=8)


def test_a_gap_of_a_month_follows_the_calendar() -> None:
    days = pl.date_range(date(2024, 1, 1), date(2024, 12, 31), eager=True)
    frame = sk.from_polars(pl.DataFrame({"day": days}))
    train, valid, _ = split(frame, time="day", train=0.5, valid=0.25, test=0.25, gap="1mo")
    first = min(valid.collect()["day"])
    assert first == date(2024, 7, 2)
    assert max(train.collect()["day"]) == date(2024, 6, 1)


def test_a_numeric_gap_on_a_numeric_time() -> None:
    train, valid, _ = split(sk.from_polars(table()), time="id", gap=100)
    assert max(ids(train)) == 3_399
    assert min(ids(valid)) == 3_500


def test_times_that_cannot_be_cut() -> None:
    frame = sk.from_polars(table())
    with pytest.raises(SchemaError, match=r"type String.*str\.to_datetime"):
        split(frame, time="customer")
    with pytest.raises(InvalidOperationError, match="556 of 5,000 rows have no 'x'"):
        split(frame, time="x")
    with pytest.raises(InvalidOperationError, match="2 rows cannot be split into 3"):
        split(frame.head(2), time="day")
    with pytest.raises(InvalidOperationError, match="would be empty"):
        split(frame.with_columns(t=sk.lit(datetime(2024, 1, 1))), time="t")
    with pytest.raises(InvalidOperationError, match="train would be empty"):
        split(frame, time="day", gap="11mo")
    for gap in (5, "a week", True):
        with pytest.raises(InvalidOperationError, match="gap="):
            split(frame, time="day", gap=gap)
    with pytest.raises(InvalidOperationError, match="negative"):
        split(frame, time="day", gap=timedelta(days=-1))
    with pytest.raises(InvalidOperationError, match="give a number"):
        split(frame, time="id", gap="1d")


# ----------------------------------------------------------------------------------------- folds


@each_backend
@pytest.mark.parametrize(
    "arguments", [{"key": "id"}, {"group": "customer"}, {"key": "id", "stratify": "label"}], ids=str
)
def test_every_row_is_validated_on_once(backend: str, arguments: dict) -> None:
    folds = split(sk.from_polars(table(1_000)), folds=4, **arguments)
    assert len(folds) == 4
    assert all(isinstance(fold, Fold) for fold in folds)
    valid = [ids(fold.valid, backend) for fold in folds]
    assert sum(map(len, valid)) == 1_000
    assert set.union(*valid) == set(range(1_000))
    for fold, held_out in zip(folds, valid, strict=True):
        assert ids(fold.train, backend) == set(range(1_000)) - held_out


def test_folds_are_no_part_of_splits() -> None:
    train = split(sk.from_polars(table()), key="id").train
    sizes = [len(ids(fold.valid)) for fold in split(train, key="id", folds=5)]
    share = sum(sizes) / 5
    assert all(abs(size - share) < 5 * sqrt(share) for size in sizes)


def test_folds_in_time_train_on_all_that_came_before() -> None:
    frame = sk.from_polars(table(1_000))
    folds = split(frame, time="id", folds=4)
    assert [sorted(ids(f.train)) for f in folds] == [list(range(200 * i)) for i in range(1, 5)]
    assert [min(ids(f.valid)) for f in folds] == [200, 400, 600, 800]
    assert [len(ids(f.valid)) for f in folds] == [200] * 4
    with_gap = split(frame, time="id", folds=4, gap=50)
    assert [max(ids(f.train)) for f in with_gap] == [149, 349, 549, 749]


# ----------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"test": 0.3}, "sum to 1.15, not 1; with train=0.55 they would"),
        ({"train": 0.7, "valid": 0.7, "test": 0.7}, "leave nothing for train"),
        ({"train": 0.8, "valid": 0, "test": 0.2}, "valid=0: each share is a number above 0"),
        ({"train": True, "valid": 0.5, "test": 0.5}, "train=True: each share"),
        ({"train": float("nan")}, "train=nan: each share"),
        ({"folds": 1}, "folds=1: give a whole number, 2 or more"),
        ({"folds": 3, "train": 0.6, "valid": 0.2, "test": 0.2}, "takes the place of train="),
        ({"time": "day", "group": "customer"}, "time= and group= exclude each other"),
        ({"time": "day", "stratify": "label"}, "time= and stratify= exclude each other"),
        ({"group": "customer", "stratify": "label"}, "group= and stratify= exclude"),
        ({"gap": "1d"}, "gap= needs time="),
        ({"time": ["day"]}, "time= names one column, got list"),
        ({"salt": 1.5}, "integer or a text, not float"),
        ({"key": []}, "key= selects no column"),
    ],
    ids=str,
)
def test_what_has_no_meaning_is_said_at_once(arguments: dict, message: str) -> None:
    with pytest.raises(InvalidOperationError, match=message):
        split(sk.from_polars(table(10)), **({"key": "id"} | arguments))


@pytest.mark.parametrize("role", ["key", "group", "stratify", "time"])
def test_unknown_columns_name_the_nearest(role: str) -> None:
    with pytest.raises(ColumnNotFoundError, match="did you mean 'customer'"):
        split(
            sk.from_polars(table(10)),
            **({"key": "id"} if role == "stratify" else {}) | {role: "custommer"},
        )


def test_keys_without_a_hash_and_things_that_are_no_frame() -> None:
    objects = pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object)})
    with pytest.raises(PlanError, match=r"sk\.split takes a scalekit Frame, got DataFrame"):
        split(objects)
    frame = sk.from_polars(pl.DataFrame({"id": [1]}, schema={"id": pl.Int128})).select(
        w=sk.concat_list("id")
    )
    with pytest.raises(SchemaError, match=r"'w' of type List\(Int128\) has no row hash"):
        split(frame, key="w")


def test_selectors_name_keys() -> None:
    frame = sk.from_polars(table(100))
    assert parts(frame, key=col("id", "customer")) == parts(frame, key=["id", "customer"])


@each_backend
def test_files_and_row_groups_do_not_matter(backend: str, tmp_path: Path) -> None:
    arguments = {"key": ["id", "customer"]}
    expected = parts(sk.from_polars(table()), **arguments)
    shuffled = table().sample(fraction=1, shuffle=True, seed=5)
    for number, start in enumerate(range(0, ROWS, 1_300)):
        piece = shuffled[start : start + 1_300].with_columns(
            pl.col("customer").cast(pl.Categorical)
        )
        piece.write_parquet(tmp_path / f"{number}.parquet", row_group_size=170)
    assert parts(sk.scan_parquet(tmp_path / "*.parquet"), backend, **arguments) == expected
    assert parts(sk.scan_parquet(tmp_path / "*.parquet"), backend, time="day") == parts(
        sk.from_polars(table()), time="day"
    )
