"""Seconds of a plan: more work never costs less, and what a cluster adds to it."""

from __future__ import annotations

import polars as pl
import pytest

import scalekit as sk
from scalekit import col, run
from scalekit.config import resolve
from scalekit.estimate.amounts import Size
from scalekit.estimate.costs import KINDS, Costs, EngineCosts, shipped_costs
from scalekit.estimate.seconds import amounts, seconds, sizes_of, total
from scalekit.estimate.work import Limits, Work, work_of
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Aggregate, Filter, Join, Scan
from scalekit.tree import walk

ENGINES = {"polars": None, "memory": None, "pandas": None, "dask": 2, "ray": 2}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    facts = pl.DataFrame({"k": [1, 2, 3] * 40, "x": [0.5] * 120, "t": ["some text"] * 120})
    facts.write_parquet(folder / "facts.parquet")
    facts.write_csv(folder / "facts.csv")
    facts.write_ndjson(folder / "facts.ndjson")
    pl.DataFrame({"k": [1, 2], "w": [1.0, 2.0]}).write_parquet(folder / "side.parquet")
    return folder


def _plans(files):
    f = sk.scan_parquet(files / "facts.parquet")
    side = sk.scan_parquet(files / "side.parquet")
    return {
        "scan": f,
        "csv": sk.scan_csv(files / "facts.csv"),
        "ndjson": sk.scan_ndjson(files / "facts.ndjson"),
        "memory": sk.from_dict({"k": [1, 2, 3], "x": [0.1, 0.2, 0.3]}),
        "filter": f.filter((col("x") > 0.1) & col("t").str.contains("a")),
        "columns": f.with_columns(y=col("x") * 2 + 1),
        "window": f.with_columns(m=col("x").sum().over("k")),
        "few": f.group_by("k").agg(col("x").sum()),
        "texts": f.group_by("t").agg(col("x").mean()),
        "total": f.select(col("x").sum()),
        "join": f.join(side, on="k"),
        "semi": f.join(side, on="k", how="semi"),
        "cross": f.join(side, how="cross"),
        "asof": f.sort("x").join_asof(side.sort("w"), left_on="x", right_on="w"),
        "sort": f.sort("x", "t"),
        "top": f.sort("x").head(1),
        "unique": f.unique("k"),
        "union": sk.concat([f, f.filter(col("x") > 1)]),
        "unpivot": f.unpivot(on=["k", "x"]),
        "head": f.head(10),
        "function": f.map_batches(lambda frame: frame, schema=dict(f.schema)),
    }


def _optimized(frame):
    return run.optimized_plan(frame._plan, resolve(backend="polars"))


def _sizes(plan, rows):
    return {node: Size(rows, 8.0 * rows * max(1, len(schema_of(node)))) for node in walk(plan)}


NAMES = tuple(
    [
        "scan",
        "csv",
        "ndjson",
        "memory",
        "filter",
        "columns",
        "window",
        "few",
        "texts",
        "total",
        "join",
        "semi",
        "cross",
        "asof",
        "sort",
        "top",
        "unique",
        "union",
        "unpivot",
        "head",
        "function",
    ]
)


def test_every_plan_is_named(files):
    assert set(_plans(files)) == set(NAMES)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NAMES)
def test_more_rows_never_cost_less(files, name, engine):
    plan, costs = _optimized(_plans(files)[name]), shipped_costs().of(engine)
    took = [
        total(work_of(plan, _sizes(plan, float(10**n))), costs, ENGINES[engine]) for n in range(10)
    ]
    assert took[0] > 0
    assert took == sorted(took)
    assert took[-1] > took[0]


@pytest.mark.parametrize("kind", KINDS)
def test_dearer_work_never_costs_less(files, kind):
    for frame in _plans(files).values():
        plan = _optimized(frame)
        work = work_of(plan, _sizes(plan, 1e8))
        cheap = EngineCosts(slots=2, **dict.fromkeys(KINDS, 1e-9))
        dear = EngineCosts(slots=2, **{**dict.fromkeys(KINDS, 1e-9), kind: 1e-3})
        assert total(work, cheap, 2) <= total(work, dear, 2)


