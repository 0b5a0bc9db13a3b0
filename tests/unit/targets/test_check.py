from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from scalekit.errors import TargetError
from scalekit.storage import committed_files, redact
from scalekit.targets import ParquetTarget, check_target, write, write_files


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset, a file, links to both, and a working directory beside them."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    frame = pl.DataFrame({"x": [1]})
    write_files(ParquetTarget(path=str(tmp_path / "d")), [frame])
    write_files(ParquetTarget(path=str(tmp_path / "f.parquet")), [frame])
    (tmp_path / "d-link").symlink_to("d")
    (tmp_path / "f-link.parquet").symlink_to("f.parquet")
    (tmp_path / "up").symlink_to(tmp_path)
    os.link(tmp_path / "f.parquet", tmp_path / "hard.parquet")
    return tmp_path


SAME = [
    ("{0}/d", "{0}/d"),
    ("{0}/d", "../d"),
    ("../d", "{0}/d/*.parquet"),
    ("{0}/d/", "file://{0}/d"),
    ("file://{0}/d", "{0}/d-link"),
    ("{0}/d-link", "{0}/up/d/**/*.parquet"),
    ("../up/up/d", "../d"),
    ("{0}/f.parquet", "../f-link.parquet"),
    ("../f-link.parquet", "{0}/f.parquet"),
    ("{0}/f.parquet", "{0}/hard.parquet"),
    ("{0}/new.parquet", "{0}/*.parquet"),
    ("{0}/new.parquet", "{0}"),
    ("{0}/d/k=1", "{0}/d"),
    ("{0}/new", "{0}/**/*.parquet"),
    ("{0}", "{0}/d"),
    ("{0}/work", "./x.parquet"),
    ("s3://b/d", "s3a://b/d/x.parquet"),
    ("s3://b/d/", "s3://b//d"),
    ("s3://b/d", "s3://b/*/x.parquet"),
    ("s3://b/d/new.parquet", "s3://b/d/*.parquet"),
    ("gs://b/d", "gcs://b/d"),
    ("az://c/d", "abfss://c@account.dfs.core.windows.net/d"),
]
OTHER = [
    ("{0}/new", "{0}/d"),
    ("{0}/new.parquet", "{0}/f.parquet"),
    ("{0}/new.csv", "{0}/*.parquet"),
    ("{0}/d/k=1/new.parquet", "{0}/d/*.parquet"),
    ("{0}/d2", "{0}/d"),
    ("s3://b/d2", "s3://b/d"),
    ("s3://b/d", "gs://b/d"),
    ("s3://b/d", "s3://c/d"),
    ("{0}/b/d", "s3://b/d"),
    ("{0}/new", "postgresql://h/db"),
]


@pytest.mark.parametrize(("target", "given"), SAME)
def test_the_place_that_is_read_is_not_written(lake: Path, target: str, given: str) -> None:
    target, given = target.format(lake), given.format(lake)
    with pytest.raises(TargetError, match="Write to another path, or collect") as caught:
        check_target(ParquetTarget(path=target), ["s3://elsewhere/x", given])
    assert target in str(caught.value)
    assert redact(given) in str(caught.value)


@pytest.mark.parametrize(("target", "given"), OTHER)
def test_other_places_are_written(lake: Path, target: str, given: str) -> None:
    check_target(ParquetTarget(path=target.format(lake)), [given.format(lake)])


@pytest.mark.parametrize("path", ["d", "d-link", "f.parquet", "f-link.parquet"])
@pytest.mark.parametrize("mode", ["overwrite", "append"])
def test_a_source_that_does_not_say_what_it_reads_comes_to_no_harm(
    lake: Path, path: str, mode: str
) -> None:
    """The commit is staged: the lazy rows are read to their end before anything is replaced."""
    lazy = pl.scan_parquet(list(committed_files(lake / path).paths)).with_columns(pl.col("x") + 1)
    target = ParquetTarget(path=str(lake / path), mode=mode)  # type: ignore[arg-type]
    write_files(target, [lazy, lazy])
    expected = [2, 2] if mode == "overwrite" else [1, 2, 2]
    assert pl.read_parquet(lake / path)["x"].to_list() == expected


def test_write_checks(lake: Path) -> None:
    with pytest.raises(TargetError, match="the same place"):
        write(
            ParquetTarget(path=str(lake / "d"), mode="overwrite"),
            [pl.scan_parquet(lake / "d")],
            inputs=["../d"],
        )
    assert pl.read_parquet(lake / "d").height == 1


def test_secrets_in_inputs_are_not_shown() -> None:
    with pytest.raises(TargetError) as caught:
        check_target(ParquetTarget(path="s3://key:hunter2@b/d"), ["s3://key:hunter2@b/d"])
    assert "hunter2" not in str(caught.value)
