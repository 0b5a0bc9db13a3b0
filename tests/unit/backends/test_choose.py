from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

import scalekit as sk
from scalekit.backends import apart
from scalekit.backends import choose as choosing
from scalekit.backends import reachable as reaching
from scalekit.backends.admission import Admission
from scalekit.backends.choose import choose
from scalekit.backends.decision import Candidate, Decision
from scalekit.backends.place import backend_of
from scalekit.config import resolve
from scalekit.errors import ConfigError, MemoryBudgetError

FRAME = sk.from_polars(pl.DataFrame({"x": range(1000)}))
NUMBERS = sk.from_polars(pl.DataFrame({"x": pl.int_range(4_000_000, eager=True)}))
LARGE = NUMBERS.sort("x", descending=True)  # Polars holds some 80 MB for it, the result is 32 MB
SMALL_BUDGET = "60MB"
SLOTS_SEEN = (
    reaching._slots
)  # which tests are kept from, so that they do not see the clusters of others


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (
        "SCALEKIT_BACKEND",
        "SCALEKIT_ADDRESS",
        "DASK_SCHEDULER_ADDRESS",
        "RAY_ADDRESS",
    ):
        monkeypatch.delenv(variable, raising=False)
    for module in ("ray", "distributed"):  # of tests that ran before
        monkeypatch.delitem(sys.modules, module, raising=False)


@pytest.mark.parametrize(
    ("address", "backend"),
    [("tls://scheduler:8786", "dask"), ("tcp://127.0.0.1:8786", "dask"), ("ray://head:10001", "ray"),
     ("head:6379", "ray"), ("auto", "ray")],
)  # fmt: skip
def test_auto_gives_a_configured_cluster_what_does_not_fit_here(
    monkeypatch: pytest.MonkeyPatch, address: str, backend: str
) -> None:
    monkeypatch.setenv("SCALEKIT_ADDRESS", address)
    decision = choose(LARGE._plan, resolve(memory_budget=SMALL_BUDGET))
    assert decision.backend == backend
    assert (
        f"the {backend.capitalize()} cluster of SCALEKIT_ADDRESS would take about"
        in decision.reason
    )
    assert "Polars streaming would not fit" in decision.reason


def test_auto_keeps_here_what_fits_and_says_what_the_cluster_would_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SCALEKIT_ADDRESS", "tls://scheduler:8786")
    last = FRAME.explain(memory_budget="300MB").splitlines()[-1]
    assert last.startswith("backend: polars (auto: Polars ")
    assert "; the Dask cluster of SCALEKIT_ADDRESS " in last
    assert last.endswith("; backend from default)")
    assert FRAME.collect().height == 1000  # and nobody looked for the scheduler


@pytest.mark.parametrize(
    ("variable", "backend"), [("DASK_SCHEDULER_ADDRESS", "dask"), ("RAY_ADDRESS", "ray")]
)
def test_auto_reads_the_engines_own_variables(
    monkeypatch: pytest.MonkeyPatch, variable: str, backend: str
) -> None:
    monkeypatch.setenv(variable, "tcp://127.0.0.1:8786")
    decision = choose(LARGE._plan, resolve(memory_budget=SMALL_BUDGET))
    assert (decision.backend, decision.chosen.origin) == (backend, variable)


def test_a_setting_goes_before_the_engines_own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    config = resolve(memory_budget=SMALL_BUDGET, address="tls://scheduler:8786")
    decision = choose(LARGE._plan, config)
    assert decision.backend == "dask"
    assert "Dask cluster of argument address=" in decision.reason


def test_auto_uses_a_cluster_that_this_session_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: True))  # type: ignore[arg-type]
    decision = choose(LARGE._plan, resolve(memory_budget=SMALL_BUDGET))
    assert decision.backend == "ray"
    assert "the Ray cluster of this session" in decision.reason


