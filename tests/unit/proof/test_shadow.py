"""A share of real runs is verified after they ran: it warns, and neither fails a run nor changes its answer."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.config import resolve
from scalekit.errors import ConfigError
from scalekit.exceptions import VerificationWarning
from scalekit.proof import shadowing
from scalekit.proof.shadowing import is_chosen
from tests.proof.faults import FAULTS, Fault

FRAME = sk.from_dict({"k": ["a", "b", "a"], "x": [0.5, 1.5, 2.5]})
FAULT = {fault.name: fault for fault in FAULTS}


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ways of every verification, of runs that are counted from 1."""
    seen: list[str] = []
    right = shadowing.verify

    def verify(plan, config, ways, execute, limits):
        seen.append(" ".join(map(str, ways)))
        return right(plan, config, ways, execute, limits)

    monkeypatch.setattr(shadowing, "verify", verify)
    monkeypatch.setattr(shadowing, "_RUNS", itertools.count(1))
    return seen


def test_a_share_of_runs_is_chosen() -> None:
    chosen = [number for number in range(1, 10_001) if is_chosen(number, 0.01)]
    assert 70 <= len(chosen) <= 130
    assert chosen == [number for number in range(1, 10_001) if is_chosen(number, 0.01)]
    assert set(chosen) <= {number for number in range(1, 10_001) if is_chosen(number, 0.1)}
    assert all(is_chosen(number, 1.0) for number in range(1, 100))
    assert not any(is_chosen(number, 0.0) for number in range(1, 100))


def test_nothing_is_verified_unless_asked_for(runs: list[str]) -> None:
    FRAME.select(col("x").sum()).collect()
    assert runs == []


def test_each_time_another_backend(runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEKIT_SHADOW", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            assert FRAME.group_by("k").agg(col("x").sum()).collect().height == 2
        FRAME.collect(backend="serial")
    assert runs == ["polars serial in 3 parts", "polars pandas", "serial in 3 parts pandas"]


def test_writes_and_persisted_frames_count_too(runs: list[str], tmp_path: Path) -> None:
    with sk.config(shadow=1):
        FRAME.write_parquet(tmp_path / "rows.parquet")
        FRAME.persist()
    assert len(runs) == 2


@pytest.mark.parametrize("fault", [FAULT["an order assumed"], FAULT["sums in Float32"]])
def test_a_difference_is_a_warning(
    fault: Fault, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault.plant(monkeypatch)
    with pytest.warns(VerificationWarning, match="has another answer on serial in 3 parts") as seen:
        answer = fault.frame.collect(backend="polars", shadow=1)
    (warning,) = seen
    assert warning.filename == __file__
    assert f'the first step that differs is "{fault.step}' in str(warning.message)
    assert answer.schema == fault.frame.schema


def test_an_error_of_the_verification_is_a_warning(
    runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(shadowing, "verify", fails)
    with pytest.warns(
        VerificationWarning, match="could not be verified .*: RuntimeError: out of luck"
    ):
        assert FRAME.collect(shadow=1).height == 3


def test_functions_of_the_user_are_not_called_again(runs: list[str]) -> None:
    calls = []

    def counted(table: pl.DataFrame) -> pl.DataFrame:
        calls.append(1)
        return table

    FRAME.map_batches(counted).collect(shadow=1, backend="polars")
    assert (calls, runs) == ([1], [])


def test_a_large_input_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = shadowing.Limits(shadowing.Bound(10, 10**9, read_bytes=1), total_seconds=5)
    monkeypatch.setattr(shadowing, "LIMITS", limits)
    monkeypatch.setattr(shadowing, "_RUNS", itertools.count(1))
    rows = pl.DataFrame({"x": range(1000)})
    seen = []
    right = shadowing.verify
    monkeypatch.setattr(shadowing, "verify", lambda *a: seen.append(right(*a)) or seen[0])
    sk.from_polars(rows).select(col("x") + 1).collect(shadow=1)
    assert seen[0].rows == 10


@pytest.mark.parametrize("bad", [-0.1, 2, "half", True])
def test_a_share_lies_between_nothing_and_all(bad: object) -> None:
    with pytest.raises(ConfigError, match="a share of all runs, from 0 to 1"):
        resolve(shadow=bad)


def test_strict_runs_and_samples_are_verified_too(runs: list[str]) -> None:
    rows = sk.from_polars(pl.DataFrame({"k": range(150_000), "x": range(150_000)}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows.select(col("x").sum()).collect(shadow=1, strict=True)
        rows.join(rows, on="k").collect(shadow=1, sample=0.1)
    assert len(runs) == 2