def test_every_kind_of_work_is_found_somewhere(files):
    found = set()
    for frame in _plans(files).values():
        plan = _optimized(frame)
        found |= {one.kind for one in work_of(plan, _sizes(plan, 1e8))}
    plan = _optimized(sk.scan_parquet(files / "facts.parquet").filter(col("x") > 0.1))
    sizes = {n: Size(10.0 if isinstance(n, Filter) else 1e6, 1e6) for n in walk(plan)}
    found |= {one.kind for one in work_of(plan, sizes)}
    assert found == set(KINDS)


def test_more_workers_take_less_for_what_is_in_parts_and_as_long_for_one_part(files):
    plan, costs = _optimized(_plans(files)["few"]), shipped_costs().of("dask")
    many, one = (work_of(plan, _sizes(plan, rows)) for rows in (1e8, 100.0))
    assert total(many, costs, 20) < total(many, costs, 2) / 4
    assert total(one, costs, 20) == pytest.approx(total(one, costs, 2))


def test_one_worker_does_a_table_of_one_part(files):
    shared = amounts([Work("arithmetic", 100.0)], 2, 4)
    alone = amounts([Work("arithmetic", 100.0, shared=False)], 2, 4)
    here = amounts([Work("arithmetic", 100.0, shared=False)], 2, None)
    assert (shared["arithmetic"], alone["arithmetic"], here["arithmetic"]) == (50.0, 200.0, 100.0)


def _kinds(frame, rows, limits=None):
    plan = _optimized(frame)
    found = amounts(work_of(plan, _sizes(plan, rows), limits), 1, None)
    return {kind: amount for kind, amount in found.items() if amount}


def test_a_small_table_moves_nowhere(files):
    for name in ("few", "join", "sort", "window", "unique"):
        found = _kinds(_plans(files)[name], 100.0)
        assert "exchange_byte" not in found
        assert found["stage"] == 1


def test_a_large_table_meets_by_keys_and_a_small_side_goes_to_all(files):
    assert _kinds(_plans(files)["sort"], 1e8)["exchange_byte"] > 0
    assert _kinds(_plans(files)["join"], 1e8)["exchange_byte"] > 0
    plan = _optimized(_plans(files)["join"])
    (join,) = [node for node in walk(plan) if isinstance(node, Join)]
    sizes = _sizes(plan, 1e8) | {node: Size(10, 100) for node in walk(join.right)}
    found = amounts(work_of(plan, sizes), 1, None)
    assert found["exchange_byte"] == 0
    never = amounts(work_of(plan, sizes, Limits(broadcast_bytes=0)), 1, None)
    assert never["exchange_byte"] > 0


def test_a_filter_above_a_scan_spares_its_other_columns(files):
    plan = _optimized(sk.scan_parquet(files / "facts.parquet").filter(col("x") > 0.1))
    (scan,) = [node for node in walk(plan) if isinstance(node, Scan)]
    for share in (1.0, 0.25, 0.0):
        sizes = {node: Size(120 * share, 1) for node in walk(plan)} | {scan: Size(120, 1000)}
        found = amounts(work_of(plan, sizes), 1, None)
        assert found["parquet_value"] == pytest.approx(120 + 120 * share)
        assert found["skipped_value"] == pytest.approx(120 * (1 - share))


def test_few_rows_of_a_sort_are_no_sort(files):
    assert "sort_row" not in _kinds(_plans(files)["top"], 1e6)
    assert _kinds(_plans(files)["sort"], 1e6)["sort_row"] > 1e6


def test_what_nobody_knows_has_a_size(files):
    plan = _optimized(_plans(files)["few"])
    unknown = {node: type("Estimate", (), {"rows": None, "bytes": None})() for node in walk(plan)}
    assert all(size.rows > 0 and size.bytes > 0 for size in sizes_of(unknown).values())
    assert seconds(plan, unknown, shipped_costs(), "polars") > 0


def test_seconds_are_those_of_the_estimates(files):
    plan = _optimized(_plans(files)["few"])
    found = run.estimates(plan)
    costs = Costs("m", {"polars": EngineCosts(query=1.0, group_row=1.0, node=0.0)})
    rows = found[next(n for n in walk(plan) if isinstance(n, Scan))].rows
    assert any(isinstance(node, Aggregate) for node in walk(plan))
    assert seconds(plan, found, costs, "polars") == pytest.approx(
        1.0 + float(getattr(rows, "guess", rows))
    )
