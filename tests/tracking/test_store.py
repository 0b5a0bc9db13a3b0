from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import scalekit as sk
from scalekit.errors import (
    AccessError,
    CorruptFileError,
    InvalidOperationError,
    RunNotFoundError,
    TargetError,
)
from scalekit.tracking import names
from scalekit.tracking.names import check_file_name, check_name, is_run_id, new_run_id
from scalekit.tracking.record import FORMAT
from scalekit.tracking.store import RunStore

ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import sys
import scalekit as sk
root, writer, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
for number in range(runs):
    with sk.track("many", root=root, tags={"writer": writer}) as run:
        run.log(parameters={"number": number}, metrics={"value": number / 7}, files={"a.txt": "x" * 5000})
"""


def writers(root: str, processes: int, runs: int) -> list[subprocess.Popen[bytes]]:
    command = [sys.executable, "-W", "error", "-c", WRITER, root]
    return [
        subprocess.Popen([*command, str(writer), str(runs)], cwd=ROOT, stderr=subprocess.PIPE)
        for writer in range(processes)
    ]


def ended(processes: list[subprocess.Popen[bytes]]) -> list[bytes]:
    return [process.communicate()[1] for process in processes]


# Names


def test_identifiers_sort_by_time_and_never_repeat(monkeypatch):
    made = [new_run_id() for _ in range(10_000)]  # several in each millisecond
    assert made == sorted(set(made))
    assert all(is_run_id(text) for text in made)
    monkeypatch.setattr(time, "time_ns", lambda: 0)  # a clock that was set back
    assert new_run_id() > made[-1]
    assert not is_run_id(made[0].lower())
    assert not is_run_id("8" + made[0][1:])  # beyond 48 bits of time


def test_identifiers_begin_with_the_time(monkeypatch):
    monkeypatch.setattr(names._Last, "number", 0)
    monkeypatch.setattr(time, "time_ns", lambda: 1469918176385 * 1_000_000)
    assert new_run_id().startswith("01ARYZ6S41")  # the example of the specification


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a b", ".hidden", "x" * 101, "ä/..", None, 7]
)
def test_a_project_that_would_be_no_folder_is_refused(name):
    with pytest.raises(InvalidOperationError, match="project"):
        check_name(name, "project")


def test_the_registrys_folder_is_no_project():
    with pytest.raises(InvalidOperationError, match="registered models"), sk.track("registry"):
        pass
    assert check_name("registry", "model") == "registry"


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", "a\\b", "c:x", "a\0", 3])
def test_a_logged_file_stays_in_its_run(name, own_place):
    with pytest.raises(InvalidOperationError, match="relative path"):
        check_file_name(name)
    with sk.track("p") as run, pytest.raises(InvalidOperationError, match="relative path"):
        run.log(files={name: "x"})
    assert sk.open_run(run.id).record.files == ()


# One run


def test_a_run_is_one_folder_of_plain_files(own_place):
    with sk.track("churn", name="first", tags={"team": "crm"}) as run:
        run.log(parameters={"window": 90}, metrics={"auc": 0.8}, files={"plots/a.svg": b"<svg/>"})
    folder = own_place / ".scalekit" / "churn" / "runs" / run.id
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert names == ["files/plots/a.svg", "metrics.parquet", "run.json"]
    content = json.loads((folder / "run.json").read_text())
    assert content["format"] == FORMAT
    assert content["parameters"] == {"window": 90}
    assert content["status"] == "finished"
    assert [p.name for p in (own_place / ".scalekit").iterdir()] == [
        "churn"
    ]  # nothing is left over


def test_a_run_is_found_by_part_of_its_identifier(store):
    with sk.track("a") as first, sk.track("b") as second:
        pass
    assert sk.open_run(first.id).record.project == "a"
    assert sk.open_run(second.id[-10:].lower()).id == second.id
    assert sk.open_run(second.id, project="b").id == second.id
    with pytest.raises(RunNotFoundError, match="short for 2 runs"):
        sk.open_run(first.id[:6])
    with pytest.raises(RunNotFoundError, match=f"no run 'nothing'.*there: {second.id}, {first.id}"):
        sk.open_run("nothing")
    with pytest.raises(RunNotFoundError, match="no run"):
        sk.open_run(second.id, project="a")
    with pytest.raises(RunNotFoundError):
        sk.open_run("")
    assert store.projects() == ("a", "b")


def test_an_empty_store_has_no_runs_and_is_not_made(own_place):
    assert sk.runs().collect().is_empty()
    assert sk.runs("nobody").collect().is_empty()
    assert sk.models().collect().is_empty()
    assert not (own_place / ".scalekit").exists()


def test_a_published_run_is_never_replaced(store):
    with sk.track("p") as run:
        pass
    before = sk.open_run(run.id).record
    staged = store.files.staging()
    with pytest.raises(TargetError, match="runs never change"):
        store.publish(staged, before)
    store.files.discard(staged)
    assert sk.open_run(run.id).record == before


def test_a_run_of_a_later_scalekit_is_refused_by_name(own_place):
    with sk.track("p") as run:
        pass
    file = own_place / ".scalekit" / "p" / "runs" / run.id / "run.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"added_later": 1}))
    assert sk.open_run(run.id).id == run.id
    file.write_text(json.dumps(content | {"format": FORMAT + 1}))
    with pytest.raises(CorruptFileError, match="update scalekit"):
        sk.open_run(run.id)
    file.write_text("{")
    with pytest.raises(CorruptFileError, match="not what scalekit wrote"):
        sk.runs()


def test_a_place_that_cannot_be_written_to_is_found_out_before_the_block(own_place):
    (own_place / "file").write_text("")
    entered = False
    block = sk.track("p", root=own_place / "file")
    with pytest.raises(TargetError, match=r"cannot keep runs in .*SCALEKIT_STORE"), block:
        entered = True
    assert not entered


def test_the_root_is_a_setting(own_place, monkeypatch):
    monkeypatch.setenv("SCALEKIT_STORE", str(own_place / "team"))
    with sk.track("p") as run:
        pass
    assert (own_place / "team" / "p" / "runs" / run.id).is_dir()
    with sk.config(store="elsewhere"):
        assert sk.runs().collect().is_empty()
    assert len(sk.runs(root="team").collect()) == 1


# Several writers


def test_eight_processes_write_fifty_runs_each_while_a_reader_reads(own_place):
    """LEARN §6 I."""
    root = str(own_place / "shared")
    processes = writers(root, 8, 50)
    seen: list[int] = []
    while any(process.poll() is None for process in processes):
        found = sk.runs("many", root=root).collect()
        if not found.is_empty():
            seen.append(len(found))
            latest = sk.open_run(found["id"][0], root=root)
            assert latest.metrics()["value"].len() == 1
            assert latest.logged("a.txt") == b"x" * 5000
    assert ended(processes) == [b""] * 8
    assert [process.returncode for process in processes] == [0] * 8
    found = sk.runs("many", root=root).collect()
    assert len(found) == 400
    assert found["id"].n_unique() == 400
    assert set(found.group_by("tags.writer").len()["len"]) == {50}
    assert seen == sorted(seen)
    assert [name for name in os.listdir(root) if name.startswith(".")] == []


def test_threads_write_at_the_same_time(store):
    def write(number: int) -> None:
        with sk.track("p", root=store.root) as run:
            run.log(parameters={"n": number})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sk.runs().collect()
    assert sorted(found["params.n"].cast(int)) == list(range(20))


# Writers that die

CRASH = """
import os, sys
from scalekit.storage.filesystem import observe
import scalekit as sk
from sklearn.dummy import DummyRegressor
steps, number = [], int(sys.argv[2])
def watch(step, path):
    if len(steps) == number:
        os._exit(9)
    steps.append(step)
