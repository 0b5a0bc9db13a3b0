"""How much longer ``auto`` takes than the best backend, from the times of all of them and the decisions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import geometric_mean, median, quantiles
from typing import Any

from benchmarks.regret.timing import Cell

GOAL, WORST, QUICK = 1.10, 2.0, 0.005
"""The geometric mean and the worst ratio that are wanted, and the seconds that a decision may take."""


@dataclass(frozen=True)
class Judged:
    """A cell with what ``auto`` decided."""

    cell: Cell
    decision: Mapping[str, Any]

    @property
    def chosen(self) -> str:
        """The backend."""
        return str(self.decision.get("backend", "none"))

    @property
    def best(self) -> str | None:
        """The quickest backend; None where none could."""
        medians = self.cell.medians()
        return min(medians, key=medians.__getitem__) if medians else None

    @property
    def regret(self) -> float | None:
        """The time of the chosen backend over the best one's; infinite where it could not do it."""
        medians, best = self.cell.medians(), self.best
        if best is None:
            return None
        return medians.get(self.chosen, math.inf) / medians[best]


def line(one: Judged) -> str:
    """A cell in one line."""
    times = ", ".join(f"{name} {t:.3f}" for name, t in one.cell.medians().items())
    failed = "".join(f", {name}: {why['failed']}" for name, why in one.cell.failed.items())
    ratio = "   -" if one.regret is None else f"{one.regret:4.2f}"
    took = one.decision.get("seconds")
    ms = "     -" if took is None else f"{took * 1e3:6.2f}"
    return f"{one.cell.case.title:34} {ratio}  auto {one.chosen:7} {ms} ms   {times}{failed}"


def summary(found: Sequence[Judged]) -> str:
    """The figures over all cells, as lines."""
    regrets = [one.regret for one in found if one.regret is not None]
    lost = sum(math.isinf(r) for r in regrets)
    finite = [r for r in regrets if math.isfinite(r)]
    lines = [f"{len(regrets)} cells, {lost} of which auto gives to a backend that cannot do them"]
    if finite:
        worst = max(
            (one for one in found if one.regret in finite), key=lambda one: one.regret or 0.0
        )
        lines.append(
            f"regret: geometric mean {geometric_mean(finite):.3f} (goal {GOAL:g}), worst {max(finite):.2f} "
            f"({worst.cell.case.title}; goal {WORST:g}); best in {sum(r == 1 for r in finite)} of them"
        )
        lines += _always(found)
    decisions = [one.decision["seconds"] for one in found if "seconds" in one.decision]
    if decisions:
        lines.append(
            f"decision: median {median(decisions) * 1e3:.2f} ms, worst {max(decisions) * 1e3:.2f} ms "
            f"(goal {QUICK * 1e3:g} ms)"
        )
    return "\n".join([*lines, *_errors(found)])


def _always(found: Sequence[Judged]) -> list[str]:
    """What the same backend everywhere would give, for comparison."""
    lines = []
    for name in dict.fromkeys(name for one in found for name in one.cell.seconds):
        ratios, lost = [], 0
        for one in found:
            medians = one.cell.medians()
            if name in medians:
                ratios.append(medians[name] / min(medians.values()))
            else:
                lost += bool(medians)
        mean, most = geometric_mean(ratios), max(ratios)
        lines.append(f"  always {name}: mean {mean:.2f}, worst {most:.1f}, {lost} not possible")
    return lines


def _errors(found: Sequence[Judged]) -> list[str]:
    """Predicted over measured seconds by backend."""
    ratios: dict[str, list[float]] = {}
    for one in found:
        medians = one.cell.medians()
        for name, seconds in one.decision.get("predicted", {}).items():
            if name in medians:
                ratios.setdefault(name, []).append(seconds / medians[name])
    lines = []
    for name, seen in ratios.items():
        tenths = quantiles(seen, n=10) if len(seen) > 1 else seen
        good = sum(0.5 <= r <= 2 for r in seen) / len(seen)
        lines.append(
            f"{name}: predicted over measured seconds, tenths {', '.join(f'{t:.2f}' for t in tenths)}; "
            f"{good:.0%} within 0.5 to 2"
        )
    return lines


def agreement(found: Sequence[Judged], own: Mapping[str, float]) -> str:
    """How long ``auto`` itself took over what the chosen backend took."""
    ratios = [
        own[one.cell.case.title] / one.cell.medians()[one.chosen]
        for one in found
        if one.cell.case.title in own and one.chosen in one.cell.medians()
    ]
    if not ratios:
        return "auto itself: not run"
    return (
        f"auto itself over the backend that it chose, {len(ratios)} cells: geometric mean "
        f"{geometric_mean(ratios):.3f}, worst {max(ratios):.2f}"
    )
