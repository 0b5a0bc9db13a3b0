"""Every way in and out of a frame, as a user calls it: rows come back as they went, on every backend."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

import scalekit as sk
from scalekit import col

PLAIN = pl.DataFrame(
    {
        "k": ["a", "ä", None, "", "007"],
        "i": [1, None, -(2**63), 2**63 - 1, 0],
        "f": [1.5, None, -0.25, 1e300, 0.1],
        "b": [True, None, False, True, False],
        "d": [date(2024, 2, 29), None, date(1, 1, 1), date(9999, 12, 31), date(1970, 1, 1)],
        "t": [datetime(2024, 2, 29, 12, 30, 15, 1), None, *[datetime(1970, 1, 1, h) for h in (0, 1, 2)]],
    }
)  # fmt: skip
NESTED = PLAIN.with_columns(
    li=pl.Series([[1, None], [], None, [2], [3]], dtype=pl.List(pl.Int64)),
    st=pl.struct("i", "k"),
    f32=pl.col("f").fill_null(float("nan")).clip(-1e9, 1e9).cast(pl.Float32),
    u8=pl.Series([0, 255, None, 1, 2], dtype=pl.UInt8),
)


@pytest.fixture(params=["polars", "pandas"], autouse=True)
def backend(request: pytest.FixtureRequest) -> str:
    with sk.config(backend=request.param):
        yield request.param


def assert_there_and_back(rows: pl.DataFrame, back: sk.Frame) -> None:
    assert back.schema == rows.schema
    assert_frame_equal(back.collect(), rows)
    assert_frame_equal(back.select("i", "k").collect(), rows.select("i", "k"))
    assert back.filter(col("i") > 0).select("k").collect()["k"].to_list() == ["a", ""]


@pytest.mark.parametrize("path", ["a.parquet", "folder"])
def test_parquet(tmp_path: Path, path: str) -> None:
    assert sk.from_polars(NESTED).write_parquet(tmp_path / path).rows == 5
    assert_there_and_back(NESTED, sk.scan_parquet(tmp_path / path))


@pytest.mark.parametrize("path", ["a.arrow", "folder"])
def test_ipc(tmp_path: Path, path: str) -> None:
    assert sk.from_polars(NESTED).write_ipc(tmp_path / path).rows == 5
    assert_there_and_back(NESTED, sk.scan_ipc(tmp_path / path))


@pytest.mark.parametrize("path", ["a.csv", "a.csv.gz", "folder"])
def test_csv(tmp_path: Path, path: str) -> None:
    assert sk.from_polars(PLAIN).write_csv(tmp_path / path).rows == 5
    assert_there_and_back(PLAIN, sk.scan_csv(tmp_path / path, try_parse_dates=True))


@pytest.mark.parametrize("path", ["a.ndjson", "folder"])
def test_ndjson(tmp_path: Path, path: str) -> None:
    rows = PLAIN.with_columns(tm=pl.col("t").dt.time(), tz=pl.col("t").dt.replace_time_zone("UTC"))
    assert sk.from_polars(rows).write_ndjson(tmp_path / path).rows == 5
    assert_there_and_back(rows, sk.scan_ndjson(tmp_path / path, schema=rows.schema))


def test_delta(tmp_path: Path) -> None:
    rows = PLAIN.with_columns(pl.col("t").dt.replace_time_zone("UTC"))
    frame = sk.from_polars(rows)
    assert frame.write_delta(tmp_path / "table").rows == 5
    assert_there_and_back(rows, sk.scan_delta(tmp_path / "table"))
    frame.head(1).write_delta(tmp_path / "table", mode="append")
    assert sk.scan_delta(tmp_path / "table").collect().height == 6
    assert sk.scan_delta(tmp_path / "table", version=0).collect().height == 5


@pytest.mark.parametrize("engine", ["adbc", "sqlalchemy"])
def test_database(tmp_path: Path, engine: str) -> None:
    uri = f"sqlite:///{tmp_path}/a.db"
    rows = PLAIN.select("k", "i", "f")
    assert sk.from_polars(rows).write_database("t", uri, engine=engine).rows == 5
    assert_there_and_back(rows, sk.scan_database("SELECT * FROM t", uri))


def test_rows_of_python() -> None:
    assert_there_and_back(PLAIN, sk.from_dict(PLAIN.to_dict(as_series=False)))
    assert_there_and_back(NESTED, sk.from_dicts(NESTED.to_dicts(), schema=NESTED.schema))


def test_frames_of_others() -> None:
    assert_there_and_back(NESTED, sk.from_polars(NESTED))
    assert_there_and_back(NESTED, sk.from_polars(NESTED.lazy()))
    assert_there_and_back(NESTED, sk.from_arrow(NESTED.to_arrow()))
    assert_there_and_back(NESTED, sk.from_arrow(pa.RecordBatchReader.from_stream(NESTED)))
    arrow = NESTED.to_pandas(use_pyarrow_extension_array=True)
    assert_there_and_back(NESTED, sk.from_pandas(arrow))


def test_classic_pandas() -> None:
    frame = sk.from_pandas(pd.DataFrame({"x": [1.5, np.nan], "y": ["a", None], "z": [1, 2]}))
    assert frame.collect().rows() == [(1.5, "a", 1), (None, None, 2)]
    kept = sk.from_pandas(pd.DataFrame({"x": [1.5, np.nan]}), nan_to_null=False)
    assert kept.select(col("x").is_nan().sum()).collect().item() == 1


def test_numpy() -> None:
    frame = sk.from_numpy(np.arange(6.0).reshape(3, 2), schema=["a", "b"])
    assert frame.collect().rows() == [(0.0, 1.0), (2.0, 3.0), (4.0, 5.0)]
    assert frame.to_numpy().tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]


def test_the_schema_in_other_libraries() -> None:
    schema = sk.from_polars(NESTED).collect_schema()
    assert schema.names() == NESTED.columns
    assert schema.dtypes() == NESTED.dtypes
    assert schema.to_polars() == NESTED.schema
    assert pl.Schema(schema.to_arrow()) == NESTED.schema
    assert list(schema.to_pandas()) == NESTED.columns
