"""One bar on long work, drawn by a clock that the test moves; gone at the end, silent where nobody looks on."""

from __future__ import annotations

import io
import sys
import threading
from types import SimpleNamespace

import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.watch import UNWATCHED
from scalekit.config import resolve
from scalekit.display.progress import DELAY, INTERVAL, Bar, drawn_on, find_screen, progress
from scalekit.display.screen import Log, Look, Notebook, Terminal


class Clock:
    """Time that passes only while the drawing thread waits, and a wait that ends after some looks."""

    def __init__(self, looks: int) -> None:
        self.now, self.looks, self.waits = 0.0, looks, []
        self.begun, self.done = threading.Event(), threading.Event()
        self.ended = threading.Event()

    def __call__(self) -> float:
        return self.now

    def wait(self, timeout: float) -> bool:
        self.begun.wait(30)
        self.waits.append(timeout)
        if len(self.waits) > self.looks:
            self.done.set()
            self.ended.wait(30)
            return True
        self.now += timeout
        return False

    def set(self) -> None:
        self.ended.set()


class Screens:
    """A screen that remembers."""

    def __init__(self) -> None:
        self.shown: list[Look] = []
        self.cleared = 0

    def show(self, look: Look) -> None:
        self.shown.append(look)

    def clear(self) -> None:
        self.cleared += 1


class Tty(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class AsciiTty(Tty):
    encoding = "ascii"


CLOSED = Tty()
CLOSED.close()


def drawing_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("scalekit")]


def draw(looks: int, report=lambda watch: None) -> tuple[Screens, Clock]:
    """Run work that takes as long as it takes to draw ``looks`` times."""
    screen, clock = Screens(), Clock(looks)
    with drawn_on(screen, clock, clock) as watch:
        report(watch)
        clock.begun.set()
        assert clock.done.wait(30)
    return screen, clock


# Time


def test_nothing_is_drawn_on_work_that_ends_within_the_delay():
    screen, clock = draw(0)
    assert screen.shown == []
    assert clock.waits == [DELAY]
    assert drawing_threads() == []


def test_a_bar_appears_after_the_delay_and_is_drawn_again_at_intervals():
    screen, clock = draw(3)
    assert [look.seconds for look in screen.shown] == [
        DELAY,
        DELAY + INTERVAL,
        DELAY + 2 * INTERVAL,
    ]
    assert clock.waits == [DELAY, INTERVAL, INTERVAL, INTERVAL]


def test_the_picture_and_the_thread_are_gone_at_the_end():
    screen, _ = draw(2)
    assert screen.cleared == 1
    assert drawing_threads() == []


def test_they_are_gone_after_a_failure_too():
    screen = Screens()
    with pytest.raises(KeyboardInterrupt), drawn_on(screen):
        raise KeyboardInterrupt
    assert screen.cleared == 1
    assert drawing_threads() == []


def test_a_screen_that_fails_does_not_harm_the_work():
    class Closed(Screens):
        def show(self, look: Look) -> None:
            raise ValueError("I/O operation on closed file")

        clear = show  # type: ignore[assignment]

    clock = Clock(looks=9)
    with drawn_on(Closed(), clock, clock):
        clock.begun.set()
        result = sk.from_dict({"x": [1]}).collect()
    assert result.height == 1
    assert drawing_threads() == []


# What is told


def test_a_bar_tells_of_planning_before_anyone_runs():
    screen, _ = draw(1)
    assert screen.shown[0].words() == "1.0 s · planning"


def test_a_bar_tells_the_backend_and_what_is_read():
    plan = sk.from_dict({"x": [1, 2, 3]}).filter(col("x") > 1)._plan
    screen, _ = draw(1, lambda watch: watch.running("polars", plan))
    assert screen.shown[0].words() == "polars · 1.0 s · reading 3 rows, 24 bytes"


def test_a_bar_tells_the_step_and_how_many_there_are():
    plan = sk.from_dict({"x": [1, 2, 3]}).filter(col("x") > 1)._plan

    def report(watch):
        watch.running("pandas", plan)
        watch.step(plan, 1, 4)

    screen, _ = draw(1, report)
    assert screen.shown[0].words() == "pandas · 1.0 s · step 2 of 4 · FILTER (col('x') > 1)"


