from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

import scalekit as sk
from scalekit.backends.choose import choose, fits_here
from scalekit.config import resolve
from scalekit.errors import ConfigError

FRAME = sk.from_polars(pl.DataFrame({"x": range(1000)}))
SMALL_BUDGET = "9KB"  # a query holds up to three times its input: 8,000 bytes do not fit


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
    decision = choose(FRAME._plan, resolve(memory_budget=SMALL_BUDGET))
    assert decision.backend == backend
    assert decision.reason == (
        "auto: input of 7.8 KiB is more than the 2.9 KiB that fit here, and there is "
        f"the {backend.capitalize()} cluster of SCALEKIT_ADDRESS"
    )


def test_auto_keeps_here_what_fits_and_says_why_the_cluster_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SCALEKIT_ADDRESS", "tls://scheduler:8786")
    last = FRAME.explain(memory_budget="30KB").splitlines()[-1]
    assert last == (
        "backend: polars (auto: input other than pandas frames runs on Polars; it does not need "
        "the Dask cluster of SCALEKIT_ADDRESS, which is for more than 9.8 KiB; backend from default)"
    )
    assert FRAME.collect().height == 1000  # and nobody looked for the scheduler


@pytest.mark.parametrize(
    ("variable", "backend"), [("DASK_SCHEDULER_ADDRESS", "dask"), ("RAY_ADDRESS", "ray")]
)
def test_auto_reads_the_engines_own_variables(
    monkeypatch: pytest.MonkeyPatch, variable: str, backend: str
) -> None:
    monkeypatch.setenv(variable, "tcp://127.0.0.1:8786")
    decision = choose(FRAME._plan, resolve(memory_budget=SMALL_BUDGET))
    assert (decision.backend, decision.reason.rpartition(" of ")[2]) == (backend, variable)


def test_a_setting_goes_before_the_engines_own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    config = resolve(memory_budget=SMALL_BUDGET, address="tls://scheduler:8786")
    decision = choose(FRAME._plan, config)
    assert decision.backend == "dask"
    assert "Dask cluster of argument address=" in decision.reason


def test_auto_uses_a_cluster_that_this_session_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: True))  # type: ignore[arg-type]
    decision = choose(FRAME._plan, resolve(memory_budget=SMALL_BUDGET))
    assert decision.backend == "ray"
    assert "the Ray cluster of this session" in decision.reason


@pytest.mark.dask
def test_auto_uses_the_client_of_this_session() -> None:
    from distributed import Client

    config = resolve(memory_budget=SMALL_BUDGET)
    before = choose(FRAME._plan, config).backend
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None):
        assert choose(FRAME._plan, config).backend == "dask"
    assert (before, choose(FRAME._plan, config).backend) == ("polars", "polars")


def test_auto_starts_no_cluster() -> None:
    assert choose(FRAME._plan, resolve(memory_budget=SMALL_BUDGET)).backend == "polars"
    assert {"ray", "distributed"}.isdisjoint(sys.modules)


def test_small_pandas_frames_stay_with_pandas_beside_a_cluster() -> None:
    import pandas as pd

    small = sk.from_pandas(pd.DataFrame({"x": [1]}))
    assert choose(small._plan, resolve(address="head:6379")).backend == "pandas"


def test_a_backend_that_is_asked_for_is_not_weighed() -> None:
    config = resolve(memory_budget=SMALL_BUDGET, address="head:6379", backend="polars")
    assert choose(FRAME._plan, config).backend == "polars"


def test_what_fits_here_goes_by_the_machine_unless_a_budget_is_set() -> None:
    assert fits_here(resolve(memory_budget="3GB")) == 10**9
    found = fits_here(resolve())
    assert found is None or found > 2**28


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
