"""Which rows a protocol gives to train, valid and test (LEARN section 6, acceptance D)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import sqrt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.errors import ColumnNotFoundError, InvalidOperationError
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.protocol.rows import ROLES, pinned, role_of
from scalekit.kernels.row_hash import hash_rows, unit_interval

ROWS = 1_000
BACKENDS = ("polars", "pandas", "serial")
each_backend = pytest.mark.parametrize("backend", BACKENDS)

PROTOCOLS: dict[str, dict[str, Any]] = {
    "key": {"key": ["id", "city"]},
    "group": {"key": "id", "group": "city"},
    "salt": {"key": "id", "split": {"salt": "v2", "train": 0.5, "valid": 0.2, "test": 0.3}},
    "time": {"time": "day"},
    "gap": {"time": "day", "key": "id", "split": {"gap": "20d"}},
    "fixed": {"time": "day", "split": {"valid_from": "2024-06-01", "test_from": "2024-09-01", "gap": "1mo"}},
}  # fmt: skip
each_way = pytest.mark.parametrize("way", PROTOCOLS)


def made(way: str) -> Protocol:
    return Protocol("binary", "y", **PROTOCOLS[way])


def table(rows: int = ROWS) -> pl.DataFrame:
    n = pl.int_range(0, rows, eager=True).alias("id")
    return pl.DataFrame({"id": n}).with_columns(
        city=(pl.col("id") * 7919 % 83).cast(pl.String),
        day=pl.date(2024, 1, 1) + pl.duration(days=pl.col("id") * 7919 % 365),
        y=pl.col("id") % 3 == 0,
    )


def ids(frame: sk.Frame, **settings: Any) -> list[int]:
    return sorted(int(n) for n in frame.select("id").collect(**settings)["id"])


def by_role(protocol: Protocol, frame: sk.Frame, **settings: Any) -> list[list[int]]:
    rows = frame.select("id", role_of(protocol, frame)).collect(**settings)
    return [sorted(map(int, rows.filter(pl.col("role") == role)["id"])) for role in ROLES]


@each_way
@each_backend
def test_roles_are_the_rows_of_split(backend: str, way: str) -> None:
    frame, protocol = sk.from_polars(table()), made(way)
    with sk.config(backend=backend):
        splits = [ids(part) for part in sk.split(frame, protocol)]
        assert by_role(protocol, frame) == splits
    left_out = ROWS - sum(map(len, splits))
    assert (left_out > 0) == (way in ("gap", "fixed"))


@each_way
@pytest.mark.parametrize("parts", [1, 3, 129])
def test_no_row_differs_between_backends_partitions_orders_and_types(
    way: str, parts: int, tmp_path: Path
) -> None:
    protocol, rows = made(way), table()
    wanted = by_role(protocol, sk.from_polars(rows))
    other = rows.reverse().with_columns(
        pl.col("id").cast(pl.Int16), pl.col("city").cast(pl.Categorical), pl.col("day").cast(pl.Datetime("ms"))
    )  # fmt: skip
    rows.write_parquet(tmp_path / "rows.parquet", row_group_size=50)
    other.write_parquet(tmp_path / "other.parquet", row_group_size=31)
    for name in ("rows", "other"):
        frame = sk.scan_parquet(str(tmp_path / f"{name}.parquet"))
        with sk.config(backend="serial", partitions=parts):
            assert by_role(protocol, frame) == wanted
            assert [ids(part) for part in sk.split(frame, protocol)] == wanted


def test_the_rows_are_those_that_the_hash_says() -> None:
    place = unit_interval(hash_rows(table().select("id"), seed="v1", purpose="split"))
    wanted = [
        [i for i, share in enumerate(place) if low <= share < high]
        for low, high in ((0, 0.7), (0.7, 0.85), (0.85, 1))
    ]
    assert by_role(Protocol("binary", "y", key="id"), sk.from_polars(table())) == wanted


def test_shares_are_kept_within_four_standard_errors() -> None:
    protocol = Protocol("binary", "y", key="id")
    frame = sk.from_dict({"id": list(range(40_000))}).with_columns(y=col("id") % 2)
    for found, share in zip(by_role(protocol, frame), (0.7, 0.15, 0.15), strict=True):
        assert abs(len(found) / 40_000 - share) <= 4 * sqrt(share * (1 - share) / 40_000)


@each_backend
def test_no_group_is_in_two_splits(backend: str) -> None:
    frame = sk.from_polars(table())
    rows = frame.select("city", role_of(made("group"), frame)).collect(backend=backend)
    assert rows.group_by("city").agg(pl.col("role").n_unique())["role"].max() == 1
    assert rows["role"].n_unique() == 3


@each_way
def test_a_sample_is_part_of_the_whole(way: str) -> None:
    frame, protocol = sk.from_polars(table()), made(way)
    whole = sk.split(frame, protocol)
    if not protocol.unit:  # all columns would be hashed, which sk.split warns of
        protocol = protocol.with_(key="id")
    for few, many in zip(sk.split(frame, protocol, sample=0.3), whole, strict=True):
        assert set(ids(few)) < set(ids(many))


def test_test_rows_alone_are_test_rows_by_hash_and_by_fixed_cut_offs() -> None:
    frame = sk.from_polars(table())
    for way in ("key", "group", "fixed"):
        test = sk.split(frame, made(way)).test
        assert by_role(made(way), test) == [[], [], ids(test)]


def test_a_pinned_protocol_splits_part_of_the_rows_as_the_whole() -> None:
    frame, protocol = sk.from_polars(table()), made("gap")
    fixed = pinned(protocol, frame)
    assert fixed.split.valid_from is not None
    wanted = by_role(protocol, frame)
    assert by_role(fixed, frame) == wanted
    assert by_role(fixed, frame.filter(col("id") % 3 == 0)) == [
        [i for i in part if i % 3 == 0] for part in wanted
    ]
    assert pinned(fixed, frame) == fixed
    assert pinned(made("key"), frame) == made("key")


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_a_pinned_protocol_of_timestamps_has_the_same_rows(zone: str | None) -> None:
    time = pl.col("day").cast(pl.Datetime("us")) + pl.duration(microseconds=pl.col("id"))
    frame = sk.from_polars(table().with_columns(day=time.dt.replace_time_zone(zone)))
    protocol = Protocol("binary", "y", time="day")
    assert by_role(pinned(protocol, frame), frame) == by_role(protocol, frame)


def test_given_rows_are_all_test_rows_and_cannot_be_split() -> None:
    frame, protocol = sk.from_polars(table()), Protocol("binary", "y")
    assert by_role(protocol, frame) == [[], [], list(range(ROWS))]
    with pytest.raises(InvalidOperationError, match="the protocol's split is 'given'"):
        sk.split(frame, protocol)


def test_without_a_key_all_columns_are_hashed_with_a_warning() -> None:
    frame, protocol = sk.from_polars(table()), Protocol("binary", "y", split="hash")
    with pytest.warns(UserWarning, match="hashes all 4 columns") as caught:
        splits = sk.split(frame, protocol)
    assert caught[0].filename == __file__
    assert by_role(protocol, frame) == [ids(part) for part in splits]


def test_folds_are_those_of_the_same_arguments() -> None:
    frame = sk.from_polars(table())
    protocol = made("salt")
    found = sk.split(frame, protocol, folds=3)
    wanted = sk.split(frame, key="id", salt="v2", folds=3)
    for left, right in zip(found, wanted, strict=True):
        assert (ids(left.train), ids(left.valid)) == (ids(right.train), ids(right.valid))


def test_what_the_protocol_says_is_not_said_twice() -> None:
    frame = sk.from_polars(table())
    with pytest.raises(InvalidOperationError, match=r"key= beside a protocol"):
        sk.split(frame, made("key"), key="id")
    with pytest.raises(
        InvalidOperationError, match=r"sk.split takes a Protocol after the frame, got str"
    ):
        sk.split(frame, "id")  # type: ignore[call-overload]


@each_way
def test_a_column_that_is_missing_is_named(way: str) -> None:
    frame = sk.from_polars(table().rename({"id": "idd", "city": "citty", "day": "dayy"}))
    with pytest.raises(ColumnNotFoundError, match="did you mean"):
        role_of(made(way), frame)


# -------------------------------------------------------------------------------- fixed cut-offs


@each_backend
def test_fixed_cut_offs_of_a_split(backend: str) -> None:
    rows = table()
    parts = sk.split(
        sk.from_polars(rows), time="day", valid_from="2024-06-01", test_from=date(2024, 9, 1), gap="1mo"
    )  # fmt: skip
    day = pl.col("day")
    wanted = [
        rows.filter(day < date(2024, 5, 1)),
        rows.filter((day >= date(2024, 6, 1)) & (day < date(2024, 8, 1))),
        rows.filter(day >= date(2024, 9, 1)),
    ]
    with sk.config(backend=backend):
        assert [ids(part) for part in parts] == [sorted(part["id"]) for part in wanted]


@pytest.mark.parametrize(
    ("dtype", "starts"),
    [
        (pl.Datetime("us"), ("2024-06-01", "2024-09-01T00:00:00")),
        (pl.Datetime("ns"), (date(2024, 6, 1), datetime(2024, 9, 1))),
        (pl.Datetime("us", "UTC"), ("2024-06-01", "2024-09-01")),
        (pl.Datetime("ms", "UTC"), ("2024-06-01T02:00+02:00", datetime(2024, 9, 1, tzinfo=UTC))),
        (pl.Int32, (19875, 19967.0)),
        (pl.Float64, (19875, 19967)),
    ],
    ids=str,
)  # fmt: skip
def test_cut_offs_are_read_for_the_type_of_the_column(dtype: pl.DataType, starts: Any) -> None:
    rows = table().with_columns(pl.col("day").cast(dtype))
    want = [ids(part) for part in sk.split(sk.from_polars(table()), time="day", valid_from="2024-06-01", test_from="2024-09-01")]  # fmt: skip
    found = sk.split(sk.from_polars(rows), time="day", valid_from=starts[0], test_from=starts[1])
    assert [ids(part) for part in found] == want


def test_a_time_without_zone_is_one_of_the_columns_zone() -> None:
    zone = pl.col("day").cast(pl.Datetime("us")).dt.replace_time_zone("America/New_York")
    rows = table().with_columns(zone)
    found = sk.split(
        sk.from_polars(rows), time="day", valid_from="2024-06-01", test_from="2024-09-01"
    )
    want = sk.split(
        sk.from_polars(table()), time="day", valid_from="2024-06-01", test_from="2024-09-01"
    )
    assert [ids(part) for part in found] == [ids(part) for part in want]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"valid_from": "2024-06-01"}, "valid_from= alone: give both"),
        ({"valid_from": 3, "test_from": 4}, "valid_from=3 is no value of a time of type Date"),
        ({"valid_from": "June", "test_from": "July"}, "valid_from='June' is no value"),
        ({"valid_from": "2024-06-01T05:00", "test_from": "2024-07-01"}, "it has a time of day"),
        ({"valid_from": "2024-06-01", "test_from": "2024-06-01"}, "is not later than"),
        ({"valid_from": "2024-06-01", "test_from": "2024-06-02", "gap": "7d"}, "valid would be empty"),
        ({"valid_from": "2024-06-01", "test_from": "2024-07-01", "folds": 3}, "folds= takes the place"),
    ],
    ids=str,
)  # fmt: skip
def test_cut_offs_that_have_no_meaning(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidOperationError, match=says):
        sk.split(sk.from_polars(table()), time="day", **arguments)
    with pytest.raises(InvalidOperationError, match="test_from= needs time="):
        sk.split(sk.from_polars(table()), key="id", test_from="2024-01-01")


def test_a_fraction_is_no_cut_off_of_whole_numbers_and_missing_times_are_counted() -> None:
    frame = sk.from_dict({"t": [1, 2, None, 4]})
    with pytest.raises(InvalidOperationError, match=r"valid_from=1.5 .*: the nearest is"):
        sk.split(frame, time="t", valid_from=1.5, test_from=3)
    with pytest.raises(InvalidOperationError, match="1 of 4 rows have no 't'"):
        sk.split(frame, time="t", valid_from=2, test_from=3)
