"""Times of every backend for one cell: warm, in turns, and the quicker ones more often."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from benchmarks.memory.cases import Case
from benchmarks.regret.runner import Runner

HOPELESS = 4.0
"""A backend that takes this many times the best is not asked again: its first run says enough."""

SETTLED = 1.5
"""Seconds of measuring after which the median of a quick query holds still."""

MARGIN = 10.0
"""Seconds that a run has at least, however quick the others were."""


@dataclass
class Cell:
    """What was seen of one case: seconds of each run by backend, and who cannot do it."""

    case: Case
    seconds: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, dict[str, Any]] = field(default_factory=dict)

    def medians(self) -> dict[str, float]:
        """The middle run of each backend."""
        return {name: median(runs) for name, runs in self.seconds.items() if runs}

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"case": asdict(self.case), "seconds": self.seconds, "failed": self.failed}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Cell:
        """From plain data."""
        return cls(Case(**data["case"]), data["seconds"], data["failed"])


Ask = Callable[[str, float], dict[str, Any]]
"""Run a case on a backend within so many seconds."""


def measure(case: Case, runners: Mapping[str, Runner], repeat: int, timeout: float) -> Cell:
    """Run a case on every backend."""

    def ask(backend: str, limit: float) -> dict[str, Any]:
        asked = {"do": "run", "case": asdict(case), "backend": backend}
        return runners[backend].ask(asked, limit)

    return fill(Cell(case), list(runners), ask, repeat, timeout)


def fill(cell: Cell, backends: Sequence[str], ask: Ask, repeat: int, timeout: float) -> Cell:
    """One run of each to warm up, then turns of those that may be the best."""
    first: dict[str, float] = {}
    for backend in backends:
        limit = min([timeout, *(HOPELESS * t + MARGIN for t in first.values())])
        told = ask(backend, limit)
        if "failed" in told:
            cell.failed[backend] = told
        else:
            first[backend] = told["seconds"]
            again = ask(backend, limit) if told["seconds"] < limit / 4 else told
            cell.seconds[backend] = [again.get("seconds", told["seconds"])]
    for turn in range(8 * repeat):
        medians = cell.medians()
        hopeful = [b for b, t in medians.items() if t < HOPELESS * min(medians.values())]
        spent = sum(sum(cell.seconds[b]) for b in hopeful)
        if turn >= repeat - 1 and spent > SETTLED * len(hopeful):
            break
        for backend in hopeful if turn % 2 else reversed(hopeful):
            told = ask(backend, timeout)
            if "failed" in told:
                cell.failed[backend] = told
                del cell.seconds[backend]
            else:
                cell.seconds[backend].append(told["seconds"])
    return cell
