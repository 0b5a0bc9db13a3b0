"""Several estimators at once: each is what ``sk.fit`` makes of it, and the rows are read together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import DBSCAN
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import scalekit as sk
from scalekit import exceptions, run
from scalekit.learn.fit_all import fit_all


def rows(n: int = 600) -> sk.Frame:
    generator = np.random.default_rng(3)
    x, z = generator.normal(size=(2, n))
    late = x + generator.normal(size=n) > 0.5
    columns = {
        "id": np.arange(n),
        "x": x,
        "z": z,
        "late": late,
        "delay": 2 * x - z,
        "w": np.abs(z) + 0.1,
    }
    return sk.from_dict({name: column.tolist() for name, column in columns.items()})


def several() -> dict[str, Any]:
    return {
        "plain": LogisticRegression(),
        "scaled": make_pipeline(StandardScaler(), LogisticRegression(C=0.1)),
        "ridge": Ridge(2.0),
    }


FEATURES = {"plain": ["x", "z"], "scaled": ["x", "z"], "ridge": ["z", "x"]}


def coefficients(model: Any) -> np.ndarray[Any, Any]:
    return np.asarray(getattr(model, "steps", [("", model)])[-1][1].coef_)


@pytest.mark.parametrize("solver", ["auto", "passes"])
def test_each_is_what_a_fit_of_its_own_gives(solver: str) -> None:
    frame, models = rows(), several()
    together = fit_all(models, frame, target="late", features=FEATURES, solver=solver)
    assert list(together) == list(models)
    for name, model in together.items():
        alone = sk.fit(models[name], frame, target="late", features=FEATURES[name], solver=solver)
        assert np.array_equal(coefficients(model), coefficients(alone))
        assert not hasattr(models[name], "coef_")
        own, other = (vars(one.scalekit_fit_) for one in (model, alone))
        assert {**own, "passes": 0} == {**other, "passes": 0}


@pytest.mark.dask
def test_on_a_cluster_too(dask_settings: dict[str, Any]) -> None:
    frame = rows()
    here = fit_all(several(), frame, target="late", features=FEATURES, solver="passes")
    with sk.config(**dask_settings, partitions=3):
        there = fit_all(several(), frame, target="late", features=FEATURES)
    for name, model in there.items():
        assert model.scalekit_fit_.backend == "dask"
        assert np.allclose(coefficients(model), coefficients(here[name]), rtol=1e-6)


def test_passes_are_shared() -> None:
    frame = rows()
    models = {f"C={c}": LogisticRegression(C=c) for c in (0.01, 0.1, 1.0, 10.0)}
    alone = [
        sk.fit(m, frame, target="late", features=["x", "z"], solver="passes").scalekit_fit_.passes
        for m in models.values()
    ]
    of_all = {name: ["x", "z"] for name in models}
    found = fit_all(models, frame, target="late", features=of_all, solver="passes")
    assert {model.scalekit_fit_.passes for model in found.values()} <= set(range(max(alone) + 4))
    assert max(alone) + 3 < sum(alone) / 2


def test_fits_in_memory_share_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, queries, collect = rows(), [], run.collect

    def counted(plan: Any, *arguments: Any, **named: Any) -> Any:
        queries.append(plan)
        return collect(plan, *arguments, **named)

    monkeypatch.setattr(run, "collect", counted)
    models = {f"depth {n}": DecisionTreeClassifier(max_depth=n) for n in (1, 2, 3)}
    of_all = {name: ["x", "z"] for name in models}
    fit_all(models, frame, target="late", features=of_all, solver="memory")
    assert len(queries) == 1


def test_weights_go_to_all() -> None:
    frame = rows()
    found = fit_all(
        {"a": LinearRegression(), "b": Ridge(1e-9)}, frame, target="delay", sample_weight="w"
    )
    alone = sk.fit(LinearRegression(), frame, target="delay", sample_weight="w")
    assert np.allclose(found["a"].coef_, alone.coef_)
    assert found["b"].scalekit_fit_.sample_weight == "w"


@pytest.mark.parametrize("solver", ["memory", "passes"])
def test_each_fit_leaves_a_run_where_runs_are_kept(
    solver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with sk.track("late"):
        fit_all({"a": Ridge(), "b": LinearRegression()}, rows(), target="delay", solver=solver)
    kept = sk.runs("late").filter(sk.col("kind") == "fit").collect()
    assert sorted(kept["estimator"].to_list()) == ["LinearRegression", "Ridge"]


def notes(error: pytest.ExceptionInfo[BaseException]) -> str:
    return " ".join(getattr(error.value, "__notes__", ()))


def test_what_cannot_be_fitted_is_named_before_anything_is_read() -> None:
    frame = rows()
    models = {"good": Ridge(), "bad": DBSCAN()}
    with pytest.raises(exceptions.NotDistributableError, match="DBSCAN") as refused:
        fit_all(models, frame, target="delay", solver="passes")
    assert notes(refused) == "while fitting 'bad'"
    with pytest.raises(exceptions.ColumnNotFoundError, match="'y'") as error:
        fit_all(
            {"good": Ridge(), "other": Ridge()}, frame, target="delay", features={"other": ["y"]}
        )
    assert "while fitting 'other'" in notes(error)
    with pytest.raises(exceptions.InvalidOperationError, match="no estimator"):
        fit_all({}, frame, target="delay")


@pytest.mark.parametrize("solver", ["memory", "passes"])
def test_an_error_of_one_fit_says_which(solver: str) -> None:
    models = {"good": Ridge(), "bad": Ridge(alpha=-1.0)}
    with pytest.raises(ValueError, match="alpha") as error:
        fit_all(models, rows(), target="delay", solver=solver)
    assert "while fitting 'bad'" in notes(error)
