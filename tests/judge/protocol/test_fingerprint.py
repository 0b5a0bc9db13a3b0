"""Fingerprints of rows: one for the same rows, another for any others."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import scalekit as sk
from scalekit.errors import InvalidOperationError
from scalekit.judge.protocol.fingerprint import (
    Fingerprint,
    joined,
    nothing,
    of_frame,
    of_rows,
    schema_hash,
)
from scalekit.kernels.row_hash import hash_rows

ROWS = pl.DataFrame(
    {
        "id": range(300),
        "city": [f"c{i % 7}" for i in range(300)],
        "x": [None if i % 11 == 0 else i / 3 for i in range(300)],
        "day": [date(2024, 1, 1 + i % 28) for i in range(300)],
    }
)
NAMES = tuple(ROWS.columns)


def test_it_is_the_count_the_exclusive_or_and_the_sum_of_row_hashes() -> None:
    hashes = [int(h) for h in hash_rows(ROWS, sorted(NAMES))]
    found = of_rows(ROWS, NAMES)
    xor = 0
    for value in hashes:
        xor ^= value
    assert (found.rows, found.xor, found.sum) == (300, xor, sum(hashes) % 2**64)


@pytest.mark.parametrize(
    "settings",
    [{"backend": "polars"}, {"backend": "pandas"}]
    + [{"backend": "serial", "partitions": n} for n in (1, 3, 40)],
    ids=str,
)
def test_backend_order_and_partitions_do_not_matter(settings: Any, tmp_path: Path) -> None:
    wanted = of_rows(ROWS, NAMES)
    ROWS.sample(fraction=1, shuffle=True, seed=1).write_parquet(tmp_path / "rows.parquet", row_group_size=17)  # fmt: skip
    frame = sk.scan_parquet(str(tmp_path / "rows.parquet"))
    assert of_frame(frame, **settings) == wanted
    assert of_frame(frame.select("x", "day", "id", "city"), **settings) == wanted


def test_width_and_unit_of_a_type_do_not_matter() -> None:
    other = ROWS.with_columns(
        pl.col("id").cast(pl.Float32), pl.col("city").cast(pl.Categorical), pl.col("day").cast(pl.Datetime("ns"))
    )  # fmt: skip
    assert of_rows(other, NAMES) == of_rows(ROWS, NAMES)


OTHERS = {
    "one row fewer": ROWS.head(299),
    "one row twice": pl.concat([ROWS, ROWS.head(1)]),
    "one row four times": pl.concat([ROWS, *[ROWS.head(1)] * 3]),
    "one value": ROWS.with_columns(x=pl.when(pl.col("id") == 5).then(0.1).otherwise("x")),
    "one null": ROWS.with_columns(x=pl.when(pl.col("id") != 5).then("x")),
    "a name": ROWS.rename({"x": "z"}),
    "values of two rows swapped": ROWS.with_columns(x=pl.col("x").reverse()),
    "numbers as text": ROWS.with_columns(pl.col("id").cast(pl.String)),
    "a column fewer": ROWS.drop("x"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_rows_have_another(case: str) -> None:
    rows = OTHERS[case]
    assert of_rows(rows, rows.columns) != of_rows(ROWS, NAMES)


def test_pairs_of_equal_rows_cancel_in_one_number_only() -> None:
    twice = pl.concat([ROWS, ROWS])
    assert of_rows(twice, NAMES).xor == 0
    assert of_rows(twice, NAMES).sum == of_rows(ROWS, NAMES).sum * 2 % 2**64


def test_parts_join_to_the_whole_in_any_order() -> None:
    parts = [of_rows(part, NAMES) for part in ROWS.iter_slices(70)]
    whole = of_rows(ROWS, NAMES)
    for order in (parts, parts[::-1]):
        found = nothing(ROWS.schema)
        for part in order:
            found = joined(found, part)
        assert found == whole
    assert of_rows(ROWS.clear(), NAMES) == nothing(ROWS.schema)
    assert of_frame(sk.from_polars(ROWS.clear())) == nothing(ROWS.schema)
    with pytest.raises(InvalidOperationError, match="other columns"):
        joined(whole, of_rows(ROWS, ["id"]))


def test_some_columns_only_and_stores() -> None:
    found = of_frame(sk.from_polars(ROWS), ["id", "city"])
    assert found == of_rows(ROWS, ("city", "id"))
    assert Fingerprint.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert found.id == f"300-{found.xor:016x}-{found.sum:016x}-{found.schema}"


def test_the_schema_tells_kinds_apart() -> None:
    types = [
        pl.Int8(), pl.String(), pl.Boolean(), pl.Date(), pl.Time(), pl.Duration(), pl.Binary(),
        pl.List(pl.Int8()), pl.Struct({"a": pl.Int8()}), pl.Struct({"b": pl.Int8()}), pl.Null(),
    ]  # fmt: skip
    assert len({schema_hash({"x": dtype}) for dtype in types}) == len(types)
    assert schema_hash({"a": pl.Int8(), "b": pl.String()}) == schema_hash(
        {"b": pl.Enum(["c"]), "a": pl.Float64()}
    )


def test_the_numbers_never_change() -> None:
    rows = pl.DataFrame({"id": np.arange(5), "city": list("abcde")})
    assert of_rows(rows, ["id", "city"]).id == "5-951bfe06cacaf172-6b60f53cbb10efec-8e1e19a2"
