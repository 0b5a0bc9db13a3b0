"""One progress bar on long work: in notebooks and terminals, gone when the work is done, silent elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from functools import cache
from threading import Event, Lock, Thread
from typing import Any, Protocol, TypeAlias

from scalekit import run
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import Config
from scalekit.display.screen import Log, Look, Notebook, Screen, Terminal
from scalekit.display.text import amount
from scalekit.plan.explain import line
from scalekit.plan.nodes import Plan, Scan
from scalekit.sources.sizes import size_text
from scalekit.tree import walk

DELAY = 1.0
"""Seconds of work before a bar appears."""
INTERVAL = 0.5
"""Seconds between two looks of a bar."""

_one_bar = Lock()


@contextmanager
def progress(config: Config) -> Iterator[Watch]:
    """Show a bar for the work inside of the ``with`` block once it takes longer than a second.

    Parameters
    ----------
    config
        Its ``progress`` decides: None shows a bar where someone is watching (a notebook, or a terminal
        on standard error), True also writes lines to standard error where nobody is, False shows nothing.

    Yields
    ------
    Watch
        What ``run`` and the backends report to. Work inside of work has no bar of its own.
    """
    screen = find_screen(config)
    if screen is None or not _one_bar.acquire(blocking=False):
        yield UNWATCHED
        return
    try:
        with drawn_on(screen) as watch:
            yield watch
    finally:
        _one_bar.release()


def find_screen(config: Config) -> Screen | None:
    """Where a bar is to be drawn, or None for nowhere."""
    if config.progress is False:
        return None
    if publisher := _notebook():
        return Notebook(publisher)
    stream: Any = (
        sys.stderr
    )  # None under pythonw, closed in a daemon, or an object that a program put there
    if stream is None or getattr(stream, "closed", False):
        return None
    if getattr(stream, "isatty", bool)() and os.environ.get("TERM") != "dumb":
        return Terminal(stream)
    return Log(stream) if config.progress else None


def _notebook() -> Any:
    """What publishes outputs in a Jupyter kernel; who runs in one has loaded IPython already."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    return shell.display_pub if getattr(shell, "kernel", None) is not None else None


class Stop(Protocol):
    """What the drawing thread waits for; a ``threading.Event``."""

    def wait(self, timeout: float) -> bool:
        """Wait; True when it is time to end."""

    def set(self) -> None:
        """End it."""


@contextmanager
def drawn_on(
    screen: Screen, clock: Callable[[], float] = time.monotonic, stop: Stop | None = None
) -> Iterator[Watch]:
    """Draw from a thread of its own, as the caller's is busy; thread and picture are gone at the end.

    Parameters
    ----------
    screen
        Where to draw.
    clock
        What tells the time, in seconds.
    stop
        What the thread waits for between two looks, and ends on.
    """
    end = Event() if stop is None else stop
    bar = Bar(clock)
    # a copy of the context, as a notebook's kernel finds in it the cell that output belongs to
    run_in = copy_context().run
    thread = Thread(
        target=run_in, args=(_draw, bar, screen, end), name="scalekit-progress", daemon=True
    )
    thread.start()
    try:
        yield bar
    finally:
        end.set()
        thread.join()
        with suppress(Exception):  # what cannot be wiped is no reason to lose a result
            screen.clear()


def _draw(bar: Bar, screen: Screen, stop: Stop) -> None:
    pause = DELAY
    # a screen that is gone, such as a closed terminal, is no reason to print a traceback into a query
    with suppress(Exception):
        while not stop.wait(pause):
            screen.show(bar.look())
            pause = INTERVAL


_Report: TypeAlias = tuple[str, Callable[[], str], int, int, Callable[[], str]]
"""Who, what in words, steps done and all, and their count in words where it is not of steps."""


class Bar(Watch):
    """What was reported of some work, and what a person wants to read of it.

    Parameters
    ----------
    clock
        What tells the time, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._started = clock()
        self._backend = ""
        # one attribute, so that the drawing thread sees a whole report; words are found when they are drawn
        self._report: _Report = ("", lambda: "planning", 0, 0, _nothing)

    def running(self, backend: str, plan: Plan) -> None:
        """Tell who runs the plan and what it reads."""
        self._backend = backend
        self._report = (backend, cache(lambda: reading(plan)), 0, 0, _nothing)

    def step(self, what: Plan | str, done: int = 0, total: int = 0) -> None:
        """Tell which step has begun; one in words is not the backend's."""
        who = "" if isinstance(what, str) else self._backend
        words = cache(lambda: what if isinstance(what, str) else line(what))
        self._report = (who, words, done, total, _nothing)

    def stage(self, name: str, place: int, done: int, total: int, size: int) -> None:
        """Tell how far a stage is that tasks share."""

        def counted() -> str:
            made = f" · {size_text(size)}" if size else ""
            return f"stage {place} · {done:,} of {amount(total, 'task')}{made}"

        self._report = (self._backend, lambda: name, done, total, counted)

    def look(self) -> Look:
        """What there is to see now."""
        who, words, done, total, counted = self._report
        return Look(self._clock() - self._started, who, words(), done, total, counted())


def _nothing() -> str:
    return ""


def reading(plan: Plan) -> str:
    """How much a plan reads, as far as that is known."""
    scans = [run.estimates(node)[node] for node in walk(plan) if isinstance(node, Scan)]
    rows = [round(scan.rows.guess) for scan in scans if scan.rows is not None]
    sizes = [round(scan.bytes.guess) for scan in scans if scan.bytes is not None]
    parts = [amount(sum(rows), "row")] if rows else []
    parts += [size_text(sum(sizes))] if sizes else []
    if not parts:
        return ""
    is_exact = all(scan.exact for scan in scans)
    return f"reading {'' if is_exact else 'about '}{', '.join(parts)}"