@pytest.mark.dask
def test_auto_uses_the_client_of_this_session() -> None:
    from distributed import Client

    config = resolve(memory_budget=SMALL_BUDGET)
    before = choose(LARGE._plan, config)
    with Client(
        processes=False, n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ):
        assert choose(LARGE._plan, config).backend == "dask"
    after = choose(LARGE._plan, config)
    assert (before.chosen.place, after.chosen.place) == ("refused", "refused")


def test_auto_starts_no_cluster_and_refuses_what_fits_nowhere() -> None:
    with pytest.raises(MemoryBudgetError, match=r"a larger budget .* a cluster .* head\(\)"):
        LARGE.collect(memory_budget=SMALL_BUDGET)
    assert "auto: nothing fits: " in LARGE.explain(memory_budget=SMALL_BUDGET)
    assert {"ray", "distributed"}.isdisjoint(sys.modules)


def test_what_is_in_memory_already_takes_no_more() -> None:
    assert NUMBERS.collect(memory_budget="20MB").height == 4_000_000


def test_a_result_over_the_budget_is_refused_whoever_computes_it() -> None:
    config = resolve(memory_budget="25MB", backend="dask")
    assert choose(LARGE._plan, config).chosen.place == "refused"
    assert choose(LARGE._plan, config, "write").chosen.is_possible


def test_small_frames_stay_here_beside_a_cluster() -> None:
    import pandas as pd

    small = sk.from_pandas(pd.DataFrame({"x": [1]}))
    decision = choose(small._plan, resolve(address="head:6379"))
    assert decision.chosen.place == "here"
    assert decision.chosen.seconds == min(w.seconds for w in decision.candidates)


def test_a_backend_that_is_asked_for_is_not_weighed() -> None:
    decision = choose(FRAME._plan, resolve(address="head:6379", backend="polars"))
    assert (decision.backend, decision.reason) == ("polars", "asked for")
    assert [way.seconds for way in decision.candidates] == [None]


def test_a_backend_that_is_asked_for_may_be_too_small() -> None:
    decision = choose(LARGE._plan, resolve(memory_budget=SMALL_BUDGET, backend="polars"))
    assert decision.reason.startswith("asked for; does not run")


# Weighing


def way(name: str, seconds: float, *, fits: bool = True, place: str = "here") -> Candidate:
    error = MemoryBudgetError("too large") if place == "refused" else None
    admission = Admission(place, "streaming", "said why", fits=fits, error=error)  # type: ignore[arg-type]
    return Candidate(name, name, seconds, None, admission)


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Decision]:
    """Choose between ways that a test makes up, in a process in which nothing ran before."""
    monkeypatch.setattr(choosing._Last, "name", "")

    def between(*found: Candidate) -> Decision:
        monkeypatch.setattr(choosing, "weighed", lambda *_: found)
        decision = choose(FRAME._plan, resolve())
        choosing.remember(decision)
        return decision

    return between


def test_the_quickest_is_chosen(ways: Callable[..., Decision]) -> None:
    assert ways(way("polars", 2.0), way("pandas", 1.0)).backend == "pandas"


def test_what_most_likely_fits_goes_before_what_may(ways: Callable[..., Decision]) -> None:
    risky = way("polars", 1.0, fits=False, place="child")
    assert ways(risky, way("dask", 9.0)).backend == "dask"
    assert ways(risky, way("pandas", 0.1, place="refused")).backend == "polars"


def test_near_a_border_the_last_choice_stays(ways: Callable[..., Decision]) -> None:
    assert ways(way("polars", 1.0), way("dask", 1.1)).backend == "polars"
    assert ways(way("polars", 1.1), way("dask", 1.0)).backend == "polars"
    assert ways(way("polars", 1.0), way("dask", 0.5)).backend == "dask"
    assert ways(way("polars", 1.0), way("dask", 1.1)).backend == "dask"


def test_a_look_is_no_choice_to_stay_with(ways: Callable[..., Decision]) -> None:
    ways(way("polars", 1.0), way("dask", 1.1))
    FRAME.explain()
    assert choosing._Last.name == "polars"


