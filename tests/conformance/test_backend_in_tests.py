"""A backend is one file and one line: threads that run tasks, declared as any package would, keep the contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.registry import available, get_backend
from scalekit.testing.cases import CASES
from scalekit.testing.fuzz import check
from scalekit.testing.in_parts import MANY, differences, share

FILE = Path(__file__).with_name("thread_pool.py")
LINE = "threads = tests.conformance.thread_pool:ThreadPoolBackend"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "adding-a-backend.md"


@pytest.fixture(scope="module", autouse=True)
def declared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The line, in the metadata of an installed package."""
    folder = tmp_path_factory.mktemp("site")
    metadata = folder / "threads-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: threads\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[scalekit.backends]\n{LINE}\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(folder)
        _forget()
        yield
    _forget()


def _forget() -> None:
    available.cache_clear()
    get_backend.cache_clear()


def test_it_is_a_short_file() -> None:
    assert len(FILE.read_text(encoding="utf-8").splitlines()) < 40


def test_the_documentation_shows_the_file_and_the_line() -> None:
    page = PAGE.read_text(encoding="utf-8")
    code = FILE.read_text(encoding="utf-8").partition("import annotations\n")[2]
    assert code.strip() in page
    assert LINE.partition("=")[0].strip() in page


def test_it_is_chosen_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = (
        sk.from_dict({"k": [1, 2, 1], "x": [1, 2, 3]}).group_by("k").agg(col("x").sum()).sort("k")
    )
    monkeypatch.setenv("SCALEKIT_BACKEND", "threads")
    assert frame.collect().rows() == [(1, 4), (2, 2)]
    assert "backend: threads" in frame.explain()
    assert "EXCHANGE" in frame.explain(stage="physical")


@pytest.mark.parametrize("first", range(10))
def test_it_keeps_the_contract(first: int) -> None:
    for case in CASES[first::40]:
        few = [parts for parts in share(case) if parts.partitions != MANY]
        assert not differences(case, few, "threads"), str(case)


def test_random_plans_agree() -> None:
    for seed in range(200_000, 200_030):
        assert not check(seed, ["threads"]), seed
