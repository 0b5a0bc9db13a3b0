from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import scalekit as sk
from scalekit.errors import (
    CorruptFileError,
    InvalidOperationError,
    ModelVersionError,
    TrackingError,
    TrackingWarning,
)
from scalekit.tracking import models
from scalekit.tracking.models import check_versions, versions_needed

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def frame() -> sk.Frame:
    return sk.from_dict({"x": [0.0, 1.0, 2.0], "y": [1.0, 3.0, 5.0]})


@pytest.fixture
def run(frame: sk.Frame) -> str:
    with sk.track("p") as run:
        sk.fit(LinearRegression(), frame, target="y")
    return run.id


def folder(run: str) -> Path:
    return Path(".scalekit/p/runs") / run


def rewrite(run: str, **needs: str) -> None:
    file = folder(run) / "run.json"
    content = json.loads(file.read_text())
    content["model"]["needs"] |= needs
    file.write_text(json.dumps(content))


def test_a_file_that_is_not_the_one_that_was_saved_is_never_unpickled(run, own_place):
    evil = b"cos\nsystem\n(S'touch pwned'\ntR."
    (folder(run) / "model/model.pkl").write_bytes(evil)
    with pytest.raises(CorruptFileError, match="SHA-256 differs"):
        sk.load_model(f"runs:/{run}")
    assert not (own_place / "pwned").exists()
    (folder(run) / "model/model.pkl").unlink()
    with pytest.raises(CorruptFileError, match=r"model/model\.pkl is gone"):
        sk.open_run(run).load_model()


@pytest.mark.parametrize(
    ("name", "version", "said"),
    [
        ("sklearn", "1.2.0", r"sklearn 1\.2\.0 \(here .*\).*pip install scikit-learn==1\.2\.0"),
        ("numpy", "1.26.4", r"numpy 1\.26\.4"),
        ("python", "3.6.1", r"python 3\.6\.1 .*use Python 3\.6\.1"),
        ("notinstalled", "2.0", r"notinstalled 2\.0 \(here not installed\)"),
    ],
)
def test_other_versions_are_an_error_that_names_them(run, name, version, said):
    rewrite(run, **{name: version})
    with pytest.raises(ModelVersionError, match=said):
        sk.load_model(f"runs:/{run}")
    with pytest.warns(TrackingWarning, match="it may predict something else"):
        model = sk.load_model(f"runs:/{run}", on_mismatch="warn")
    assert model.coef_.tolist() == pytest.approx([2.0])
    assert sk.load_model(f"runs:/{run}", on_mismatch="ignore").coef_.tolist() == pytest.approx(
        [2.0]
    )


def test_a_patch_version_makes_no_difference(run):
    major, minor, *_ = models.versions_needed(LinearRegression())["sklearn"].split(".")
    rewrite(run, sklearn=f"{major}.{minor}.99")
    assert sk.load_model(f"runs:/{run}").coef_.tolist() == pytest.approx([2.0])
    check_versions({"numpy": f"{__import__('numpy').__version__.split('.')[0]}.0.0"}, "x", "error")


def test_an_unknown_wish_is_refused(run):
    with pytest.raises(InvalidOperationError, match="known: 'error', 'warn', 'ignore'"):
        sk.load_model(f"runs:/{run}", on_mismatch="maybe")


def test_a_run_without_a_model_says_so():
    with sk.track("p") as run:
        pass
    with pytest.raises(TrackingError, match="nothing was fitted or evaluated"):
        sk.open_run(run.id).load_model()
    with sk.track("p", save_models=False) as run:
        sk.fit(DummyRegressor(), sk.from_dict({"x": [1.0], "y": [1.0]}), target="y")
    with pytest.raises(TrackingError, match="save_models=False was asked for"):
        sk.load_model(f"runs:/{run.id}")


def test_versions_of_all_packages_a_model_is_made_of_are_kept():
    import xgboost

    pipeline = make_pipeline(FunctionTransformer(), xgboost.XGBRegressor())
    assert {"python", "numpy", "sklearn", "xgboost"} <= set(versions_needed(pipeline))


def test_a_pipeline_with_boosted_trees_comes_back_through_an_alias(own_place):
    """LEARN §6 I."""
    from xgboost import XGBRegressor

    frame = sk.from_dict(
        {"x": [float(i) for i in range(40)], "y": [float(i % 5) for i in range(40)]}
    )
    pipeline = make_pipeline(FunctionTransformer(), XGBRegressor(n_estimators=3, n_jobs=1))
    model = sk.fit(pipeline, frame, target="y")
    sk.promote("trees", model=model, force="a test")
    loaded = sk.load_model("models:/trees@production")
    rows = frame.to_pandas()[["x"]]
    assert loaded.predict(rows).tolist() == model.predict(rows).tolist()
    assert loaded.scalekit_fit_.rows == 40


def test_functions_of_a_notebook_travel_with_the_model(own_place):
    code = """
import numpy as np, scalekit as sk
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
def doubled(x):
    return np.asarray(x) * 2
frame = sk.from_dict({"x": [0.0, 1.0, 2.0], "y": [1.0, 3.0, 5.0]})
with sk.track("p") as run:
    sk.fit(make_pipeline(FunctionTransformer(doubled), LinearRegression()), frame, target="y")
print(run.id)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=own_place, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    model = sk.open_run(done.stdout.strip()).load_model()
    assert model.predict([[4.0]]).tolist() == pytest.approx([9.0])


def test_without_cloudpickle_models_are_pickled(frame, monkeypatch):
    for module in ("cloudpickle", "joblib.externals.cloudpickle"):
        monkeypatch.setitem(sys.modules, module, None)
    with sk.track("p") as run:
        sk.fit(LinearRegression(), frame, target="y")
    found = sk.open_run(run.id)
    assert found.record.model["format"] == "pickle"
    assert found.load_model().coef_.tolist() == pytest.approx([2.0])


def test_a_module_that_is_missing_is_named(frame, monkeypatch, tmp_path):
    (tmp_path / "ours.py").write_text("def same(x):\n    return x\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import ours

    with sk.track("p") as run:
        sk.fit(make_pipeline(FunctionTransformer(ours.same), LinearRegression()), frame, target="y")
    monkeypatch.setitem(sys.modules, "ours", None)
    with pytest.raises(ModelVersionError, match=r"needs the module 'ours'.*requirements\.txt"):
        sk.open_run(run.id).load_model()
