"""Bad queries and hostile surroundings (the catalogue's cases 63-82, 87, 88): the right error, early and clear."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.exceptions import (
    ColumnNotFoundError,
    ComputeError,
    DuplicateError,
    ExecutionError,
    InvalidOperationError,
    PlanError,
    ScalekitError,
    SchemaError,
    TargetError,
    WriteConflictError,
)
from scalekit.storage.filesystem import observe

FRAME = sk.from_dict(
    {"carrier": ["AA", "UA"], "delay": [1, 2], "part": [1.5, None], "tags": [["a"], ["b"]]}
)
OTHER = sk.from_dict({"carrier": [1, 2], "name": ["x", "y"]})


class Unpicklable(Exception):
    """An exception that cannot travel between processes."""

    def __init__(self) -> None:
        super().__init__("the user's own words")
        self.lock = threading.Lock()


def _raise(_: object) -> object:
    raise Unpicklable


BUILDING: dict[str, tuple[Callable[[], Any], type[ScalekitError], tuple[str, ...]]] = {
    "case-63 unknown column": (lambda: FRAME.select("carier"), ColumnNotFoundError, ("'carier'", "'carrier'", "delay")),
    "case-63 in an expression": (lambda: FRAME.filter(col("Delay") > 1), ColumnNotFoundError, ("did you mean 'delay'",)),
    "case-63 in a group": (lambda: FRAME.group_by("carier").agg(sk.len()), ColumnNotFoundError, ("'carrier'",)),
    "case-63 in a selector": (lambda: FRAME.select(col("carrier", "nope")), ColumnNotFoundError, ("nope", "delay")),
    "case-64 text and number": (lambda: FRAME.select(col("carrier") - 1), InvalidOperationError, ("carrier",)),
    "case-64 sum of text": (lambda: FRAME.select(col("carrier").sum()), InvalidOperationError, ("sum", "str")),
    "case-64 text function of a number": (lambda: FRAME.select(col("delay").str.contains("a")), PlanError, ("String",)),
    "case-64 compare": (lambda: FRAME.filter(col("delay") > "x"), PlanError, ("string",)),
    "case-65 aggregate as filter": (lambda: FRAME.filter(col("delay").max() > 1), InvalidOperationError, ("each row",)),
    "case-65 filter of a number": (lambda: FRAME.filter(col("delay")), SchemaError, ("Boolean", "Int64")),
    "case-66 foreign frame": (
        lambda: FRAME.join(pl.DataFrame({"carrier": ["AA"]}), on="carrier"), PlanError, ("from_polars", "DataFrame"),
    ),
    "case-66 no frame": (lambda: sk.concat([FRAME, "x"]), PlanError, ("Frame", "str")),
    "case-69 join of text and number": (
        lambda: FRAME.join(OTHER, on="carrier"), SchemaError, ("String", "Int64", ".cast("),
    ),
    "case-70 select": (lambda: FRAME.select("delay", col("part").alias("delay")), DuplicateError, ("'delay'",)),
    "case-70 group": (lambda: FRAME.group_by("carrier").agg(carrier=sk.len()), DuplicateError, ("'carrier'",)),
    "case-70 suffix": (
        lambda: FRAME.join(FRAME, on="part").join(FRAME, on="part"), DuplicateError, ("'delay_right'", "suffix="),
    ),
    "case-70 suffix of a right column": (
        lambda: FRAME.join(FRAME.rename({"part": "delay_right"}), on="carrier"), DuplicateError, ("'delay_right'",),
    ),
    "nearest and equal": (lambda: FRAME.join_asof(FRAME, on="delay", by="delay"), InvalidOperationError, ("'delay'", "by=")),
    "case-70 empty suffix": (lambda: FRAME.join_asof(FRAME, on="delay", suffix=""), DuplicateError, ("suffix=",)),
    "case-70 rename": (lambda: FRAME.rename({"part": "delay"}), DuplicateError, ("'delay'",)),
    "case-71 head": (lambda: FRAME.head(-1), InvalidOperationError, ("head", "-1")),
    "case-71 fraction": (lambda: FRAME.sample(fraction=1.5), InvalidOperationError, ("1.5", "between 0 and 1")),
    "case-71 both": (lambda: FRAME.sample(1, fraction=0.5), InvalidOperationError, ("n=", "fraction=")),
    "case-71 top_k": (lambda: FRAME.top_k(-2, by="delay"), InvalidOperationError, ("-2",)),
    "case-73 look-ahead": (
        lambda: FRAME.select(col("carrier").str.contains("(?=A)")), InvalidOperationError, ("look-around",),
    ),
    "case-74 time zone": (
        lambda: sk.from_dict({"t": [None]}).cast(sk.Datetime("us", "Europe/Viena")), PlanError, ("Europe/Vienna",),
    ),
    "case-74 convert": (
        lambda: sk.from_dict({"t": [None]}).cast(sk.Datetime("us", "UTC")).select(col("t").dt.convert_time_zone("Mars")),
        PlanError,
        ("Mars",),
    ),
    "aggregate of a constant": (
        lambda: FRAME.group_by("carrier").agg(sk.lit(1).sum().alias("n")), InvalidOperationError, ("sk.len()",),
    ),
    "truth value": (lambda: FRAME.filter((col("delay") > 1) and (col("part") > 1)), TypeError, ("&",)),  # type: ignore[dict-item]
    "order without one": (
        lambda: FRAME.group_by("carrier").agg(sk.len()).with_columns(col("len").shift()), PlanError, ("order_by", "sort"),
    ),
    "backend that does not exist": (lambda: FRAME.collect(backend="plars"), ScalekitError, ("'plars'", "'polars'")),
    "setting that does not exist": (lambda: FRAME.collect(bakend="polars"), ScalekitError, ("bakend", "backend")),
    "stage that does not exist": (lambda: FRAME.explain(stage="phisical"), InvalidOperationError, ("physical",)),
}  # fmt: skip


@pytest.mark.parametrize("case", BUILDING)
@pytest.mark.timeout(5)
def test_building_raises(case: str) -> None:
    build, kind, words = BUILDING[case]
    with pytest.raises(kind) as raised:
        build()
    for word in words:
        assert word.lower() in str(raised.value).lower()
    assert "Resolved plan" not in str(raised.value)


BACKENDS = ("polars", "pandas")

RUNNING: dict[str, tuple[Callable[[], sk.Frame], type[ScalekitError], tuple[str, ...]]] = {
    "case-67 other columns": (
        lambda: FRAME.map_batches(lambda t: t.select("carrier")), ExecutionError, ("delay",),
    ),
    "case-67 other type": (
        lambda: FRAME.map_batches(lambda t: t.with_columns(pl.col("delay").cast(pl.String))), ExecutionError, ("delay",),
    ),
    "case-67 no frame": (lambda: FRAME.map_batches(lambda t: t.height), ExecutionError, ("int",)),  # type: ignore[arg-type,return-value]
    "case-68 unpicklable exception": (
        lambda: FRAME.map_batches(_raise), ExecutionError, ("the user's own words", "_raise"),  # type: ignore[arg-type]
    ),
    "cast that does not fit": (
        lambda: FRAME.select(col("carrier").cast(sk.Int64)), ComputeError, ("carrier", "AA"),
    ),
    "join that is not unique": (
        lambda: FRAME.join(sk.from_dict({"carrier": ["AA", "AA"]}), on="carrier", validate="1:1"), ComputeError, ("1:1",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", RUNNING)
@pytest.mark.timeout(5)
def test_running_raises(case: str, backend: str) -> None:
    build, kind, words = RUNNING[case]
    with pytest.raises(kind) as raised:
        build().collect(backend=backend)
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_case_75_strict_sums_raise(backend: str) -> None:
    frame = sk.from_dict({"x": [2**63 - 1, 1], "k": ["a", "a"]})
    for query in (frame.select(col("x").sum()), frame.group_by("k").agg(col("x").sum())):
        with pytest.raises(ComputeError, match="a sum of integers leaves Int64"):
            query.collect(backend=backend, strict=True)
        assert query.collect(backend=backend)["x"].item() == -(2**63)
    narrow = sk.from_dict({"x": [2**31 - 1] * 3}, schema={"x": sk.Int32})
    assert narrow.select(col("x").sum()).collect(backend=backend).item() == 3 * (2**31 - 1)


@pytest.mark.parametrize("backend", BACKENDS)
def test_case_72_sort_by_a_list(backend: str) -> None:
    # Polars orders lists by their elements; so does every backend here.
    assert FRAME.sort("tags", descending=True).collect(backend=backend)["delay"].to_list() == [2, 1]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("mode", ["error", "overwrite"])
def test_case_76_disk_full(mode: str, backend: str, tmp_path: Path) -> None:
    path = tmp_path / "numbers.parquet"
    if mode == "overwrite":
        FRAME.select("delay").write_parquet(path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def full(step: str, _: str) -> None:
        if step == "write":
            raise OSError(errno.ENOSPC, "No space left on device")

    with observe(full), pytest.raises(TargetError, match="disk is full"):
        FRAME.write_parquet(path, mode=mode, backend=backend)  # type: ignore[arg-type]
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("backend", BACKENDS)
def test_case_79_concurrent_overwrite(backend: str, tmp_path: Path) -> None:
    frames = [sk.from_dict({"x": [n] * 50}) for n in range(6)]
    outcomes: list[str] = []

    def overwrite(frame: sk.Frame) -> None:
        try:
            frame.write_parquet(tmp_path / "lake", mode="overwrite", backend=backend)
            outcomes.append("written")
        except WriteConflictError:
            outcomes.append("conflict")

    threads = [threading.Thread(target=overwrite, args=(frame,)) for frame in frames]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == len(frames)
    assert "written" in outcomes
    seen = sk.scan_parquet(tmp_path / "lake").collect()["x"]
    assert seen.len() == 50
    assert seen.n_unique() == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_case_77_read_only_target(backend: str) -> None:
    with pytest.raises(TargetError, match=r"/proc/numbers\.parquet"):
        FRAME.write_parquet("/proc/numbers.parquet", backend=backend)


@pytest.mark.parametrize("target", [".", "/", "~", "file.parquet/inside.parquet"])
def test_case_78_targets_that_are_places(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.parquet").write_text("a file")
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(ScalekitError):
        FRAME.write_parquet(target, mode="overwrite", overwrite_foreign=True)
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("way", ["same", "relative", "symlink", "glob", "folder"])
def test_case_80_the_source_is_the_target(
    way: str, backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    FRAME.drop("tags").write_parquet(tmp_path / "lake" / "a.parquet")
    (tmp_path / "link").symlink_to(tmp_path / "lake")
    source = {"glob": "lake/*.parquet", "folder": "lake"}.get(way, tmp_path / "lake" / "a.parquet")
    target = {"relative": "lake/../lake/a.parquet", "symlink": "link/a.parquet"}.get(
        way, "lake/a.parquet"
    )
    frame = sk.scan_parquet(source)
    rows = frame.collect()
    with pytest.raises(TargetError, match="same place"):
        frame.filter(col("delay") > 1).write_parquet(target, mode="overwrite", backend=backend)
    assert sk.scan_parquet(source).collect().equals(rows)


@pytest.mark.timeout(20)
def test_case_82_unknown_host() -> None:
    with pytest.raises(ScalekitError) as raised:
        sk.scan_parquet(
            "s3://bucket/x.parquet",
            storage_options={
                "aws_endpoint_url": "http://does-not-exist.invalid:1",
                "aws_access_key_id": "AKIAABCDEFGHIJKLMNOP",
                "aws_secret_access_key": "secret-canary-1",
                "aws_region": "us-east-1",
                "aws_allow_http": "true",
            },
        ).collect()
    assert "secret-canary-1" not in str(raised.value)
    assert "AKIAABCDEFGHIJKLMNOP" not in str(raised.value)


def _run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("HOME",)}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_case_87_no_home() -> None:
    done = _run(
        """
        import scalekit as sk
        print(sk.from_dict({"x": [1]}).collect().item(), sk.from_dict({"x": [1]}))
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 ")


def test_case_88_fork_after_import() -> None:
    done = _run(
        """
        import os, scalekit as sk
        frame = sk.from_dict({"x": [1, 2]})
        frame.collect()
        pid = os.fork()
        if pid == 0:
            try:
                frame.collect()
            except sk.exceptions.ExecutionError as error:
                os._exit(7 if "spawn" in str(error) else 8)
            os._exit(9)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """
    )
    assert done.stdout.strip() == "7", done.stderr
