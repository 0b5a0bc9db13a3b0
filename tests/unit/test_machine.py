"""Fake trees of /proc and of cgroups: what is found there, and what is not."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from scalekit import machine
from scalekit.machine import Room, find_room

GIB = 1024**3
MEMINFO = "MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:    8388608 kB\n"
V1_NONE = 9223372036854771712


class Tree:
    """A /proc in a folder, with mounts of cgroups beside it."""

    def __init__(self, folder: Path) -> None:
        self.proc = folder / "proc"
        self.mount = folder / "sys fs" / "cgroup"
        (self.proc / "self").mkdir(parents=True)
        self.mount.mkdir(parents=True)
        self.write_proc("meminfo", MEMINFO)
        self.write_proc("self/statm", "1000 200 50 10 0 300 0\n")

    def write_proc(self, name: str, text: str) -> None:
        (self.proc / name).write_text(text)

    def mounted(self, version: int, root: str = "/") -> None:
        point = str(self.mount).replace(" ", "\\040")
        kind = "cgroup2 cgroup2 rw,nsdelegate" if version == 2 else "cgroup cgroup rw,memory"
        lines = [
            "22 1 0:21 / /proc rw,nosuid - proc proc rw",
            f"30 24 0:27 {root} {point} rw,nosuid shared:9 master:2 - {kind}",
            "31 24 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu",
        ]
        self.write_proc("self/mountinfo", "\n".join(lines) + "\n")

    def group(self, path: str, **files: object) -> None:
        folder = self.mount / path.strip("/")
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(f"{text}\n")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(machine.resource, "getrlimit", lambda _: unlimited)
    return Tree(tmp_path)


def test_without_cgroups_it_is_what_the_machine_has_left(tree: Tree) -> None:
    assert find_room(tree.proc) == Room(8 * GIB, "this machine")


def test_version_2_from_the_own_group_upwards(tree: Tree) -> None:
    tree.mounted(2)
    tree.write_proc("self/cgroup", "0::/user.slice/session.scope\n")
    tree.group("/user.slice", memory__max=3 * GIB, memory__current=2 * GIB, memory__high="max")
    tree.group("/user.slice/session.scope", memory__max="max", memory__current=GIB)
    assert find_room(tree.proc) == Room(GIB, f"cgroup {tree.mount}/user.slice")


def test_where_allocations_are_slowed_down_counts_as_the_limit(tree: Tree) -> None:
    tree.mounted(2)
    tree.write_proc("self/cgroup", "0::/a\n")
    tree.group("/a", memory__max=4 * GIB, memory__high=2 * GIB, memory__current=GIB)
    assert find_room(tree.proc) == Room(GIB, f"cgroup {tree.mount}/a")


@pytest.mark.parametrize("version", [1, 2])
def test_cached_pages_of_files_are_free(tree: Tree, version: int) -> None:
    tree.mounted(version)
    if version == 2:
        tree.write_proc("self/cgroup", "0::/\n")
        tree.group(
            "/",
            memory__max=4 * GIB,
            memory__current=4 * GIB,
            memory__stat=f"anon 1\nfile 2\ninactive_file {GIB}",
        )
    else:
        tree.write_proc("self/cgroup", "5:memory:/\n0::/\n")
        tree.group(
            "/", memory__limit_in_bytes=4 * GIB, memory__usage_in_bytes=4 * GIB,
            memory__stat=f"inactive_file 7\ntotal_inactive_file {GIB}",
        )  # fmt: skip
    assert find_room(tree.proc) == Room(GIB, f"cgroup {tree.mount}")


def test_version_1_without_a_limit(tree: Tree) -> None:
    tree.mounted(1)
    tree.write_proc("self/cgroup", "9:cpu:/\n4:blkio,memory:/run/7\n0::/\n")
    tree.group("/run/7", memory__limit_in_bytes=V1_NONE, memory__usage_in_bytes=GIB)
    assert find_room(tree.proc) == Room(8 * GIB, "this machine")


def test_a_container_that_sees_its_own_group_as_the_root(tree: Tree) -> None:
    tree.mounted(1, root="/docker/abc")
    tree.write_proc("self/cgroup", "4:memory:/docker/abc/inner\n")
    tree.group("/inner", memory__limit_in_bytes=2 * GIB, memory__usage_in_bytes=GIB)
    tree.group("/", memory__limit_in_bytes=GIB + 5, memory__usage_in_bytes=GIB)
    assert find_room(tree.proc) == Room(5, f"cgroup {tree.mount}")


@pytest.mark.parametrize("path", ["/../../elsewhere", "/docker/of-the-host"])
def test_a_group_that_is_not_visible_here_is_the_one_that_is_mounted(tree: Tree, path: str) -> None:
    tree.mounted(2)
    tree.write_proc("self/cgroup", f"0::{path}\n")
    tree.group("/", memory__max=2 * GIB, memory__current=GIB)
    assert find_room(tree.proc) == Room(GIB, f"cgroup {tree.mount}")


def test_more_used_than_allowed_leaves_nothing(tree: Tree) -> None:
    tree.mounted(2)
    tree.write_proc("self/cgroup", "0::/\n")
    tree.group("/", memory__max=GIB, memory__current=2 * GIB)
    assert find_room(tree.proc) == Room(0, f"cgroup {tree.mount}")


def test_limits_of_the_process(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    page = resource.getpagesize()
    limits = {resource.RLIMIT_AS: 1500 * page, resource.RLIMIT_DATA: 700 * page}
    monkeypatch.setattr(machine.resource, "getrlimit", lambda which: (limits[which], -1))
    assert find_room(tree.proc) == Room(400 * page, "RLIMIT_DATA")
    limits[resource.RLIMIT_AS] = 1001 * page
    assert find_room(tree.proc) == Room(page, "RLIMIT_AS")


def test_a_system_without_proc_has_what_the_machine_has(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1000}
    monkeypatch.setattr(machine.os, "sysconf", sizes.__getitem__)
    assert find_room(tree.proc / "nothing") == Room(4_096_000, "this machine")


def test_nothing_is_known_where_the_system_says_nothing(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(machine.os, "sysconf", unknown)
    assert find_room(tree.proc / "nothing") is None


def test_a_limit_of_a_real_process_is_found() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30));"
        "from scalekit.machine import find_room; print(find_room())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "RLIMIT_DATA" in done.stdout


def test_what_was_found_is_believed_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    now, rooms = [1000.0], iter([Room(1, "a"), Room(2, "b")])
    monkeypatch.setattr(machine, "_seen", machine._Seen())
    monkeypatch.setattr(machine.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(machine, "find_room", lambda: next(rooms))
    assert machine.room() == machine.room() == Room(1, "a")
    now[0] += 2 * machine.FRESH
    assert machine.room() == Room(2, "b")
