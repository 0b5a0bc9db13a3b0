"""A progress bar tells which pass of a fit is under way, and the objective."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression

from scalekit.backends.watch import Watch
from scalekit.plan.nodes import Plan
from tests.learn.fits.harness import Roles, numbers, over_parts, scattered

ROWS = numbers()


class Heard(Watch):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def step(self, what: Plan | str, done: int = 0, total: int = 0) -> None:
        self.words.append(str(what))

    def stage(self, name: str, place: int, done: int, total: int, size: int) -> None:
        self.words.append(f"{name} [{place}] {done}/{total}")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    watch = Heard()

    @contextmanager
    def progress(_config: object) -> Iterator[Watch]:
        yield watch

    monkeypatch.setattr("scalekit.learn.fit.progress", progress)
    return watch


@pytest.mark.parametrize("way", ["polars", "serial-3"])
def test_passes_and_objective_are_told(heard: Heard, way: str, tmp_path: Path) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        model = over_parts(LogisticRegression(), frame, Roles(["x0", "x1"], "late"))
    passes = [word for word in heard.words if word.startswith("pass ")]
    told = {word.partition(":")[0] for word in passes}
    assert told >= {f"pass {n}" for n in range(1, model.scalekit_fit_.passes + 1)}
    objectives = [float(w.split("objective ")[1].split()[0]) for w in passes if "objective " in w]
    assert len(set(objectives)) > 2
    assert objectives[-1] < objectives[0] == pytest.approx(0.693147)
    if way == "serial-3":
        assert any(word.endswith("3/3") for word in passes), passes
