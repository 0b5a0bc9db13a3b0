"""MLflow's own web page over mirrored runs, as pictures at the width of a desk and of a phone.

    python -m tests.battery.mlflow_page [--folder DIR] [--python PYTHON_WITH_MLFLOW]

``mlflow`` itself wants an older pyarrow than scalekit, so that it gets an environment of its own (about 1 GB) where
``--python`` names none. Runs are written by this process, with ``mlflow-skinny``; Chromium takes the pictures.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import polars as pl

import scalekit as sk
from scalekit.tracking.keeping import open_evaluation
from scalekit.tracking.record import Measured
from scalekit.tracking.results import Evaluated
from tests.battery.mlflow_server import mlflow_server

WIDTHS = {"desk": (1280, 1000), "phone": (390, 1400)}
PROJECT = "late-flights"


def main() -> int:
    """Write runs, and take pictures of the pages that show them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("mlflow-pictures"))
    parser.add_argument("--python", default="")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    folder = given.folder.resolve()
    python = given.python or environment(folder / "environment")
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    with mlflow_server(data, python, "--for-pictures") as uri:
        pages = written(uri, str(data / "store"))
        pictures = [
            picture(f"{uri}/{page}", folder / f"{name}-{width}.png", width)
            for name, page in pages.items()
            for width in WIDTHS
        ]
    for path in pictures:
        print(path)
    return 0


def environment(folder: Path) -> str:
    """The Python of an environment that has all of MLflow."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "mlflow"], check=True)
    return str(python)


def written(uri: str, root: str) -> dict[str, str]:
    """Write three runs and a registered model; the pages that show them, by name."""
    from mlflow import MlflowClient
    from sklearn.linear_model import LinearRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    frame = sk.from_dict(
        {"hour": [float(i % 24) for i in range(96)], "late": [i % 7 / 6 for i in range(96)]}
    )
    candidates = {"linear": LinearRegression(), "ridge": Ridge(2.0), "strong ridge": Ridge(50.0)}
    with sk.config(mlflow=uri, store=root):
        for number, (name, model) in enumerate(candidates.items()):
            with sk.track(PROJECT, name=name, tags={"team": "operations", "data": "2013"}) as run:
                fitted = sk.fit(make_pipeline(StandardScaler(), model), frame, target="late")
                opened = open_evaluation(fitted)
                assert opened is not None
                opened.leave(evaluation(name, fitted, 0.31 + number / 100))
                run.log(parameters={"window": "90 days"}, files={"notes.md": "# Late flights\n"})
            sk.promote(PROJECT, model=fitted, force="a picture")
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(PROJECT)
    first = client.search_runs([experiment.experiment_id])[0].info.run_id
    place = f"#/experiments/{experiment.experiment_id}"
    return {
        "runs": f"{place}/runs",
        "run": f"{place}/runs/{first}",
        "artifacts": f"{place}/runs/{first}/artifacts",
        "model": f"#/models/{PROJECT}",
    }


def evaluation(name: str, model: object, rmse: float) -> Evaluated:
    """An evaluation as it is handed over, with a page."""
    measured = {"rmse": Measured(rmse, rmse - 0.01, rmse + 0.01), "r2": Measured(0.4, 0.35, 0.45)}
    rows = [
        {"model": name, "metric": m, "value": v.value, "low": v.low, "high": v.high}
        for m, v in measured.items()
    ]
    return Evaluated(
        name=name, model=model, metrics=measured, results=pl.DataFrame(rows), protocol="task: regression\n",
        protocol_id="3f2a", fingerprint="96-1-2", primary="rmse", skill=Measured(0.4, 0.35, 0.45), report={},
        html=f"<!doctype html><title>{name}</title><h1>{name}</h1><p>rmse {rmse:.2f}</p>",
        findings={"SKL01": "pass", "SKL11": "warn"},
    )  # fmt: skip


def picture(url: str, path: Path, width: str) -> Path:
    """A picture of a page, some seconds after it began to load."""
    across, down = WIDTHS[width]
    chromium = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    )
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--screenshot={path}",
        f"--window-size={across},{down}", "--virtual-time-budget=30000", f"--user-data-dir={path.parent / 'browser'}",
        url,
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return path


if __name__ == "__main__":
    sys.exit(main())
