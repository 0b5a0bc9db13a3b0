from __future__ import annotations

import datetime as dt
import sys

import polars as pl
import pytest

from scalekit.errors import MissingDependencyError, PathNotFoundError, SourceError
from scalekit.sources.delta import delta_source


@pytest.fixture
def table(tmp_path) -> str:
    """Two versions: one row, then two more."""
    path = str(tmp_path / "t")
    pl.DataFrame({"a": [1], "k": ["x"]}).write_delta(path)
    pl.DataFrame({"a": [2, 3], "k": ["x", "y"]}).write_delta(path, mode="append")
    return path


def test_the_latest_version(table, check):
    source = delta_source(table)
    assert source.version == 1
    assert sorted(check(source).rows()) == [(1, "x"), (2, "x"), (3, "y")]
    assert source.statistics().rows == 3
    assert source.inputs() == (table,)


def test_the_version_is_pinned(table):
    source = delta_source(table)
    pl.DataFrame({"a": [9], "k": ["z"]}).write_delta(table, mode="overwrite")
    assert source.read().collect().height == 3
    assert delta_source(table).read().collect().height == 1


def test_earlier_versions(table, check):
    assert check(delta_source(table, version=0)).rows() == [(1, "x")]
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    assert delta_source(table, version=later).version == 1
    assert delta_source(f"file://{table}", version=0).version == 0


def test_filters_skip_files(table):
    plan = delta_source(table).read().filter(pl.col("a") == 1).explain()
    assert "SELECTION" in plan


@pytest.mark.parametrize("path", ["empty", "nowhere"])
def test_no_table(tmp_path, path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(PathNotFoundError, match=path):
        delta_source(tmp_path / path)


def test_no_such_version(table):
    with pytest.raises(PathNotFoundError, match="no such version"):
        delta_source(table, version=99)


def test_no_such_scheme():
    with pytest.raises(SourceError, match="'ftp' is not read"):
        delta_source("ftp://h/t")


def test_without_the_package(table, monkeypatch):
    monkeypatch.setitem(sys.modules, "deltalake", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'scalekit\[delta\]'"):
        delta_source(table)
