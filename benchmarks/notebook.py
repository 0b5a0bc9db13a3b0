"""Run a notebook, unchanged, in a kernel of its own, take from it results, time and memory, and see that all of it ends."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import nbformat
import polars as pl
import psutil
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter

CELL_TIMEOUT = 600  # seconds
SAMPLING = 0.05  # seconds between two looks at memory
ENDING = 30.0  # seconds for what a kernel started to end after it

# What runs after the notebook's own cells; the notebook's metadata names what it reads and what it finds.
_HAND_OVER = """
def hand_over():
    import pathlib, polars
    folder = pathlib.Path({folder!r})
    for name in {results!r}:
        value = globals()[name]
        table = value if isinstance(value, polars.DataFrame) else polars.DataFrame({{"value": [value]}})
        table.write_ipc(folder / f"{{name}}.arrow")
    rows = [globals()[name].estimate()["rows"][-1] for name in {sources!r}]
    (folder / "rows").write_text(str(sum(rows)))

hand_over()
"""
_PROGRESS_LEFT = {"text/html": "", "text/plain": ""}  # what a progress bar leaves of itself

Report = Callable[[int, int, str], None]


@dataclass
class Ran:
    """What came of a run.

    Attributes
    ----------
    backend
        Who ran it.
    notebook
        The notebook with its outputs; as far as it came, where it failed.
    results
        The tables that it names as its results.
    rows
        Rows of all its sources.
    seconds
        From the start of its first cell to the end of its last one.
    peak
        Bytes that the kernel and the processes below it held at most, by samples; what they share counts once.
    processes
        How many these were at most.
    failure
        Which cell failed, and what it said; or what did not end.
    """

    backend: str
    notebook: Any
    results: dict[str, pl.DataFrame] = field(default_factory=dict)
    rows: int | None = None
    seconds: float = 0.0
    peak: int = 0
    processes: int = 0
    failure: str | None = None


def run_notebook(path: Path, backend: str, report: Report = lambda *_: None) -> Ran:
    """Run a notebook with ``SCALEKIT_BACKEND`` set to ``backend``, and nothing else changed.

    Parameters
    ----------
    path
        The notebook. Its metadata may have ``scalekit.results`` and ``scalekit.sources``: names of variables.
    backend
        The value of ``SCALEKIT_BACKEND``.
    report
        Called before each cell with its number, how many there are, and the heading above it.
    """
    notebook = nbformat.read(path, as_version=4)
    names = notebook.metadata.get("scalekit", {})
    ran = Ran(backend, copy.deepcopy(notebook))
    with tempfile.TemporaryDirectory(prefix="scalekit-demo-") as folder:
        hand_over = _HAND_OVER.format(
            folder=folder, results=[*names.get("results", ())], sources=[*names.get("sources", ())]
        )
        ran.notebook.cells.append(nbformat.v4.new_code_cell(hand_over))
        _execute(ran, path.parent, _Pace(notebook.cells, report))
        ran.notebook.cells.pop()
        if ran.failure is None:
            ran.rows = int((Path(folder) / "rows").read_text())
            ran.results = {file.stem: pl.read_ipc(file) for file in Path(folder).glob("*.arrow")}
    return ran


def warm_up(path: Path) -> None:
    """Run the first code cell once, so that the first backend does not pay for what is on disk only."""
    cells = nbformat.read(path, as_version=4).cells
    first = next((cell.source for cell in cells if cell.cell_type == "code"), "")
    subprocess.run(
        [sys.executable, "-c", first],
        cwd=path.parent,
        capture_output=True,
        timeout=CELL_TIMEOUT,
        check=False,
    )


def to_html(ran: Ran) -> str:
    """The executed notebook as a page that needs nothing from elsewhere."""
    notebook = copy.deepcopy(ran.notebook)
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [o for o in cell.outputs if o.get("data") != _PROGRESS_LEFT]
    exporter = HTMLExporter(template_name="lab", embed_images=True)
    exporter.require_js_url = exporter.jquery_url = exporter.mathjax_url = (
        exporter.mermaid_js_url
    ) = ""
    html, _ = exporter.from_notebook_node(
        notebook, resources={"metadata": {"name": f"quickstart on {ran.backend}"}}
    )
    return str(html)


class _ThisPython(AsyncKernelManager):
    """A kernel of the interpreter that runs this, whatever kernels are registered under its name."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(**get_kernel_dict())


