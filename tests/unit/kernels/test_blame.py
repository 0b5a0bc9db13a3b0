"""An error on a cluster names the operator, what the task read, and the first cause."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.config import config
from scalekit.errors import ComputeError, CorruptFileError, ExecutionError, ScalekitError


@pytest.fixture
def table(tmp_path: Path) -> sk.Frame:
    """Four row groups, of which the last has a text that is no number."""
    texts = ["x" if i == 77 else str(i) for i in range(100)]
    path = tmp_path / "a.parquet"
    pl.DataFrame({"k": range(100), "s": texts}).write_parquet(path, row_group_size=25)
    return sk.scan_parquet(path)


def error_of(frame: sk.Frame) -> ScalekitError:
    with config(partitions=4, broadcast_bytes=0), pytest.raises(ScalekitError) as raised:
        frame.collect(backend="serial")
    return raised.value


def test_a_bad_cast_names_its_filter_and_the_rows(table: sk.Frame) -> None:
    kept = table.filter(col("s").cast(int) > 5).group_by("k").agg(col("s").max())
    error = error_of(kept)
    assert type(error) is ComputeError
    text = str(error)
    assert '["x"]' in text, "the first cause"
    assert "in FILTER (col('s').cast(Int64) > 5), in part 3 of stage " in text
    assert text.endswith("a.parquet', rows 75 to 100)")


def test_the_operator_that_fails_is_named_and_none_above_it() -> None:
    frame = sk.from_dict({"s": ["1", "2", "x", "4"]})
    chain = (
        frame.with_columns(a=col("s").str.len_chars())
        .with_columns(n=col("s").cast(int))
        .filter(col("n") > 0)
    )
    text = str(error_of(chain))
    assert text.count("WITH COLUMNS") == 1
    assert "col('s').cast(Int64)" in text
    assert "in part 2 of stage" in text


def test_a_damaged_file_is_named_among_those_that_a_task_read(tmp_path: Path) -> None:
    for number in range(3):
        rows = pl.DataFrame({"k": range(100), "s": ["abc"] * 100})
        rows.write_parquet(tmp_path / f"p{number}.parquet")
    content = bytearray((tmp_path / "p1.parquet").read_bytes())
    content[40:140] = bytes(byte ^ 0xFF for byte in content[40:140])
    (tmp_path / "p1.parquet").write_bytes(content)
    frame = sk.scan_parquet(tmp_path / "*.parquet").filter(col("k") > 5)
    with config(partitions=2), pytest.raises(CorruptFileError) as raised:
        frame.collect(backend="serial")
    text = str(raised.value)
    assert text.partition(":")[0].endswith("p1.parquet', rows 0 to 50")
    assert "p0.parquet" not in text
    assert "download it again" in text


def fails(_rows: pl.DataFrame) -> pl.DataFrame:
    raise ValueError("my own mistake")


@pytest.mark.parametrize(
    ("build", "cause"),
    [
        (
            lambda f: f.map_batches(fails, schema={"k": pl.Int64}),
            "the function fails failed on 100 rows: ValueError: my own mistake",
        ),
        (
            lambda f: f.with_columns(
                y=col("k").map_elements(lambda v: 1 // (v - 60), return_dtype=pl.Int64)
            ),
            "raised ZeroDivisionError",
        ),
    ],
    ids=["map_batches", "map_elements"],
)
def test_a_users_function_is_named_with_what_it_raised(
    table: sk.Frame, build: Callable[[sk.Frame], sk.Frame], cause: str
) -> None:
    error = error_of(build(table))
    assert isinstance(error, ExecutionError)
    assert cause in str(error)
    assert re.search(r"in part \d+ of stage", str(error))


def test_a_users_function_is_not_called_again_to_find_it(table: sk.Frame, tmp_path: Path) -> None:
    calls = tmp_path / "calls"  # the function travels: what it remembers stays there

    def counting(rows: pl.DataFrame) -> pl.DataFrame:
        with calls.open("a") as file:
            file.write(".")
        return rows

    frame = table.map_batches(counting, schema={"k": pl.Int64, "s": pl.String}).with_columns(
        n=col("s").cast(int)
    )
    text = str(error_of(frame))
    assert '["x"]' in text
    assert calls.read_text() == "."
