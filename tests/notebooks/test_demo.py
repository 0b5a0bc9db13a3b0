"""``make demo`` says what it found, and fails where an answer differs or a cell does."""

from __future__ import annotations

from contextlib import suppress
import re
from pathlib import Path

import nbformat
import polars as pl
import psutil
import pytest

from benchmarks import demo, notebook
from benchmarks.notebook import run_notebook, to_html

pytestmark = [pytest.mark.notebook, pytest.mark.timeout(300)]


def write(folder: Path, *code: str, results: tuple[str, ...] = ()) -> Path:
    cells = [nbformat.v4.new_markdown_cell("# Title"), *map(nbformat.v4.new_code_cell, code)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["scalekit"] = {"results": list(results), "sources": []}
    path = folder / "small.ipynb"
    nbformat.write(notebook, path)
    return path


def run_demo(path: Path, backends: str = "polars,pandas") -> int:
    return demo.main(
        ["--notebook", str(path), "--backend", backends, "--output", str(path.parent / "out")]
    )


def row(text: str, name: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(name)]
    return line.removeprefix(name).split()


def test_equal_answers_pass(tmp_path, capsys):
    path = write(
        tmp_path,
        "import polars as pl\ntable = pl.DataFrame({'x': [0.1 + 0.2]})",
        "number = 3",
        results=("table", "number"),
    )
    before = path.read_text()
    assert run_demo(path) == 0
    text = capsys.readouterr().out
    assert row(text, "  table") == ["-", "yes"]
    assert row(text, "  number") == ["-", "yes"]
    assert row(text, "rows in") == ["0", "0"]
    assert len(row(text, "seconds")) == 2
    assert [float(amount) > 0 for amount in row(text, "peak memory")[::2]] == [True, True]
    assert all(int(count) >= 1 for count in row(text, "processes"))
    assert path.read_text() == before
    for backend in ("polars", "pandas"):
        page = tmp_path / "out" / f"small-{backend}.html"
        assert str(page) in text
        assert "Title" in page.read_text()
        assert "hand_over" not in page.read_text()


def test_an_answer_that_differs_is_named_and_fails(tmp_path, capsys):
    path = write(
        tmp_path,
        "import os\nimport polars as pl\nsame = 1",
        "table = pl.DataFrame({'who': [os.environ['SCALEKIT_BACKEND']]})",
        results=("same", "table"),
    )
    assert run_demo(path) == 1
    text = capsys.readouterr().out
    assert row(text, "  same") == ["-", "yes"]
    assert row(text, "  table") == ["-", "NO"]
    assert "pandas: table differs from polars: " in text


def test_a_cell_that_fails_is_named_and_the_others_run_on(tmp_path, capsys):
    path = write(
        tmp_path,
        "import os",
        "assert os.environ['SCALEKIT_BACKEND'] != 'polars', 'no such luck'",
        "answer = 1",
        results=("answer",),
    )
    assert run_demo(path) == 1
    text = capsys.readouterr().out
    assert "polars: cell 3 ('Title') failed: AssertionError: no such luck" in text
    assert row(text, "  answer") == ["failed", "-"]
    assert "no such luck" in (tmp_path / "out" / "small-polars.html").read_text()


def test_a_result_that_does_not_exist_fails(tmp_path):
    done = run_notebook(write(tmp_path, "x = 1", results=("y",)), "polars")
    assert done.failure == "handing over the results failed: KeyError: 'y'"


def test_what_does_not_end_with_its_kernel_is_named_and_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(notebook, "ENDING", 1.0)
    start = """
import subprocess, sys
waits = "import time; time.sleep(600)"
left = subprocess.Popen([sys.executable, "-c", waits], start_new_session=True).pid
"""
    done = run_notebook(write(tmp_path, start, "import time; time.sleep(1)"), "polars")
    assert done.processes >= 2
    found = re.fullmatch(
        r"all cells ran; still there after the kernel: \S+ \((\d+)\)", done.failure or ""
    )
    process = int(found[1])
    with suppress(psutil.NoSuchProcess):  # killed a moment ago: it may take another to end
        psutil.wait_procs([psutil.Process(process)], timeout=10)
        assert psutil.Process(process).status() == "zombie"


def test_a_kernel_that_dies_is_told(tmp_path):
    done = run_notebook(write(tmp_path, "import os", "os._exit(1)"), "polars")
    assert done.failure == "cell 3 ('Title') killed the kernel"


def test_the_bar_in_a_kernel_is_drawn_while_it_works_and_gone_after(tmp_path):
    slow = """
import threading
import scalekit as sk
from scalekit.display import progress, screen

drawn = threading.Event()

class Seen(screen.Notebook):
    def show(self, look):
        super().show(look)
        drawn.set()

progress.Notebook, progress.DELAY = Seen, 0

def wait_for_the_bar(rows):
    assert drawn.wait(60)
    return rows

frame = sk.from_dict({"x": [1, 2]})
height = frame.map_batches(wait_for_the_bar, schema=frame.schema).collect().height
threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("scalekit")]
print(height, threads)
"""
    done = run_notebook(write(tmp_path, slow), "polars")
    assert done.failure is None
    shown, printed = done.notebook.cells[1].outputs
    assert shown.data == {"text/html": "", "text/plain": ""}
    assert printed.text == "2 []\n"
    assert "step" not in to_html(done)


@pytest.mark.parametrize(
    ("answer", "expected", "same"),
    [
        ({"x": [1.0]}, {"x": [1.0 + 1e-12]}, True),
        ({"x": [1.0]}, {"x": [1.0 + 1e-6]}, False),
        ({"x": [1]}, {"x": [1.0]}, False),
        ({"x": [1, 2]}, {"x": [2, 1]}, False),
        ({"x": [None]}, {"x": [float("nan")]}, False),
        ({"x": [1], "y": [1]}, {"y": [1], "x": [1]}, False),
    ],
    ids=["rounding", "value", "type", "order", "null and NaN", "columns"],
)
def test_what_counts_as_the_same(answer, expected, same):
    found = demo.difference(pl.DataFrame(answer), pl.DataFrame(expected))
    assert (found is None) == same
