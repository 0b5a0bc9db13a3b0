"""``python -m benchmarks pdsh`` says what it found, writes it down, and fails where an answer differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.pdsh import data, queries_scalekit
from benchmarks.pdsh.tables import NAMES


@pytest.fixture
def arguments(folder: Path, scale: float, tmp_path: Path) -> list[str]:
    paths = ["--data", str(folder), "--out", str(tmp_path)]
    return ["pdsh", "--scale", f"{scale}", "--backend", "polars", "--repeat", "1", *paths]


def test_equal_answers(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--queries", "6,14-15"]) == 0
    assert "geometric mean of 3 medians" in capsys.readouterr().out
    found = json.loads((tmp_path / "pdsh-scale-0.05.json").read_text())
    assert [query["query"] for query in found["queries"]] == [6, 14, 15]
    assert found["queries"][0]["equal"] == {"raw polars": True, "scalekit polars": True}
    assert found["queries"][0]["seconds"].keys() == {"raw polars", "scalekit polars"}
    assert (tmp_path / "pdsh-scale-0.05.png").stat().st_size > 1000
    assert (tmp_path / "pdsh-scale-0.05.svg").stat().st_size > 1000


def test_a_wrong_answer_fails_the_command(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = queries_scalekit.q4
    monkeypatch.setitem(queries_scalekit.QUERIES, 4, lambda t: right(t).head(4))
    assert main([*arguments, "--queries", "4"]) == 1
    assert "query 4 on scalekit polars: 4 rows, not 5" in capsys.readouterr().out


def test_a_failing_query_is_reported_beside_the_others(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(t: object) -> None:
        raise ValueError("no such luck")

    monkeypatch.setitem(queries_scalekit.QUERIES, 4, broken)
    assert main([*arguments, "--queries", "4,6"]) == 1
    out = capsys.readouterr().out
    assert "query 4 on scalekit polars: failed: ValueError: no such luck" in out
    assert "query 6 on" not in out


@pytest.mark.parametrize("queries", ["23", "0-3", "one"])
def test_unknown_queries_are_refused(queries: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["pdsh", "--queries", queries])
    assert "quer" in capsys.readouterr().err


def test_data_is_made_once(folder: Path, scale: float) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert data.prepare(scale, folder) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert {path.stem for path in before} == set(NAMES)


def test_half_a_folder_is_not_taken_for_the_data(tmp_path: Path) -> None:
    (tmp_path / "lineitem.parquet").touch()
    with pytest.raises(SystemExit, match="lacks some of the tables"):
        data.prepare(0.01, tmp_path)
