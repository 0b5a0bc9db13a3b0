"""No false alarm: every query of PDS-H has one answer on every backend, in every number of parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import scalekit as sk
from benchmarks.__main__ import main
from benchmarks.pdsh.measure import build
from benchmarks.pdsh.queries_scalekit import QUERIES

NUMBERS = sorted(QUERIES)
ROWS = 100_000
"""Of 300,000 to 400,000: the large tables are sampled by a key that they share."""


def verified(
    number: int, folder: Path, scale: float, backends: list[str], partitions: list[int]
) -> Any:
    return build(number, folder, scale).verify(backends, partitions, rows=ROWS, progress=False)


@pytest.mark.parametrize("number", NUMBERS)
def test_no_alarm_here(number: int, folder: Path, scale: float) -> None:
    found = build(number, folder, scale).verify(["polars", "pandas", "serial"])
    assert found, found
    assert not found.found.refused
    assert found.found.sample.is_whole
    assert len(found.found.ways) == 5


@pytest.mark.parametrize("number", NUMBERS)
def test_no_alarm_on_a_sample(number: int, folder: Path, scale: float) -> None:
    found = verified(number, folder, scale, ["polars", "pandas", "serial"], [3])
    assert found, found
    assert (found.found.sample.rows or 0) < 2 * ROWS


@pytest.mark.dask
@pytest.mark.timeout(400)
@pytest.mark.parametrize("share", range(4))
def test_no_alarm_on_dask(share: int, folder: Path, scale: float, dask_settings: Any) -> None:
    sk.configure(**{**dask_settings, "backend": None})
    for number in NUMBERS[share::4]:
        found = verified(number, folder, scale, ["polars", "dask"], [1, 3])
        assert found, found


@pytest.mark.ray
@pytest.mark.timeout(400)
@pytest.mark.parametrize("share", range(4))
def test_no_alarm_on_ray(share: int, folder: Path, scale: float) -> None:
    sk.configure(workers=2, worker_memory="1GiB")
    for number in NUMBERS[share::4]:
        found = verified(number, folder, scale, ["polars", "ray"], [1, 3])
        assert found, found


def test_the_command(
    folder: Path, scale: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = ["--data", str(folder), "--out", str(tmp_path), "--scale", f"{scale}"]
    assert main(["verify", *paths, "--backend", "polars,serial", "--queries", "3,6"]) == 0
    assert "2 of 2 agree on polars, serial" in capsys.readouterr().out
    written = json.loads((tmp_path / f"verify-scale-{scale:g}.json").read_text())
    assert [one["outcome"] for one in written["queries"]] == ["agrees", "agrees"]
    assert written["queries"][0]["ways"] == [
        "polars", "serial in 1 part", "serial in 2 parts", "serial in 7 parts"
    ]  # fmt: skip
