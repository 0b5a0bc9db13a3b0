"""Queries in a process of their own: the same answers, and an end there that is an error here."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import run
from scalekit.backends.apart import Apart, folder, limits, parcel, process, stall, work
from scalekit.backends.apart.failures import ended, is_out_of_memory, stalled
from scalekit.backends.base import WriteRequest
from scalekit.backends.budget import Budget
from scalekit.backends.registry import get_backend
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import resolve
from scalekit.errors import (
    ComputeError,
    ExecutionError,
    MemoryBudgetError,
    TargetExistsError,
    UnsupportedError,
)
from scalekit.kernels.schema import schema_of
from scalekit.targets import ParquetTarget

MIB = 1024**2
ROOMY = Budget(1000 * MIB, "test")
TIGHT = Budget(300 * MIB, "test")


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for queries of this test, which has to be empty afterwards."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(folder.tempfile, "gettempdir", lambda: str(place))
    yield place
    assert list(place.iterdir()) == []


def apart(
    frame: sk.Frame, budget: Budget = ROOMY, *, backend: str = "polars", fits: bool = False
) -> tuple[Apart, Any]:
    config = resolve()
    there = Apart(get_backend(backend), budget, fits=fits)
    return there, there.lower(run.optimized_plan(frame._plan, config), config)


def collected(frame: sk.Frame, budget: Budget = ROOMY, **how: Any) -> pl.DataFrame:
    there, program = apart(frame, budget, **how)
    with run._run_errors(frame._plan):
        return there.execute(program, resolve(), UNWATCHED)


def some() -> sk.Frame:
    return sk.from_dict({"g": ["a", "b", "a"], "x": [1, 2, 4]})


# Answers


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_the_answer_is_the_same(backend: str) -> None:
    frame = some().group_by("g").agg(sk.col("x").sum()).sort("g")
    assert collected(frame, backend=backend).equals(frame.collect(backend=backend))


def test_rows_in_memory_are_mapped_and_files_are_read_there(tmp_path: Path) -> None:
    sk.from_dict({"x": [1, 2], "y": ["p", "q"]}).write_parquet(tmp_path / "y.parquet")
    frame = some().join(sk.scan_parquet(tmp_path / "y.parquet"), on="x").select("g", "y")
    assert collected(frame.sort("g")).rows() == [("a", "p"), ("b", "q")]


def test_a_lazy_frame_of_polars_goes_as_it_is() -> None:
    lazy = pl.LazyFrame({"x": [3, 1, 2]}).filter(pl.col("x") > 1)
    assert collected(sk.from_polars(lazy).sort("x"))["x"].to_list() == [2, 3]


def test_batches_come_one_by_one() -> None:
    frame = sk.from_polars(pl.DataFrame({"x": range(10)}))
    there, program = apart(frame)
    found = list(there.batches(program, resolve(), 4))
    assert max(batch.height for batch in found) <= 4
    assert pl.concat(found)["x"].to_list() == list(range(10))


def test_batches_that_nobody_wants_any_more_end_the_process() -> None:
    there, program = apart(sk.from_polars(pl.DataFrame({"x": range(1000)})))
    batches = there.batches(program, resolve(), 1)
    next(batches)
    batches.close()  # the folder is empty afterwards


def written(frame: sk.Frame, target: Any, budget: Budget = ROOMY) -> Any:
    there, program = apart(frame, budget)
    request = WriteRequest(target, schema_of(frame._plan))
    return there.write(program, request, resolve(), UNWATCHED)


def test_a_write_happens_there(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    done = written(some(), ParquetTarget(path=str(path)))
    assert (done.rows, done.path) == (3, str(path))
    assert pl.read_parquet(path).equals(some().collect())
    with pytest.raises(TargetExistsError, match="exists already"):
        written(some(), ParquetTarget(path=str(path)))


def test_a_function_of_this_module_goes_by_value_and_prints_here(
    capsys: pytest.CaptureFixture[str],
) -> None:
    factor = 3

    def tripled(table: pl.DataFrame) -> pl.DataFrame:
        print("tripling", table.height)
        return table.with_columns(pl.col("x") * factor)

    assert collected(some().map_batches(tripled))["x"].to_list() == [3, 6, 12]
    assert "tripling 3" in capsys.readouterr().out


def test_a_warning_is_given_here() -> None:
    def doubtful(table: pl.DataFrame) -> pl.DataFrame:
        warnings.warn("doubtful", RuntimeWarning, stacklevel=1)
        return table

    with pytest.warns(RuntimeWarning, match="doubtful"):
        collected(some().map_batches(doubtful))


class Seen(Watch):
    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, what: Any, done: int = 0, total: int = 0) -> None:
        self.steps.append(str(what))


def test_steps_are_told_here() -> None:
    seen = Seen()
    there, program = apart(some().filter(sk.col("x") > 1), backend="pandas")
    there.execute(program, resolve(), seen)
    assert any(step.startswith("FILTER") for step in seen.steps)
    seen = Seen()
    there, program = apart(some())
    there.execute(program, resolve(), seen)
    assert "of 1000.0 MiB" in seen.steps[-1]


# Errors


def test_errors_keep_type_and_message() -> None:
    frame = sk.from_dict({"x": ["b"]}).with_columns(sk.col("x").cast(sk.Int64))
    with pytest.raises(ComputeError) as here:
        frame.collect()
    with pytest.raises(ComputeError) as there:
        collected(frame)
    assert str(there.value) == str(here.value)


def test_an_error_of_a_function_is_the_same() -> None:
    def fails(table: pl.DataFrame) -> pl.DataFrame:
        raise ValueError(f"{table.height} rows are too many")

    with pytest.raises(ExecutionError, match="fails failed on 3 rows: ValueError: 3 rows are too"):
        collected(some().map_batches(fails))


def test_an_error_that_cannot_travel_goes_in_words() -> None:
    class Odd(Exception):
        def __init__(self, first: int, second: int) -> None:
            super().__init__(f"{first} and {second}")

    told = work.portable(Odd(1, 2))
    assert type(told) is ExecutionError
    assert str(told) == "Odd: 1 and 2"
    plain = ComputeError("as it is")
    assert work.portable(plain) is plain


def test_what_a_backend_cannot_run_is_refused_before_a_process_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any) -> Any:
        raise UnsupportedError("no")

    there = Apart(get_backend("polars"), ROOMY, fits=True)
    monkeypatch.setattr(there._inside, "lower", refuse)
    with pytest.raises(UnsupportedError):
        there.lower(some()._plan, resolve())


def unpicklable() -> sk.Frame:
    lock = threading.Lock()

    def locked(table: pl.DataFrame) -> pl.DataFrame:
        with lock:
            return table

    return some().map_batches(locked)


def test_what_cannot_travel_runs_here_where_it_fits() -> None:
    assert collected(unpicklable(), fits=True).height == 3
    with pytest.raises(MemoryBudgetError, match=r"cannot run in a process of its own.*lock"):
        collected(unpicklable(), fits=False)


# Memory


def pairs(count: int) -> sk.Frame:
    """Rows of 24 bytes, as many as the square of ``count``."""
    numbers = sk.from_polars(pl.DataFrame({"x": range(count)}))
    found = numbers.join(numbers, how="cross")
    return found.with_columns(y=sk.col("x") * count + sk.col("x_right"))


def test_a_query_that_takes_too_much_is_stopped_and_the_session_goes_on() -> None:
    joined = pairs(3_000).join(pairs(3_000), on="y", suffix="_2").select(sk.col("x_2").sum())
    with pytest.raises(MemoryBudgetError, match=r"the memory budget is 300.0 MiB \(test\)"):
        collected(joined, TIGHT)
    assert collected(some(), TIGHT).height == 3


def test_a_function_that_takes_too_much_at_once() -> None:
    def grows(table: pl.DataFrame) -> pl.DataFrame:
        return pl.DataFrame({"x": bytearray(8 * 1024**3)[: table.height]})

    with pytest.raises(MemoryBudgetError, match="ran out of memory"):
        collected(some().select("x").map_batches(grows, schema={"x": pl.UInt8}), TIGHT)


def test_a_function_that_takes_too_much_bit_by_bit() -> None:
    def grows(table: pl.DataFrame) -> pl.DataFrame:
        kept = []
        while True:
            kept.append(bytearray(os.urandom(1024)) * 5_000)

    with pytest.raises(MemoryBudgetError, match="was stopped at 3"):
        collected(some().map_batches(grows), TIGHT)


def test_a_result_that_is_larger_than_the_budget_at_the_end() -> None:
    with pytest.raises(MemoryBudgetError, match=r"the result takes more than .*write_parquet\(\)"):
        collected(pairs(4_000), TIGHT)


def test_a_write_that_is_stopped_leaves_nothing_beside_its_target(tmp_path: Path) -> None:
    def grows(table: pl.DataFrame) -> pl.DataFrame:
        time.sleep(0.6)  # longer than a new folder is left alone
        return pl.DataFrame({"x": bytearray(8 * 1024**3)[: table.height]})

    place = tmp_path / "lake"
    place.mkdir()
    target = ParquetTarget(path=f"{place}/out/")
    with pytest.raises(MemoryBudgetError):
        written(some().select("x").map_batches(grows, schema={"x": pl.UInt8}), target, TIGHT)
    assert list(place.iterdir()) == []


def test_a_write_that_is_interrupted_leaves_nothing_beside_its_target(tmp_path: Path) -> None:
    begun = tmp_path / "begun"

    def waits(table: pl.DataFrame) -> pl.DataFrame:
        begun.touch()
        time.sleep(60)
        return table

    class Interrupted(Watch):
        def step(self, *_: Any) -> None:
            if begun.exists():
                time.sleep(0.6)  # longer than a new folder is left alone
                raise KeyboardInterrupt

    place = tmp_path / "lake"
    place.mkdir()
    frame = some().map_batches(waits)
    there, program = apart(frame)
    request = WriteRequest(ParquetTarget(path=f"{place}/out/"), schema_of(frame._plan))
    with pytest.raises(KeyboardInterrupt):
        there.write(program, request, resolve(), Interrupted())
    assert list(place.iterdir()) == []


def killed_by(number: int) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def kills(table: pl.DataFrame) -> pl.DataFrame:
        os.kill(os.getpid(), number)
        return table

    return kills


def test_a_process_that_the_system_ends_was_short_of_memory() -> None:
    with pytest.raises(MemoryBudgetError, match="ended by the system"):
        collected(some().map_batches(killed_by(signal.SIGKILL)))


def test_a_process_that_crashes_is_an_error_here() -> None:
    with pytest.raises(ExecutionError, match="ended with SIGSEGV") as found:
        collected(some().map_batches(killed_by(signal.SIGSEGV)))
    assert not isinstance(found.value, MemoryBudgetError)


@pytest.mark.parametrize(
    ("code", "said", "reached", "kind"),
    [
        (-6, "memory allocation of 17 bytes failed\nstack backtrace:", 0, MemoryBudgetError),
        (-6, "terminate called after throwing an instance of 'std::bad_alloc'", 0, MemoryBudgetError),
        (-11, "", 290 * MIB, MemoryBudgetError),
        (-11, "", 100 * MIB, ExecutionError),
        (-9, "", 100 * MIB, MemoryBudgetError),
        (1, "ImportError: no", 100 * MIB, ExecutionError),
    ],
)  # fmt: skip
def test_the_end_of_a_process_in_words(code: int, said: str, reached: int, kind: type) -> None:
    assert type(ended(code, said, reached, TIGHT)) is kind


@pytest.mark.parametrize(
    "text", ["Cannot allocate memory (os error 12)", "MemoryError: Unable to allocate 9 GiB", "malloc of size 8 failed"]
)  # fmt: skip
def test_errors_that_say_that_memory_is_short(text: str) -> None:
    assert is_out_of_memory(OSError(text))
    assert not is_out_of_memory(OSError("no such file"))


def test_a_system_without_a_limit_of_its_own_ends_itself() -> None:
    used, codes = iter([10, 20, 30]), []
    work.end_over(25, lambda: next(used), codes.append)
    assert codes == [work.OVER]
    assert limits.most_used() > 10 * MIB


def test_a_process_that_waits_for_a_thread_that_failed_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, now, taken = tmp_path / "said", [0.0], [1.0]
    monkeypatch.setattr(stall, "busy", lambda _: taken[0])
    found = stall.Stall(1, said, lambda: now[0])
    said.write_text("a warning\n")
    for seconds, cpu, words in [(1, 1, ""), (6, 1, ""), (12, 1, "")]:
        now[0], taken[0] = seconds, cpu
        assert found.words() == words
    said.write_text(
        "thread 'x' panicked at src/lib.rs:1\nzstd returned null pointer when creating\n"
    )
    now[0], taken[0] = 18, 4.0  # at work
    assert found.words() == ""
    now[0] = 24
    assert "panicked" in found.words()
    assert isinstance(stalled(said.read_text(), 0, TIGHT), MemoryBudgetError)
    other = stalled("note\nthread 'x' panicked at src/lib.rs:7:\nodd", 0, TIGHT)
    assert str(other).endswith("thread 'x' panicked at src/lib.rs:7:")


# Interrupts, and ends of the session


def test_an_interrupt_ends_the_process() -> None:
    class Interrupted(Watch):
        def step(self, *_: Any) -> None:
            raise KeyboardInterrupt

    before = children()
    there, program = apart(some().map_batches(lambda table: time.sleep(60) or table))
    with pytest.raises(KeyboardInterrupt):
        there.execute(program, resolve(), Interrupted())
    assert children() == before


def children() -> set[str]:
    found = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    ).stdout.splitlines()  # fmt: skip
    return {line for line in found if "apart.work" in line}


def test_the_end_of_the_session_ends_the_process(own_temporary_folder: Path) -> None:
    code = f"""
