"""Splits have the same rows on every engine, in any partitions, order and type of key (LEARN.md, acceptance D)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk

RAY = {"backend": "ray", "workers": 2, "worker_memory": "1GiB"}
PARTS = (1, 2, 3, 7, 129)

WAYS: dict[str, dict[str, Any]] = {
    "key": {"key": ["id", "city"]},
    "group": {"group": "city"},
    "stratify": {"key": "id", "stratify": "kind"},
    "time": {"time": "day"},
    "folds": {"key": "id", "folds": 3},
    "sample": {"key": "id", "sample": 0.2},
}


def table(rows: int = 1000) -> pl.DataFrame:
    n = pl.int_range(0, rows, eager=True).alias("id")
    return pl.DataFrame(
        {"id": n, "city": (n * 7919 % 83).cast(pl.String), "kind": n % 4, "day": n * 31 % 365}
    )


def other(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows in another order and other types."""
    return rows.reverse().with_columns(
        pl.col("id").cast(pl.Int16), pl.col("city").cast(pl.Categorical)
    )


def ids(frame: sk.Frame, arguments: dict[str, Any]) -> list[list[int]]:
    found: Any = sk.split(frame, **arguments)
    parts = [part for fold in found for part in fold] if "folds" in arguments else found
    return [part.select("id").collect()["id"].cast(pl.Int64).sort().to_list() for part in parts]


def assert_same_everywhere(
    settings: dict[str, Any], arguments: dict[str, Any], folder: Path
) -> None:
    rows = table()
    with sk.config(backend="polars"):
        wanted = ids(sk.from_polars(rows), arguments)
    assert sum(map(len, wanted)) > 0
    rows.write_parquet(folder / "rows.parquet", row_group_size=50)
    other(rows).write_parquet(folder / "other.parquet", row_group_size=31)
    for parts in settings.pop("parts"):
        with sk.config(**settings, partitions=parts):
            assert ids(sk.scan_parquet(str(folder / "rows.parquet")), arguments) == wanted, parts
            assert ids(sk.scan_parquet(str(folder / "other.parquet")), arguments) == wanted, parts


@pytest.mark.parametrize("way", WAYS)
def test_the_same_rows_in_any_partitions(way: str, tmp_path: Path) -> None:
    assert_same_everywhere({"backend": "serial", "parts": PARTS}, WAYS[way], tmp_path)


@pytest.mark.dask
@pytest.mark.parametrize("way", WAYS)
def test_the_same_rows_on_dask(way: str, dask_settings: Any, tmp_path: Path) -> None:
    assert_same_everywhere({**dask_settings, "parts": (3,)}, WAYS[way], tmp_path)


@pytest.mark.ray
@pytest.mark.parametrize("way", WAYS)
def test_the_same_rows_on_ray(way: str, tmp_path: Path) -> None:
    assert_same_everywhere({**RAY, "parts": (3,)}, WAYS[way], tmp_path)