def test_a_bar_tells_the_stage_its_tasks_and_what_they_made():
    def report(watch):
        watch.running("dask", sk.from_dict({"x": [1]})._plan)
        watch.stage("orders > filter > aggregate", 3, 1_400, 2_000, 3 * 1024**3)

    screen, _ = draw(1, report)
    (look,) = screen.shown
    assert look.words() == (
        "dask · 1.0 s · stage 3 · 1,400 of 2,000 tasks · 3.0 GiB · orders > filter > aggregate"
    )
    assert (look.done, look.total) == (1_400, 2_000)


def test_a_query_in_parts_has_one_bar():
    frame = (
        sk.from_dict({"g": [1, 2, 1, 3], "x": [1, 2, 3, 4]}).group_by("g").agg(col("x").median())
    )
    seen = Recorder.of(frame, backend="serial", partitions=3)
    assert seen.backends == ["serial"]
    places = [place for _, place, *_ in seen.stages]
    assert places == sorted(places)
    assert len(set(places)) >= 2
    assert all(done <= total for _, _, done, total, _ in seen.stages)


def test_work_in_words_is_not_the_backends():
    def report(watch):
        watch.running("pandas", sk.from_dict({"x": [1]})._plan)
        watch.step("fitting Ridge on 1 row")

    screen, _ = draw(1, report)
    assert screen.shown[0].words() == "1.0 s · fitting Ridge on 1 row"


def test_the_pandas_backend_reports_every_step():
    frame = sk.from_dict({"g": ["a", "b", "a"], "x": [1, 2, 3]}).filter(col("x") > 1)
    frame = frame.group_by("g").agg(n=sk.len()).sort("g")
    seen = Recorder.of(frame, backend="pandas")
    assert seen.backends == ["pandas"]
    assert [(done, total) for _, done, total in seen.steps] == [
        (i, len(seen.steps)) for i in range(len(seen.steps))
    ]
    assert len(seen.steps) >= 3


def test_the_polars_backend_tells_what_it_runs():
    seen = Recorder.of(sk.from_dict({"x": [1, 2]}).filter(col("x") > 1), backend="polars")
    assert (seen.backends, seen.steps) == (["polars"], [])