class _Pace:
    """Reports each cell and takes the time from the first to the last of the notebook's own."""

    def __init__(self, cells: list[Any], report: Report) -> None:
        self._cells, self._report = cells, report
        self._began: float | None = None
        self.seconds = 0.0
        self.current = 0

    def start(self, cell: Any, cell_index: int) -> None:  # noqa: ARG002 - what nbclient passes
        self._began = time.perf_counter() if self._began is None else self._began
        self.current = cell_index
        if cell_index < len(self._cells):
            self._report(cell_index + 1, len(self._cells), self.heading())

    def end(self, cell: Any, cell_index: int, execute_reply: Any) -> None:  # noqa: ARG002
        if cell_index < len(self._cells) and self._began is not None:
            self.seconds = time.perf_counter() - self._began

    def heading(self) -> str:
        """The heading above the current cell."""
        for cell in reversed(self._cells[: self.current + 1]):
            first = cell.source.partition("\n")[0]
            if cell.cell_type == "markdown" and first.startswith("#"):
                return first.lstrip("# ")
        return ""

    def where(self) -> str:
        """The current cell, for messages."""
        if self.current >= len(self._cells):
            return "handing over the results"
        return f"cell {self.current + 1} ({self.heading()!r})"


def _execute(ran: Ran, folder: Path, pace: _Pace) -> None:
    client = NotebookClient(
        ran.notebook,
        kernel_manager_class=_ThisPython,
        timeout=CELL_TIMEOUT,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],  # no warning that loopback is not encrypted
        on_cell_start=pace.start,
        on_cell_executed=pace.end,
    )
    with _Family() as family:
        try:
            client.execute(env=os.environ | {"SCALEKIT_BACKEND": ran.backend})
        except CellExecutionError as error:
            ran.failure = f"{pace.where()} failed: {error.ename}: {error.evalue}"
        except CellTimeoutError:
            ran.failure = f"{pace.where()} took longer than {CELL_TIMEOUT} s"
        except DeadKernelError:
            ran.failure = f"{pace.where()} killed the kernel"
    ran.seconds, ran.peak, ran.processes = pace.seconds, family.peak, family.most
    if left := family.end():
        ran.failure = (
            f"{ran.failure or 'all cells ran'}; still there after the kernel: {', '.join(left)}"
        )


class _Family:
    """The processes below this one that come while it is watched: several times a second, what they hold together."""

    def __init__(self) -> None:
        self.peak = self.most = 0
        self._before = set(_below())
        self._seen: set[psutil.Process] = set()
        self._stop = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def end(self) -> list[str]:
        """Wait until all have ended; stop those that have not, and say which they were."""
        _, left = psutil.wait_procs(self._seen, ENDING)
        names = [_name(process) for process in left]
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        return names

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLING):
            there = set(_below()) - self._before
            self._seen |= there
            held = [_held(process) for process in there]
            self.peak = max(
                self.peak, sum(own for own, _ in held) + max((s for _, s in held), default=0)
            )
            self.most = max(self.most, len(there))


def _below() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _held(process: psutil.Process) -> tuple[int, int]:
    """The bytes that a process has for itself, and those that others may have too, as Ray's objects."""
    with suppress(psutil.Error):  # it has ended
        memory = process.memory_info()
        shared = int(getattr(memory, "shared", 0))
        return int(memory.rss) - shared, shared
    return 0, 0


def _name(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return f"{process.name()} ({process.pid})"
    return str(process.pid)
