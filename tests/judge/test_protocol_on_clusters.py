"""Protocols and forecasts on Dask and Ray: roles, slices, fingerprints, naive forecasts and accuracy as on Polars."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit.judge.forecast.accuracy import accuracy
from scalekit.judge.forecast.judged import rolling, with_history
from scalekit.judge.forecast.naive import NAIVE
from scalekit.judge.protocol import Protocol
from scalekit.judge.protocol.fingerprint import of_frame
from scalekit.judge.protocol.inferred import protocol_of
from scalekit.judge.protocol.names import HORIZON
from scalekit.judge.protocol.rows import role_of
from scalekit.judge.protocol.slices import levels, slices_of

RAY = {"backend": "ray", "workers": 2, "worker_memory": "1GiB"}


def table() -> pl.DataFrame:
    n = pl.int_range(0, 900, eager=True).alias("id")
    return pl.DataFrame({"id": n}).with_columns(
        store=pl.format("s{}", pl.col("id") % 12),
        month=pl.date(2020, 1, 1).dt.offset_by(pl.format("{}mo", pl.col("id") // 12)),
        y=((pl.col("id") * 7919 % 83) / 7).sqrt() + pl.col("id") % 12,
        late=pl.col("id") % 3 == 0,
    )


PROTOCOLS = {
    "hash": {"target": "late", "key": "id", "slices": ["store", "month:quarter", "y:quantile4"]},
    "group": {"target": "late", "group": "store"},
    "time": {"target": "late", "time": "month", "split": {"gap": "1mo"}},
}


def found(frame: sk.Frame) -> list[Any]:
    """Everything that is asked of a cluster, in an order of its own."""
    answers: list[Any] = [of_frame(frame)]
    for keywords in PROTOCOLS.values():
        protocol = protocol_of(frame, **keywords)
        roles = frame.select("id", role_of(protocol, frame)).collect().sort("id")
        splits = [part.select("id").collect()["id"].sort().to_list() for part in sk.split(frame, protocol)]  # fmt: skip
        assert splits == [roles.filter(pl.col("role") == r)["id"].to_list() for r in ("train", "valid", "test")]  # fmt: skip
        slices = slices_of(protocol, frame)
        rows = frame.collect().sort("id")
        level_rows = [one.texts(one.keys(rows)).to_list() for one in slices.values()]
        answers.append((protocol.id, splits, levels(frame, slices), level_rows))
    forecast = Protocol(
        "forecast", "y", time="month", series="store", horizon=3, season=12,
        split={"valid_from": date(2024, 1, 1), "test_from": date(2025, 1, 1), "folds": 2},
    )  # fmt: skip
    rows = with_history(frame, forecast)
    folds = rolling(frame, forecast)
    for one in (rows, folds.rows):
        answers.append(rounded(one.collect(), ["id"]))
    answers.append([train.collect().height for train in folds.trains])
    answers.append(
        rounded(accuracy(rows, NAIVE, target="y", by=[HORIZON]).collect(), ["model", HORIZON])
    )
    return answers


def rounded(rows: pl.DataFrame, by: list[str]) -> list[dict[str, Any]]:
    """Sums of floats differ in their last bits where parts are added in another order."""
    return rows.sort(by).with_columns(pl.col(pl.Float64).round_sig_figs(10)).to_dicts()


def assert_same_as_polars(settings: dict[str, Any], folder: Path) -> None:
    path = str(folder / "rows.parquet")
    table().sample(fraction=1, shuffle=True, seed=1).write_parquet(path, row_group_size=100)
    with sk.config(backend="polars"):
        wanted = found(sk.scan_parquet(path))
    with sk.config(**settings):
        assert found(sk.scan_parquet(path)) == wanted


def test_on_serial_parts(tmp_path: Path) -> None:
    assert_same_as_polars({"backend": "serial", "partitions": 7}, tmp_path)


@pytest.mark.dask
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_on_dask(dask_settings: dict[str, Any], tmp_path: Path) -> None:
    assert_same_as_polars({**dask_settings, "partitions": 3}, tmp_path)


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_on_ray(tmp_path: Path) -> None:
    assert_same_as_polars({**RAY, "partitions": 3}, tmp_path)