def test_a_write_and_a_fit_report_too(tmp_path, monkeypatch):
    seen = Recorder()
    monkeypatch.setattr("scalekit.frame.writing.progress", seen.progress)
    monkeypatch.setattr("scalekit.learn.fit.progress", seen.progress)
    frame = sk.from_dict({"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 3.0]})
    frame.write_parquet(tmp_path / "x.parquet")
    linear = pytest.importorskip("sklearn.linear_model")
    sk.fit(linear.LinearRegression(), frame, target="y")
    assert seen.backends == ["polars", "polars"]
    assert [what for what, *_ in seen.steps] == ["fitting LinearRegression on 3 rows"]


class Recorder(Bar):
    """A watch that remembers."""

    def __init__(self) -> None:
        super().__init__(lambda: 0.0)
        self.backends: list[str] = []
        self.steps: list[tuple[object, int, int]] = []
        self.stages: list[tuple[str, int, int, int, int]] = []

    @classmethod
    def of(cls, frame, **settings):
        seen = cls()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("scalekit.frame.results.progress", seen.progress)
            frame.collect(**settings)
        return seen

    def progress(self, config):
        class Block:
            __enter__ = lambda _: self  # noqa: E731
            __exit__ = lambda *_: None  # noqa: E731

        return Block()

    def running(self, backend, plan):
        self.backends.append(backend)

    def step(self, what, done=0, total=0):
        self.steps.append((what, done, total))

    def stage(self, *told):
        self.stages.append(told)


# Where it is shown


def test_it_is_silent_where_nobody_looks_on(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert find_screen(resolve()) is None
    with progress(resolve()) as watch:
        assert watch is UNWATCHED
        assert drawing_threads() == []


@pytest.mark.parametrize(
    ("wanted", "stream", "screen"),
    [
        (None, Tty(), Terminal),
        (True, Tty(), Terminal),
        (False, Tty(), type(None)),
        (None, io.StringIO(), type(None)),
        (True, io.StringIO(), Log),
        (None, None, type(None)),
        (True, None, type(None)),
        (True, CLOSED, type(None)),
        (None, SimpleNamespace(write=len), type(None)),
    ],
    ids=[
        "tty",
        "tty, asked",
        "tty, refused",
        "file",
        "file, asked",
        "no stream",
        "no stream, asked",
        "closed stream, asked",
        "an object that writes",
    ],
)
def test_where_a_bar_is_drawn(wanted, stream, screen, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert type(find_screen(resolve(progress=wanted))) is screen


def test_a_terminal_that_cannot_draw_over_a_line_counts_as_a_file(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stderr", Tty())
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert find_screen(resolve()) is None


@pytest.mark.parametrize("kernel", [object(), None], ids=["kernel", "terminal"])
def test_a_notebook_is_a_shell_with_a_kernel(kernel, monkeypatch):
    shell = SimpleNamespace(kernel=kernel, display_pub=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(find_screen(resolve()), Notebook) == (kernel is not None)


def test_work_inside_of_work_has_no_bar_of_its_own(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Tty())
    monkeypatch.setitem(sys.modules, "IPython", None)
    with progress(resolve()) as outer, progress(resolve()) as inner:
        assert outer is not UNWATCHED
        assert inner is UNWATCHED
    with progress(resolve()) as next_one:
        assert next_one is not UNWATCHED


# Screens


def test_a_terminal_draws_one_line_and_wipes_it():
    stream = Tty()
    terminal = Terminal(stream)
    terminal.show(Look(2, "pandas", "SORT col('x')", done=1, total=4))
    terminal.show(Look(3, "pandas", "x", done=2, total=4))
    drawn = stream.getvalue()
    assert "\n" not in drawn
    first, second = drawn.split("\r")[1:]
    assert first == "█████░░░░░░░░░░░░░░░ pandas · 2.0 s · step 2 of 4 · SORT col('x')"
    assert second == "██████████░░░░░░░░░░ pandas · 3.0 s · step 3 of 4 · x".ljust(len(first))
    terminal.clear()
    *_, wiped, end = stream.getvalue().split("\r")
    assert (wiped.strip(), end) == ("", "")
    assert len(wiped) >= len(second.rstrip())


def test_a_terminal_wipes_nothing_where_nothing_was_drawn():
    stream = Tty()
    Terminal(stream).clear()
    assert stream.getvalue() == ""


def test_a_terminal_without_unicode_gets_ascii():
    stream = AsciiTty()
    Terminal(stream).show(Look(2, "pandas", "col('é')", done=1, total=2))
    assert stream.getvalue() == "\r##########---------- pandas - 2.0 s - step 2 of 2 - col('?')"


def test_a_line_is_cut_to_the_terminal():
    stream = Tty()
    Terminal(stream).show(Look(2, "polars", "x" * 500))
    assert len(stream.getvalue()) == 80


def test_a_notebook_updates_one_output_and_empties_it():
    sent = []
    publisher = SimpleNamespace(publish=lambda data, **how: sent.append((data, how)))
    notebook = Notebook(publisher)
    notebook.show(Look(2, "pandas", "<script>", done=1, total=4))
    notebook.show(Look(3, "polars", "reading"))
    notebook.clear()
    assert [how["update"] for _, how in sent] == [False, True, True]
    assert len({how["transient"]["display_id"] for _, how in sent}) == 1
    first, second, last = (data for data, _ in sent)
    assert "width: 25%" in first["text/html"]
    assert "&lt;script&gt;" in first["text/html"]
    assert "<script>" not in first["text/html"]
    assert second["text/plain"] == "polars · 3.0 s · reading"
    assert last == {"text/html": "", "text/plain": ""}


def test_a_notebook_sends_nothing_where_nothing_was_drawn():
    sent = []
    Notebook(SimpleNamespace(publish=lambda data, **how: sent.append(data))).clear()
    assert sent == []


def test_a_log_has_fewer_lines_the_longer_it_takes():
    stream = io.StringIO()
    log = Log(stream)
    for half_seconds in range(2, 41):
        log.show(Look(half_seconds / 2, "polars", "reading 3 rows"))
    log.clear()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "scalekit: polars · 1.0 s · reading 3 rows"
    assert [line.split(" · ")[1] for line in lines] == [
        "1.0 s",
        "2.0 s",
        "4.0 s",
        "8.0 s",
        "16.0 s",
    ]
