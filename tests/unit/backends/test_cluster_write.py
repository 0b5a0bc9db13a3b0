"""Writes by tasks: all or nothing, whatever happens to a task, and nothing is left behind."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit.backends.registry import get_backend
from scalekit.backends.serial import SerialBackend, SerialCluster
from scalekit.backends.tasks.cluster import Ref, Submitted
from scalekit.errors import ScalekitError, TargetError, TargetExistsError
from scalekit.kernels.task import Facts
from scalekit.physical.lower import lower
from scalekit.physical.show import show_physical
from scalekit.physical.writing import lower_write
from scalekit.storage import filesystem as fs
from scalekit.targets import ParquetTarget
from scalekit.targets.attempts import ATTEMPTS
from scalekit.targets.cleanup import discard_staging

ROWS = pl.DataFrame(
    {"i": range(100), "k": [f"k{n % 3}" for n in range(100)], "x": [n / 7 for n in range(100)]}
)


def everything(folder: Path) -> set[str]:
    """Every file and folder below, hidden ones too."""
    return {
        os.path.relpath(os.path.join(root, n), folder)
        for root, d, f in os.walk(folder)
        for n in d + f
    }


def serial(frame: Any, **settings: Any) -> dict[str, Any]:
    return {"backend": "serial", "partitions": 5, **settings}


@pytest.fixture
def frame() -> Any:
    return sk.from_polars(ROWS)


@pytest.mark.parametrize("kind", ["parquet", "csv", "ndjson", "ipc"])
@pytest.mark.parametrize("partitions", [1, 3, 129])
def test_a_folder_has_a_file_for_each_part_with_rows(tmp_path, frame, kind, partitions):
    settings = {"backend": "serial", "partitions": partitions}
    result = getattr(frame, f"write_{kind}")(tmp_path / "out/", **settings)
    assert result.rows == 100
    assert len(result.files) == min(partitions, 100)
    assert {os.path.dirname(name) for name in result.files} == {str(tmp_path / "out")}
    found = getattr(sk, f"scan_{kind}")(tmp_path / "out").collect()
    assert found.equals(ROWS)
    assert {
        name for name in everything(tmp_path) if "part-" not in name and "manifest" not in name
    } == {
        "out",
        "out/_SUCCESS",
        "out/_scalekit",
    }


def test_keys_become_folders(tmp_path, frame):
    result = frame.filter(sk.col("i") < 90).write_parquet(
        tmp_path / "out", partition_by=["k"], **serial(frame)
    )
    assert result.rows == 90
    folders = {Path(name).parent.name for name in result.files}
    assert folders == {"k=k0", "k=k1", "k=k2"}
    found = sk.scan_parquet(tmp_path / "out").sort("i").collect()
    assert found.select("i", "k", "x").equals(ROWS.head(90))


def test_a_result_without_rows_keeps_its_columns(tmp_path, frame):
    result = frame.filter(sk.col("i") < 0).write_parquet(tmp_path / "out", **serial(frame))
    assert (result.rows, len(result.files)) == (0, 1)
    assert sk.scan_parquet(tmp_path / "out").collect().equals(ROWS.clear())


def test_appends_and_overwrites(tmp_path, frame):
    out = tmp_path / "out"
    settings = serial(frame)
    frame.write_parquet(out, **settings)
    with pytest.raises(TargetExistsError):
        frame.write_parquet(out, **settings)
    frame.head(10).write_parquet(out, mode="append", **settings)
    assert sk.scan_parquet(out).collect().height == 110
    frame.head(7).write_parquet(out, mode="overwrite", **settings)
    assert sk.scan_parquet(out).collect().equals(ROWS.head(7))


def test_a_write_with_an_identity_happens_once(tmp_path, frame):
    settings = {"mode": "append", "write_id": "monday", **serial(frame)}
    assert frame.write_parquet(tmp_path / "out", **settings).committed
    assert not frame.write_parquet(tmp_path / "out", **settings).committed
    assert sk.scan_parquet(tmp_path / "out").collect().height == 100


def test_the_types_are_those_of_the_plan(tmp_path, frame):
    counted = frame.group_by("k").agg(n=sk.len(), m=sk.col("x").cast(sk.Float32).mean())
    counted.write_parquet(tmp_path / "out", **serial(frame))
    found = sk.scan_parquet(tmp_path / "out").collect()
    assert dict(found.schema) == dict(counted.schema)


def test_one_file_and_a_table_are_written_from_here(tmp_path, frame):
    settings = serial(frame)
    assert frame.write_parquet(tmp_path / "one.parquet", **settings).rows == 100
    assert pl.read_parquet(tmp_path / "one.parquet").equals(ROWS)
    uri = f"sqlite:///{tmp_path}/a.db"
    assert frame.write_database("t", uri, **settings).rows == 100
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute("select count(*), sum(i) from t").fetchone() == (100, 4950)
    connection.close()


def test_what_the_plan_reads_is_no_target(tmp_path, frame):
    frame.write_parquet(tmp_path / "out", **serial(frame))
    before = everything(tmp_path)
    with pytest.raises(TargetError, match="the query reads"):
        sk.scan_parquet(tmp_path / "out").write_parquet(
            tmp_path / "out", mode="overwrite", **serial(frame)
        )
    assert everything(tmp_path) == before


def test_the_program_says_that_tasks_write(tmp_path, frame):
    program = lower(frame._plan)
    node = lower_write(program, ParquetTarget(path=f"{tmp_path}/out"))
    assert node is not None
    assert show_physical(node).splitlines()[0] == f"WRITE PARTITIONS parquet {tmp_path}/out"
    assert lower_write(program, ParquetTarget(path=f"{tmp_path}/one.parquet")) is None


class Faulty(SerialCluster):
    """A cluster that fails a task, or runs each of them twice."""

    def __init__(self, fails: int | None = None, times: int = 1) -> None:
        self.fails, self.times, self.written = fails, times, 0

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        for _ in range(self.times):
            done = super().submit(packed, facts, tables, outputs)
        if done.report.answer is not None:
            self.written += 1
            if facts.part == self.fails:
                raise OSError("the worker is gone")
        return done


@pytest.fixture
def cluster(monkeypatch):
    """Replace the serial backend's cluster."""

    def use(cluster: SerialCluster) -> SerialCluster:
        get_backend("serial")
        monkeypatch.setattr(SerialBackend, "connect", lambda _self, _config: cluster)
        return cluster

    return use