def test_a_run_with_fixed_sums_does_not_stream() -> None:
    decision = choose(FRAME._plan, resolve(deterministic=True))
    assert {w.engine for w in decision.candidates} == {"in-memory", "pandas"}


def test_explain_choice_is_a_frame_with_the_chosen_way_first() -> None:
    found = sk.explain_choice(LARGE, memory_budget="200MB")
    assert found["chosen"].to_list() == [True, *[False] * (found.height - 1)]
    assert set(found["way"]) == {"Polars streaming", "Polars in memory", "pandas"}
    assert found.filter(backend="pandas")["place"].to_list() == ["refused"]
    assert found["budget"].unique().to_list() == [200_000_000]
    assert found["memory"].min() > 32_000_000
    assert found["seconds"].min() > 0
    assert "would hold at least" in found.filter(backend="pandas")["reason"][0]


# A backend that does not exist: who said so


def unknown(run: object, **settings: str) -> str:
    with pytest.raises(ConfigError) as caught:
        run(**settings)  # type: ignore[operator]
    return str(caught.value)


@pytest.mark.parametrize("run", [FRAME.collect, FRAME.explain, FRAME.persist, FRAME.profile])
def test_an_unknown_backend_says_which_level_named_it(
    run: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = "unknown backend 'poolars' (from {}) (did you mean 'polars'?); known: auto, dask, "
    (tmp_path / "pyproject.toml").write_text('[tool.scalekit]\nbackend = "poolars"\n')
    monkeypatch.chdir(tmp_path)
    assert unknown(run).startswith(said.format(f"pyproject.toml ({tmp_path / 'pyproject.toml'})"))
    monkeypatch.setenv("SCALEKIT_BACKEND", "poolars")
    assert unknown(run).startswith(said.format("SCALEKIT_BACKEND"))
    with sk.config(backend="poolars"):
        assert unknown(run).startswith(said.format("with sk.config(...)"))
    assert unknown(run, backend="poolars").startswith(said.format("argument backend="))


def test_a_process_setting_and_verify_say_so_too() -> None:
    sk.configure(backend="poolars")
    try:
        assert "(from sk.configure(...))" in unknown(FRAME.collect)
    finally:
        sk.configure(backend=None)
    with pytest.raises(ConfigError, match=r"'poolars' \(from argument backends=\)"):
        FRAME.verify(["polars", "poolars"])


def test_a_look_at_a_frame_says_where_the_name_is_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEKIT_BACKEND", "poolars")
    assert "cannot run: unknown backend 'poolars' (from SCALEKIT_BACKEND)" in repr(FRAME)


def test_an_address_that_is_none_of_dask_says_where_it_is_from() -> None:
    with pytest.raises(ConfigError, match=r"'head:6379' \(from argument address=\)"):
        FRAME.collect(backend="dask", address="head:6379")


# Where a query cannot run in a process of its own


@pytest.mark.parametrize("fits", [True, False])
def test_a_system_that_cannot_stop_a_query_runs_what_most_likely_fits(
    monkeypatch: pytest.MonkeyPatch, fits: bool
) -> None:
    monkeypatch.setattr(apart, "is_possible", lambda: False)
    risky = way("polars", 1.0, fits=fits, place="child")
    if fits:
        assert backend_of(Decision(risky, "")).name == "polars"
        return
    with pytest.raises(MemoryBudgetError, match="this system cannot stop"):
        backend_of(Decision(risky, ""))


@pytest.mark.dask
def test_a_cluster_that_scalekit_started_is_one_of_the_ways(
    dask_settings: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    FRAME.collect(**dask_settings)
    monkeypatch.setattr(reaching, "_slots", SLOTS_SEEN)
    found = sk.explain_choice(FRAME).filter(backend="dask")
    assert found["way"].to_list() == ["the Dask cluster of this session"]
    assert SLOTS_SEEN("dask") == 2
