"""An error in a notebook's cell, in a kernel of its own: the cell's line and the message, and no frame between them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = [pytest.mark.notebook, pytest.mark.timeout(200)]

DASK = pytest.param("dask", marks=pytest.mark.dask)

BUILD = """
import scalekit as sk
def fails(value):
    raise ValueError("boom")
frame = sk.from_dict({"x": [1, 2]}).with_columns(y=sk.col("x").map_elements(fails, return_dtype=sk.Int64))
"""
RUNS = ["frame.collect()", "frame.persist()", "frame.write_parquet('rows.parquet')", "frame.profile()"]


def shown(folder: Path, sources: list[str], **environment: str) -> list[str]:
    """What a kernel shows of the errors that cells end with, as text."""
    cells = [nbformat.v4.new_code_cell(source) for source in (BUILD, *sources)]
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=cells),
        timeout=150,
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],
    )
    client.execute(env=os.environ | environment)
    errors = [[o for o in cell.outputs if o.output_type == "error"] for cell in cells]
    assert [len(found) for found in errors] == [0] + [1] * len(sources)
    return [re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(o.traceback)) for (o,) in errors[1:]]


@pytest.mark.parametrize("backend", ["polars", DASK])
def test_the_cell_and_the_message_are_all_that_is_shown(backend: str, tmp_path: Path) -> None:
    texts = shown(tmp_path, RUNS, SCALEKIT_BACKEND=backend, SCALEKIT_WORKERS="1")
    for source, text in zip(RUNS, texts, strict=True):
        assert f"----> 1 {source}" in text
        assert "ComputeError: the function 'fails' in map_elements() raised ValueError: boom" in text
        assert re.findall(r"^File .*", text, re.MULTILINE) == []
        assert len(text.splitlines()) <= 8


def test_a_cause_is_shown_without_its_frames(tmp_path: Path) -> None:
    (tmp_path / "dask.py").write_text(
        "raise ModuleNotFoundError('No module named dask', name='dask')"
    )
    (text,) = shown(tmp_path, ["frame.collect(backend='dask')"])  # a kernel imports from its folder
    assert "----> 1 frame.collect(backend='dask')" in text
    assert "MissingDependencyError: backend 'dask' needs the package 'dask'" in text
    assert "ModuleNotFoundError: No module named dask" in text
    assert "registry.py" not in text


def test_all_frames_are_shown_to_who_asks(tmp_path: Path) -> None:
    (text,) = shown(tmp_path, RUNS[:1], SCALEKIT_BACKEND="polars", SCALEKIT_FULL_TRACEBACK="1")
    assert "run.py" in text
    assert "boom" in text