@pytest.mark.parametrize("part", [0, 2, 4])
@pytest.mark.parametrize("keys", [[], ["k"]])
def test_a_task_that_fails_leaves_nothing(tmp_path, frame, cluster, part, keys):
    used = cluster(Faulty(fails=part))
    with pytest.raises((ScalekitError, OSError)):
        frame.write_parquet(tmp_path / "out", partition_by=keys, **serial(frame))
    assert used.written == part + 1
    assert everything(tmp_path) == set()


def test_a_task_that_fails_leaves_what_was_there(tmp_path, frame, cluster):
    frame.head(3).write_parquet(tmp_path / "out", **serial(frame))
    before = everything(tmp_path)
    cluster(Faulty(fails=3))
    for mode in ("append", "overwrite"):
        with pytest.raises((ScalekitError, OSError)):
            frame.write_parquet(tmp_path / "out", mode=mode, **serial(frame))
        assert everything(tmp_path) == before
    assert sk.scan_parquet(tmp_path / "out").collect().equals(ROWS.head(3))


@pytest.mark.parametrize("keys", [[], ["k"]])
def test_a_part_that_is_written_twice_counts_once(tmp_path, frame, cluster, keys):
    used = cluster(Faulty(times=2))
    result = frame.write_parquet(tmp_path / "out", partition_by=keys, **serial(frame))
    assert used.written == 5
    assert result.rows == 100
    assert sk.scan_parquet(tmp_path / "out").collect().height == 100
    parts = [name for name in everything(tmp_path) if name.endswith(".parquet")]
    assert len(parts) == len(result.files) == (15 if keys else 5)
    assert not [name for name in everything(tmp_path) if "attempts" in name]


def test_an_error_of_a_row_names_the_part(tmp_path, frame):
    wrong = frame.with_columns(d=sk.col("k").str.to_date())
    with pytest.raises(ScalekitError, match="in part 0 of stage"):
        wrong.write_parquet(tmp_path / "out", **serial(frame))
    assert everything(tmp_path) == set()


class Zombie(SerialCluster):
    """A cluster of which a task starts to write after its write was given up."""

    def __init__(self) -> None:
        self.late: list[tuple[Any, ...]] = []

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        if facts.part == 3:
            self.late.append((packed, facts, tables, outputs))
            raise OSError("the worker does not answer")
        return super().submit(packed, facts, tables, outputs)


@pytest.mark.parametrize("keys", [[], ["k"]])
def test_a_task_that_outlives_its_write_leaves_nothing(tmp_path, cluster, keys):
    ROWS.write_parquet(tmp_path / "in.parquet", row_group_size=20)
    used = cluster(Zombie())
    read = sk.scan_parquet(tmp_path / "in.parquet")
    before = everything(tmp_path)
    with pytest.raises((ScalekitError, OSError)):
        read.write_parquet(tmp_path / "out", partition_by=keys, **serial(read))
    (late,) = used.late
    with pytest.raises(ScalekitError):
        SerialCluster().submit(*late)
    assert everything(tmp_path) == before


def test_what_a_task_adds_while_it_is_cleared_away_goes_too(tmp_path, monkeypatch):
    attempts = tmp_path / "w" / ATTEMPTS
    (attempts / "00000-a.tmp").mkdir(parents=True)
    rename = fs.rename

    def late(old: Path, new: Path) -> None:
        rename(old, new)
        with pytest.raises(FileNotFoundError):
            (attempts / "00001-b.tmp").mkdir()

    monkeypatch.setattr(fs, "rename", late)
    discard_staging(tmp_path / "w")
    assert everything(tmp_path) == set()


def test_a_delta_table_is_one_commit_from_here(tmp_path, frame):
    pytest.importorskip("deltalake")
    assert frame.write_delta(tmp_path / "t", **serial(frame)).rows == 100
    found = sk.scan_delta(tmp_path / "t").filter(sk.col("i") < 50).sort("i")
    assert found.collect(**serial(frame)).select("i", "k", "x").equals(ROWS.head(50))
