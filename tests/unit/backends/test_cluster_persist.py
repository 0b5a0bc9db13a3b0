"""Results that stay where they were made: read in place, freed with their frame, and named when they are gone."""

from __future__ import annotations

import gc
import pickle
import weakref
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit.backends.serial import SerialBackend, SerialCluster
from scalekit.backends.tasks import results
from scalekit.backends.tasks.cluster import Cluster, Ref, Submitted
from scalekit.errors import ExecutionError, SourceError
from scalekit.kernels.task import Facts
from scalekit.plan.nodes import Scan
from scalekit.sources.memory import MemorySource
from scalekit.sources.persisted import PersistedSource

ROWS = pl.DataFrame(
    {"i": range(40), "k": [n % 3 for n in range(40)], "s": ["x" * n for n in range(40)]}
)
SERIAL: dict[str, Any] = {"backend": "serial", "partitions": 4}


class Table:
    """A value on the watched cluster."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Watched(SerialCluster):
    """A cluster that holds its tables behind references, counts what leaves it, and can be lost."""

    def __init__(self) -> None:
        self.lost = False
        self.submitted = self.fetched = self.rows = 0
        self.held: weakref.WeakSet[Table] = weakref.WeakSet()

    session = property(lambda self: self)  # type: ignore[assignment]

    @property
    def is_alive(self) -> bool:
        return not self.lost

    def put(self, value: Any) -> Any:
        return value if isinstance(value, bytes) else self._hold(value)

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        self.submitted += 1
        done = super().submit(packed, facts, [table.value for table in tables], outputs)
        return Submitted([self._hold(table) for table in done.tables], done.report)

    def fetch(self, refs: Sequence[Ref]) -> list[Any]:
        if self.lost:
            raise ExecutionError("the scheduler does not answer")
        tables = [ref.value for ref in refs if isinstance(ref, Table)]
        self.fetched += len(tables)
        self.rows += sum(table.num_rows for table in tables)
        return [ref.value if isinstance(ref, Table) else ref for ref in refs]

    def _hold(self, value: Any) -> Table:
        held = Table(value)
        self.held.add(held)
        return held


@pytest.fixture
def cluster(monkeypatch):
    watched = Watched()
    monkeypatch.setattr(SerialBackend, "connect", lambda _self, _config: watched)
    return watched


@pytest.fixture
def frame() -> Any:
    return sk.from_polars(ROWS).filter(sk.col("i") >= 4)


def source_of(frame: Any) -> Any:
    plan = frame._plan
    assert isinstance(plan, Scan)
    return plan.source


def test_parts_stay_on_the_cluster_and_are_read_there(cluster, frame):
    kept = frame.persist(**SERIAL)
    assert isinstance(source_of(kept), PersistedSource)
    assert cluster.fetched == 0
    totals = kept.group_by("k").agg(n=sk.len()).sort("k").collect(**SERIAL)
    assert totals["n"].to_list() == [12, 12, 12]
    assert cluster.rows == 3, "the totals, and none of the rows"
    assert kept.collect(**SERIAL).equals(ROWS[4:])


@pytest.fixture
def counted(tmp_path):
    """A frame that notes each run of its function, in whatever process, and how often it ran."""
    log = tmp_path / "ran"

    def note(rows: pl.DataFrame, path: str = str(log)) -> pl.DataFrame:
        if rows.height:
            with open(path, "a") as file:
                file.write("x")
        return rows

    frame = sk.from_polars(ROWS).map_batches(note, schema=dict(ROWS.schema))
    return frame, lambda: len(log.read_text()) if log.exists() else 0


def test_the_plan_runs_once(cluster, counted):
    frame, runs = counted
    kept = frame.persist(**SERIAL)
    before = runs()
    kept.select(sk.col("i").sum()).collect(**SERIAL)
    kept.head(3).collect(**SERIAL)
    assert runs() == before > 0


@pytest.mark.parametrize(
    "query",
    [
        lambda f: f,
        lambda f: f.select("k"),
        lambda f: f.select("s", "i"),
        lambda f: f.head(7),
        lambda f: f.filter(sk.col("k") == 1).select("i"),
        lambda f: f.tail(3),
        lambda f: f.select(sk.len()),
        lambda f: f.join(f.select("i", t="k"), on="i").sort("i"),
        lambda f: sk.concat([f, f]),
        lambda f: f.with_row_index(),
    ],
)
@pytest.mark.parametrize("backend", ["serial", "polars", "pandas"])
def test_the_rows_are_the_same_everywhere(cluster, frame, query, backend):
    expected = query(sk.from_polars(ROWS[4:])).collect(backend="polars")
    assert query(frame.persist(**SERIAL)).collect(backend=backend).equals(expected)


def test_types_are_those_of_the_plan(cluster):
    frame = (
        sk.from_polars(ROWS).group_by("k").agg(m=sk.col("i").cast(sk.Float32).mean(), n=sk.len())
    )
    kept = frame.persist(**SERIAL)
    assert kept.schema == frame.schema
    assert dict(kept.collect(**SERIAL).schema) == dict(frame.schema)


def test_rows_in_no_order_have_one_from_then_on(cluster, frame):
    kept = frame.group_by("k").agg(n=sk.len()).persist(**SERIAL)
    assert kept.with_row_index().collect(**SERIAL)["index"].to_list() == [0, 1, 2]


def test_nothing_is_persisted_as_nothing(cluster, frame):
    kept = frame.filter(sk.col("i") < 0).persist(**SERIAL)
    assert kept.collect(**SERIAL).equals(ROWS.clear())
    assert kept.collect(backend="polars").equals(ROWS.clear())


def test_it_says_where_it_is(cluster, frame):
    kept = frame.select("i").persist(**SERIAL)
    where = "persisted on serial: 4 parts, 36 rows, 288 bytes"
    assert repr(kept) == f"Frame[i: Int64]\n{where}; would run on serial; 36 rows, 288 bytes"
    assert where in kept._repr_html_()
    assert where in kept.head(3).explain()
    assert where in kept.explain(stage="physical", **SERIAL)


def test_queries_run_where_their_rows_are(cluster, frame):
    kept = frame.persist(**SERIAL)
    assert "auto: its input is persisted on serial" in kept.select("i").explain()
    assert kept.join(sk.from_polars(ROWS), on="i").collect().height == 36
    cluster.lost = True
    assert "backend: polars" in kept.select("i").explain()


def test_parts_are_freed_with_the_last_frame(cluster, frame):
    kept = frame.persist(**SERIAL)
    derived = kept.filter(sk.col("k") == 0).select("i")
    derived.collect(**SERIAL)
    gc.collect()
    assert len(cluster.held) == 4
    del kept
    gc.collect()
    assert len(cluster.held) == 4
    assert derived.collect(**SERIAL).height == 12
    del derived
    gc.collect()
    assert len(cluster.held) == 0


def test_a_query_leaves_nothing_on_the_cluster(cluster, frame):
    frame.group_by("k").agg(sk.col("i").sum()).sort("k").collect(**SERIAL)
    gc.collect()
    assert len(cluster.held) == 0


def test_only_the_first_parts_are_brought_for_a_head(cluster, frame):
    kept = frame.persist(**SERIAL)
    kept.head(2).collect(backend="polars")
    assert cluster.fetched == 1


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_a_lost_cluster_is_named_with_the_way_out(cluster, frame, backend):
    kept = frame.persist(**SERIAL)
    cluster.lost = True
    with pytest.raises(SourceError, match=r"persisted on serial: 4 parts.*gone.*persist\(\)"):
        kept.collect(backend=backend)


def test_a_cluster_that_was_started_again_has_nothing(cluster, frame, monkeypatch):
    kept = frame.persist(**SERIAL)
    cluster.lost = True
    monkeypatch.setattr(SerialBackend, "connect", lambda _self, _config: Watched())
    with pytest.raises(SourceError, match=r"gone.*persist\(\)"):
        kept.select("i").collect(**SERIAL)


def test_another_cluster_is_given_the_rows(cluster, frame, monkeypatch):
    kept = frame.persist(**SERIAL)
    other = Watched()
    monkeypatch.setattr(SerialBackend, "connect", lambda _self, _config: other)
    assert kept.collect(address="elsewhere", **SERIAL).equals(ROWS[4:])
    assert cluster.fetched == 4


def test_what_is_persisted_here_is_in_memory(frame):
    for backend in ("polars", "pandas"):
        kept = frame.select("i").persist(backend=backend)
        assert isinstance(source_of(kept), MemorySource)
        assert f"SCAN persisted on {backend}: 1 part, 36 rows" in kept.head(1).explain()
        assert kept.collect(backend="serial", partitions=3).equals(ROWS[4:].select("i"))


def test_references_do_not_travel(cluster, frame):
    with pytest.raises(SourceError, match="write them to files"):
        pickle.dumps(source_of(frame.persist(**SERIAL)))


def test_batches_come_part_by_part(cluster, frame, monkeypatch):
    monkeypatch.setattr(results, "FETCHED", 1)
    batches = frame.collect_batches(chunk_size=5, **SERIAL)
    first = next(batches)
    assert first.equals(ROWS[4:9])
    assert cluster.fetched < 4
    rest = list(batches)
    assert pl.concat([first, *rest]).equals(ROWS[4:])
    assert max(batch.height for batch in rest) <= 5


def test_batches_of_many_parts_do_not_wait_for_the_last(cluster):
    frame = sk.from_polars(ROWS).filter(sk.col("k") < 5)
    batches = frame.collect_batches(backend="serial", partitions=40)
    assert next(batches).height == 1
    assert cluster.submitted == 8
    assert pl.concat(batches).equals(ROWS[1:])
    assert cluster.submitted == 40


def test_a_default_cluster_is_a_session_of_its_own():
    class Plain(SerialCluster):
        session = Cluster.session

    one = Plain()
    assert one.session is one
    assert one.again() is one
    assert one.is_alive
