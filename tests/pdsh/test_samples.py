"""Samples of PDS-H keep what joins match: exactly the rows of their keys, and as many as chance gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal

import scalekit as sk
from benchmarks.pdsh import data
from benchmarks.pdsh.queries_scalekit import QUERIES
from benchmarks.pdsh.tables import Tables
from benchmarks.sample import cores
from benchmarks.sample.command import main
from scalekit.config import resolve
from scalekit.sampling.setting import sampling_of

SCALE = 0.1
SHARES = (0.01, 0.1)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables[sk.Frame]:
    folder = data.prepare(SCALE, tmp_path_factory.mktemp("samples") / "tables")
    return Tables(sk.scan_parquet, folder, SCALE)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("query", cores.QUERIES)
def test_joins_keep_their_matches(tables: Any, query: int, share: float) -> None:
    frame = cores.core(QUERIES[query](tables))
    sampling = sampling_of(frame._plan, resolve(sample=share))
    assert sampling is not None
    assert sampling.notes == ()
    key = cores.key_of(frame._plan, sampling)
    assert key is not None
    kept = frame.filter(sk.row_share(key, purpose="sample") < share).select(key)
    assert_frame_equal(frame.select(key).collect(sample=share).sort(key), kept.collect().sort(key))
    assert abs(cores.counted(frame, key, share).score) < 4


@pytest.mark.parametrize("backend", ["pandas", "serial"])
@pytest.mark.parametrize("query", cores.QUERIES[::3])
def test_the_same_rows_on_other_backends(tables: Any, query: int, backend: str) -> None:
    frame = QUERIES[query](tables)
    with sk.config(sample=0.1):
        one, other = (frame.collect(backend=name) for name in ("polars", backend))
    assert_frame_equal(one.sort(one.columns), other.sort(other.columns))


def test_the_command(
    tables: Any, capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "folder_of", lambda scale: tables.folder)
    assert main(["--scale", "0.1", "--shares", "0.1", "--out", str(tmp_path / "found.json")]) == 0
    text = capsys.readouterr().out
    assert "joins of 10 of 10 queries within 4 sigma" in text
    assert (tmp_path / "found.json").exists()