import tempfile, time; tempfile.tempdir = {str(own_temporary_folder)!r}
import scalekit as sk
from scalekit.backends.apart import Apart
from scalekit.backends.budget import Budget
from scalekit.backends.registry import get_backend
from scalekit.config import resolve
def waits(table):
    import os; print('at work', os.getpid(), flush=True); time.sleep(60); return table
there = Apart(get_backend('polars'), Budget(10**9, 'test'), fits=False)
frame = sk.from_dict({{'x': [1]}}).map_batches(waits)
there.execute(there.lower(frame._plan, resolve()), resolve())
"""
    session = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert session.stdout is not None
    pid = int(session.stdout.readline().split()[2])
    session.kill()
    session.wait()
    session.stdout.close()
    until = time.monotonic() + 30
    while limits.used(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not limits.used(pid)  # neither it nor its folder is left, see the fixture


# Folders and settings


def test_the_folder_is_for_this_user_only() -> None:
    with folder.private_folder() as made:
        assert made.stat().st_mode & 0o777 == 0o700
        (made / "spill").mkdir()
        (made / "spill" / "0").write_text("x")


def test_folders_of_dead_processes_are_removed(own_temporary_folder: Path) -> None:
    left = own_temporary_folder / f"{folder.PREFIX}left"
    left.mkdir()
    with folder.private_folder() as held:
        assert left.exists()  # it may be someone's that was made just now
        for old in (left, held):
            os.utime(old, (1, 1))
        with folder.private_folder():
            assert not left.exists()
            assert held.exists()


def test_memory_is_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = folder.tempfile.gettempdir()
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\ntmpfs {here} tmpfs rw 0 0\n")
    assert folder.disk(mounts) == Path("/var/tmp")
    mounts.write_text(f"tmpfs / tmpfs rw 0 0\n/dev/vda {here} ext4 rw 0 0\n")
    assert folder.disk(mounts) == Path(here)
    mounts.write_text("tmpfs / tmpfs rw 0 0\n")
    assert folder.disk(mounts) == Path(here)  # nothing else is there
    assert folder.disk(tmp_path / "none") == Path(here)


def test_polars_writes_to_the_disk_what_it_cannot_hold(tmp_path: Path) -> None:
    found = limits.settings(800 * MIB, tmp_path, {"A": "b", "POLARS_OOC_MEMORY_BUDGET_MB": "7"})
    assert found["POLARS_OOC_SPILL_DIR"] == str(tmp_path / "spill")
    assert found["POLARS_OOC_MEMORY_BUDGET_MB"] == "7"  # as the user says
    assert limits.settings(800 * MIB, tmp_path, {})["POLARS_OOC_MEMORY_BUDGET_MB"] == "400"
    assert found["A"] == "b"


TYPES = {
    "text": pl.Series(["a", None, "more than twelve bytes"]),
    "category": pl.Series(["a", "b", None], dtype=pl.Categorical),
    "enum": pl.Series(["x", "y", None], dtype=pl.Enum(["y", "x"])),
    "wide": pl.Series([1, 2**100, None], dtype=pl.Int128),
    "inside": pl.Series([{"a": 1}, {"a": None}, None], dtype=pl.Struct({"a": pl.Int128})),
    "decimal": pl.Series(["1.25", None, "3"]).cast(pl.Decimal(20, 4)),
    "null": pl.Series([None, None, None], dtype=pl.Null),
    "lists": pl.Series([[1], None, []], dtype=pl.List(pl.Int16)),
    "array": pl.Series([[1, 2], None, [3, 4]], dtype=pl.Array(pl.Int8, 2)),
    "time": pl.Series([1, 2, None]).cast(pl.Datetime("ns", "Europe/Berlin")),
}


@pytest.mark.parametrize("name", TYPES)
def test_every_type_comes_back(name: str, tmp_path: Path) -> None:
    frame = pl.DataFrame({name: TYPES[name]})
    parcel.keep(frame, tmp_path / "x.arrow")
    back = parcel.mapped(tmp_path / "x.arrow")
    assert back.schema == frame.schema
    assert back.equals(frame)


def test_a_frame_that_is_read_twice_is_written_once(tmp_path: Path) -> None:
    frame = some()
    plan = frame.join(frame, on="g")._plan
    packed = parcel.pack(plan, plan, tmp_path)
    assert [path.name for path in tmp_path.glob("*.arrow")] == ["input-0.arrow"]
    assert parcel.unpack(packed, tmp_path) == plan
    assert len(packed) < len(pickle.dumps(plan))


def test_it_is_possible_on_this_system() -> None:
    assert process.is_possible() == (os.name == "posix")
