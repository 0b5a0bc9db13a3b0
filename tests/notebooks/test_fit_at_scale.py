"""The notebook that fits one pipeline in four ways, in a kernel on few rows: it runs, and the models are the same."""

from __future__ import annotations

import re

import polars as pl
import pytest

from benchmarks.demo import ROOT
from benchmarks.notebook import Ran, run_notebook, to_html

pytestmark = [
    pytest.mark.notebook,
    pytest.mark.dask,
    pytest.mark.ray,
    pytest.mark.timeout(900),
]

NOTEBOOK = ROOT / "notebooks" / "fit_at_scale.ipynb"
ROWS = 50_000


@pytest.fixture(scope="module")
def notebook() -> Ran:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("FIT_AT_SCALE_ROWS", str(ROWS))
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            patched.setenv(variable, "1")
        done = run_notebook(NOTEBOOK, "polars")
    assert done.failure is None, done.failure
    return done


def fits(notebook: Ran, model: str) -> dict[str, dict[str, object]]:
    rows = notebook.results["memory"].filter(pl.col("model") == model)
    return {str(row["way"]): row for row in rows.to_dicts()}


def test_every_cell_ran_and_none_warned(notebook: Ran) -> None:
    code = [cell for cell in notebook.notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"] == []


def test_who_has_all_rows_finds_the_same_coefficients(notebook: Ran) -> None:
    apart = dict(notebook.results["agreement"].iter_rows())
    assert apart["dask"] < 1e-8
    assert apart["ray"] < 1e-8
    assert apart["sample"] > 1e-3
    coefficients = notebook.results["coefficients"]
    assert coefficients.columns == ["name", "polars", "sample", "dask", "ray"]
    assert coefficients.drop("sample").null_count().sum_horizontal().item() == 0
    assert coefficients.height > 20
    assert abs(dict(coefficients.select("name", "polars").iter_rows())["hour"]) > 0.3


def test_who_has_all_rows_grows_the_same_trees(notebook: Ran) -> None:
    trees = {row["way"]: row for row in notebook.results["trees"].to_dicts()}
    for way in ("dask", "ray"):
        assert trees[way]["same_as_polars"] == trees[way]["trees"] == 40
        assert trees[way]["chances_apart"] < 1e-6
    assert trees["sample"]["same_as_polars"] < 40


@pytest.mark.parametrize("model", ["Pipeline", "XGBClassifier"])
def test_every_way_fits_all_rows_but_the_sample(notebook: Ran, model: str) -> None:
    found = fits(notebook, model)
    assert list(found) == ["sample", "polars", "dask", "ray"]
    assert {found[way]["rows"] for way in ("polars", "dask", "ray")} == {ROWS}
    assert ROWS * 0.015 < found["sample"]["rows"] < ROWS * 0.025
    assert all(found[way]["worker_MB"] > 0 for way in ("dask", "ray"))
    assert notebook.rows == ROWS


def test_the_page_shows_the_plan_both_plots_and_needs_nothing_from_elsewhere(notebook: Ran) -> None:
    page = to_html(notebook)
    assert "fit on dask" in page
    plots = [
        output.data["image/png"]
        for cell in notebook.notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(plots) == 2
    assert all(plot[:100] in page for plot in plots)
    assert re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(?:https?:)?//', page) == []
