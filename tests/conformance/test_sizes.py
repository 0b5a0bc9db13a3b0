"""Cases in as many parts as their sizes ask for: what is decided by true sizes gives the reference's answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple
from zlib import crc32

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.serial import SerialCluster
from scalekit.backends.tasks import driver, exchange, join, side
from scalekit.backends.tasks.run import Run
from scalekit.config import config
from scalekit.frame.frame import Frame
from scalekit.plan.nodes import Scan
from scalekit.sources.memory import MemorySource
from scalekit.testing.case import Case
from scalekit.testing.cases import CASES
from scalekit.testing.compare import Expected, assert_answers, expected_of
from scalekit.testing.data import DATASETS, dataset


class Way(NamedTuple):
    """Bytes up to which a table is small, where one is cut or sent to all, and who does the end."""

    small: int
    partition_bytes: int
    broadcast_bytes: int
    ends_here: bool


WAYS = (
    Way(0, 200, 0, ends_here=False),
    Way(0, 200, 64, ends_here=True),
    Way(300, 400, 0, ends_here=True),
    Way(300, 400, 2**20, ends_here=False),
    Way(600, 5_000, 64, ends_here=True),
    Way(100, 2**26, 0, ends_here=True),
)
"""From every table in many parts to almost all of them in one."""

SHARE = 5
"""Of so many cases one is run."""


def hashed(case: Case) -> int:
    return crc32(str(case).encode())


SOME = [case for case in CASES if hashed(case) % SHARE == 0]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Frame, Expected, Way], None]:
    """Compare what a frame gives in a way with what is expected."""

    def compare(frame: Frame, expected: Expected, way: Way) -> None:
        monkeypatch.setattr("scalekit.backends.tasks.scan.SMALL", way.small)
        monkeypatch.setattr("scalekit.backends.tasks.parts.SMALL", way.small)
        monkeypatch.setattr(SerialCluster, "is_here", lambda _cluster, _refs: way.ends_here)
        with config(partition_bytes=way.partition_bytes, broadcast_bytes=way.broadcast_bytes):
            assert_answers(frame, "serial", expected)

    return compare


def several() -> pl.DataFrame:
    """Rows of which some are equal, null and NaN; their sums are exact, in any order."""
    rows = pl.concat([dataset(name) for name in ("ordinary", "duplicates", "nan_null")])
    return rows.with_columns(o=pl.int_range(pl.len(), dtype=pl.Int64))


@pytest.mark.parametrize("case", SOME, ids=str)
def test_case_by_sizes(case: Case, answers: Callable[..., None]) -> None:
    place = hashed(case) // SHARE
    for number, rows in enumerate((several(), dataset(DATASETS[place % len(DATASETS)]))):
        frame = case.build(Frame(Scan(MemorySource(rows))))
        answers(frame, expected_of(frame), WAYS[(place // 8 + number) % len(WAYS)])


# What no case has: tables of very different sizes, keys that few or most rows have


def table(rows: int, keys: int, **more: Any) -> Frame:
    held = [None if n % 13 == 0 else n * 7 % keys for n in range(rows)]
    columns = {"k": held, "j": [n % 5 for n in range(rows)], "v": list(range(rows)), **more}
    return Frame(Scan(MemorySource(pl.DataFrame(columns))))


LARGE, FEW = table(400, 60), table(12, 9).rename({"v": "w"})
SKEWED = table(400, 60).with_columns(k=sk.when(col("v") % 10 != 0).then(3).otherwise(col("k")))
ON = {"on": "k", "suffix": "_of_right"}

JOINS: dict[str, Frame] = {
    "a few selected rows": LARGE.join(FEW.filter(col("w") > 4), **ON),
    "of which none is left": LARGE.join(FEW.filter(col("w") > 40), **ON),
    "first": FEW.filter(col("w") > 4).join(LARGE, **ON),
    "of both keys": LARGE.join(FEW.filter(col("w") > 4), on=["k", "j"]),
    "whose rows are": LARGE.join(FEW.filter(col("w") > 4), on="k", how="semi"),
    "whose rows are not": LARGE.join(FEW.filter(col("w") > 4), on="k", how="anti"),
    "nulls too": LARGE.join(FEW.filter(col("w") != 4), nulls_equal=True, **ON),
    "in order": LARGE.sort("v").join(
        FEW.filter(col("w") > 4).sort("w"), maintain_order="left_right", **ON
    ),
    "from the right": FEW.join(LARGE.filter(col("v") > 4), how="right", **ON),
    "matching a large one": FEW.join(LARGE, how="left", **ON),
    "in a large one": FEW.join(LARGE, on="k", how="semi"),
    "a key of most rows": SKEWED.join(table(90, 60), **ON),
    "a chain": LARGE.join(FEW.filter(col("w") > 4), **ON)
    .join(FEW.select("j", u="w").unique("j", keep="first", maintain_order=True), on="j")
    .group_by("k")
    .agg(col("v").sum(), n=sk.len()),
    "a filter that leaves little": LARGE.filter(col("v") * 1 < 9).join(table(60, 30), **ON),
    "a filter that leaves all": LARGE.filter(col("v") * 1 < 900).join(table(60, 30), **ON),
    "nearest": LARGE.join_asof(FEW.select(v=col("w") * 30, w="w"), on="v"),
    "all pairs": LARGE.filter(col("v") < 30).join(FEW.select("w"), how="cross"),
    "groups": LARGE.group_by("k").agg(col("v").sum(), m=col("v").max()),
    "groups of few": LARGE.filter(col("v") < 9).group_by("k").agg(col("v").sum()),
    "in parts again": LARGE.group_by("k").agg(col("v").sum()).sort("v").head(7),
}


class Decisions:
    """Counts what was decided by true sizes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken: Counter[str] = Counter()
        self._patch = monkeypatch
        self._of(join, "_broadcast", bool)
        self._of(join, "_reduced", bool)
        self._of(join, "_joined_there", bool)
        self._of(join, "_exchanged", bool)
        self._of(join, "join_ranges", bool)
        self._of(join, "_is_read_by_each", bool)
        self._of(join, "sieved", lambda found, fragment, _: found is not fragment)
        self._of(join, "unskewed", lambda found, _node, given, _run: found[0] is not given[0])
        self._of(exchange, "coalesced", lambda found, given, _: found is not given)
        self._of(exchange, "as_one_task", lambda found, given, _: found is not given)
        self._of(driver, "is_quick", bool)
        self._of(side.Side, "look", lambda *_: True)
        self._of(Run, "ended", lambda *_: True)

    def _of(self, owner: Any, name: str, is_taken: Callable[..., bool]) -> None:
        real = getattr(owner, name)

        def counted(*given: Any) -> Any:
            found = real(*given)
            self.taken[name] += bool(is_taken(found, *given) if is_taken is not bool else found)
            return found

        self._patch.setattr(owner, name, counted)


@pytest.fixture
def decisions(monkeypatch: pytest.MonkeyPatch) -> Decisions:
    return Decisions(monkeypatch)


def test_tables_of_other_sizes(answers: Callable[..., None], decisions: Decisions) -> None:
    for name, frame in JOINS.items():
        expected = expected_of(frame)
        assert isinstance(expected, pl.DataFrame), name
        for way in WAYS:
            answers(frame, expected, way)
    never = [name for name, times in decisions.taken.items() if not times]
    assert not never
