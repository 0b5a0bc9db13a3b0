"""The measuring of constants: the fit finds those that times were made of, and the whole of it runs end to end."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.calibrate import command, micro
from benchmarks.calibrate.fit import fitted
from benchmarks.calibrate.measure import queries
from scalekit.estimate.costs import KINDS, EngineCosts, load_costs, this_machine
from scalekit.estimate.seconds import amounts


def _made_up(random, count=40, kinds=("query", "arithmetic", "join_probe")):
    return [
        {"query": 1.0, **{kind: float(random.integers(0, 10**6)) for kind in kinds[1:]}}
        for _ in range(count)
    ]


TRUE = EngineCosts(slots=2, query=0.01, arithmetic=3e-9, join_probe=5e-8)


def _times(work):
    return [sum(amount * getattr(TRUE, kind) for kind, amount in one.items()) for one in work]


def test_the_fit_finds_what_times_were_made_of() -> None:
    work = _made_up(np.random.default_rng(1))
    found = fitted(work, _times(work), EngineCosts(), ("query", "arithmetic", "join_probe"), 2)
    assert found.slots == 2
    assert found.query == pytest.approx(TRUE.query, rel=0.01)
    assert found.arithmetic == pytest.approx(TRUE.arithmetic, rel=0.05)
    assert found.join_probe == pytest.approx(TRUE.join_probe, rel=0.01)


def test_noise_makes_no_constant_negative() -> None:
    random = np.random.default_rng(2)
    work = _made_up(random, 30, ("query", *KINDS[4:]))
    times = [abs(random.normal(1, 1)) for _ in work]
    found = fitted(work, times, EngineCosts())
    assert all(getattr(found, kind) >= 0 for kind in KINDS)


def test_what_the_queries_say_nothing_of_stays_as_it_was() -> None:
    work = _made_up(np.random.default_rng(3))
    before = EngineCosts(text=7e-8, query=0.05)
    found = fitted(work, _times(work), before)
    assert found.text == pytest.approx(7e-8)
    assert found.query == pytest.approx(TRUE.query, rel=0.01)


def test_kinds_that_a_backend_does_not_have_cost_nothing() -> None:
    work = _made_up(np.random.default_rng(4))
    found = fitted(work, _times(work), EngineCosts(text=1.0), ("query", "arithmetic"))
    assert found.text == 0
    assert found.join_probe == 0


def test_the_queries_have_every_kind_of_work_between_them(tmp_path) -> None:
    tables = [micro.made(tmp_path / str(rows), rows) for rows in (300, 600)]
    found = queries(tables)
    assert len({(query.name, query.rows) for query in found}) == len(found)
    kinds = {kind for query in found for kind in amounts(query.work, 2, 2)}
    assert set(KINDS) - kinds == {"exchange_byte"}  # so few bytes do not move
    nothing = [query for query in found if query.name == "nothing"]
    assert len(nothing) == 1


def test_calibrate_end_to_end(tmp_path, capsys) -> None:
    out = tmp_path / "costs.json"
    given = ["--backend", "polars,memory,pandas", "--rows", "200,400", "--repeat", "1"]
    assert command.main([*given, "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "parquet_value" in shown
    assert "pandas: predicted over measured" in shown
    assert str(out) in shown
    found = load_costs(out)
    assert found.origin.startswith("measured")
    kinds = [found.of(name) for name in ("polars", "memory", "pandas")]
    assert all(kind.query + kind.node > 0 for kind in kinds)
    assert found.of("polars").stage == 0
    assert list(json.loads(out.read_text())["machines"]) == [this_machine()]


def test_a_backend_that_does_not_exist_is_refused(capsys) -> None:
    with pytest.raises(SystemExit):
        command.main(["--backend", "polars,spark"])
    assert (
        "no backend 'spark': there are polars, memory, pandas, dask, ray" in capsys.readouterr().err
    )