frame = sk.from_dict({"x": [1.0, 2.0], "y": [1.0, 2.0]})
with observe(watch), sk.track("crash", root=sys.argv[1]) as run:
    sk.fit(DummyRegressor(), frame, target="y")
    run.log(metrics={"m": 1.0}, files={"a.txt": "a"})
print(len(steps))
"""


@pytest.mark.slow
def test_a_writer_that_dies_before_any_step_leaves_no_run_or_a_whole_one(own_place):
    def crash(number: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", CRASH, f"{own_place}/{number}", str(number)],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    steps = int(crash(10_000).stdout)
    assert steps > 10
    published = []
    for number in range(steps):
        assert crash(number).returncode == 9
        store = RunStore(f"{own_place}/{number}")
        published.append(len(store.ids()))
        for _, run_id in store.ids():
            run = store.open(run_id)
            assert run.logged("a.txt") == b"a"
            assert run.load_model().predict([[0]]).tolist() == [1.5]
            assert run.metrics()["metric"].to_list() == ["m"]
    assert published == sorted(published)  # one moment, after which it is there
    assert set(published) == {0, 1}


def test_what_dead_writers_left_is_swept_after_a_day_and_what_living_ones_hold_is_not(store):
    files = store.files
    held, dead = files.staging(), files.staging()
    files._release(dead)  # as when its process dies
    old = time.time() - 2 * 24 * 3600
    os.utime(held, (old, old))
    files.discard(files.staging())
    assert dead.exists()  # younger than a day
    os.utime(dead, (old, old))
    files.discard(files.staging())
    assert not dead.exists()
    assert held.exists()
    files.discard(held)


# Other places


def test_a_store_in_anything_that_fsspec_opens():
    root = f"memory://team/{new_run_id()}"
    with sk.track("p", root=root) as run:
        run.log(metrics={"m": 1.0}, files={"x/y.txt": "hi"})
    found = sk.open_run(run.id, root=root)
    assert found.logged("x/y.txt") == b"hi"
    assert sk.runs(root=root).collect()["metrics.m"].to_list() == [1.0]
    files = RunStore(root).files
    assert files.create("a/b.json", b"1")
    assert not files.create("a/b.json", b"2")
    assert files.read("a/b.json") == b"1"
    with pytest.raises(TargetError, match="never change"):
        RunStore(root).publish(files.staging(), found.record)


def test_a_store_of_an_unknown_scheme_says_so():
    with pytest.raises(AccessError, match="cannot reach runs in nowhere://"):
        RunStore("nowhere://ann:pa55word@host/runs")
    with pytest.raises(AccessError) as caught:
        RunStore("nowhere://ann:pa55word@host/runs")
    assert "pa55word" not in str(caught.value)


def test_a_store_without_fsspec_names_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(ImportError, match="pip install fsspec"):
        RunStore("sftp://host/runs")
