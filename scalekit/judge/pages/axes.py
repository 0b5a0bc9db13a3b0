"""Axes: what they span, their ticks, and where a value stands on them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scalekit.judge.pages.lettering import compact

_AROUND = (-19.0, -4.0, -1.0, 0.0, 1.0, 4.0, 19.0)
"""Where a squeezed axis has ticks, in distances from its centre."""
_APART = 0.12
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Axis:
    """One axis of a plot.

    Attributes
    ----------
    label
        What is measured, with its unit.
    low, high
        The values at its ends.
    ticks
        Values that are marked, and their texts.
    logarithmic
        Whether equal distances are equal ratios.
    squeezed
        A centre and a distance from it: half of the axis is for what is within it, and the rest for all beyond.
    """

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    logarithmic: bool = False
    squeezed: tuple[float, float] | None = None

    def share(self, value: float) -> float:
        """How far along the axis a value stands: 0 at its low end, 1 at its high end, and no further than a bit."""
        if self.logarithmic and value <= 0:
            return 0.0
        low, high, at = map(self._scaled, (self.low, self.high, value))
        if math.isnan(at):
            return math.nan
        return min(max((at - low) / (high - low), -0.02), 1.02)

    def _scaled(self, value: float) -> float:
        if self.logarithmic:
            return math.log(value)
        if self.squeezed is None or not math.isfinite(value):
            return value
        centre, distance = self.squeezed
        off = (value - centre) / distance
        return off / (1 + abs(off))


def linear(label: str, values: Iterable[float], *, zero: bool = False, most: int = 5) -> Axis:
    """An axis that spans values and ends at ticks.

    Parameters
    ----------
    label
        What is measured, with its unit.
    values
        What it has to span; those that are not finite are left out.
    zero
        Whether it begins at 0 (or ends there, where all are negative).
    most
        About how many ticks.

    Examples
    --------
    >>> axis = linear("error (minutes)", [0.3, 9.2])
    >>> axis.low, axis.high, [text for _, text in axis.ticks]
    (0.0, 10.0, ['0', '2', '4', '6', '8', '10'])
    """
    low, high = _span(values, zero=zero)
    step = _step((high - low) / most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    marks = [float(f"{place * step:.15g}") for place in range(first, last + 1)]
    return Axis(label, marks[0], marks[-1], _texts(marks))


def between(label: str, low: float, high: float, *, most: int = 5) -> Axis:
    """An axis that ends where it is told to, with ticks between.

    Examples
    --------
    >>> axis = between("minutes", -3.0, 47.0)
    >>> axis.low, axis.high, [text for _, text in axis.ticks]
    (-3.0, 47.0, ['0', '10', '20', '30', '40'])
    """
    wide = linear(label, [low, high], most=most)
    span = (high - low) * 1e-9
    ticks = tuple(tick for tick in wide.ticks if low - span <= tick[0] <= high + span)
    return Axis(label, low, high, ticks) if high > low else wide


def squeezed(label: str, low: float, high: float, centre: float, distance: float) -> Axis:
    """An axis for values of which few are far off: half of it is for those within a distance of the centre.

    Examples
    --------
    >>> axis = squeezed("amount", 0.0, 9000.0, 100.0, 100.0)
    >>> [text for _, text in axis.ticks], round(axis.share(200.0), 2)
    (['0', '100', '200', '500', '9k'], 0.67)
    """
    axis = Axis(label, low, high, (), squeezed=(centre, distance))
    inner = (centre + distance * step for step in _AROUND)
    known = sorted({float(f"{value:.1g}") for value in inner if low < value < high} | {low, high})
    ticks: list[float] = []
    for value in known:
        if low <= value <= high and (
            not ticks or axis.share(value) - axis.share(ticks[-1]) > _APART
        ):
            ticks.append(value)
    return replace(axis, ticks=tuple((value, compact(value)) for value in ticks))


def _texts(marks: Sequence[float]) -> tuple[tuple[float, str], ...]:
    """Ticks with their texts: short ones, unless two would read alike."""
    texts = [compact(mark) for mark in marks]
    if len(set(texts)) < len(texts):
        texts = [f"{mark:,.15g}" for mark in marks]
    return tuple(zip(marks, texts, strict=True))


def _span(values: Iterable[float], *, zero: bool) -> tuple[float, float]:
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    if zero:
        known.append(0.0)
    low, high = min(known), max(known)
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        around = abs(low) / 2 or 0.5
        return (low, low + 2 * around) if zero else (low - around, low + around)
    return low, high


def _step(about: float) -> float:
    power = 10.0 ** math.floor(math.log10(about))
    return next(step * power for step in _STEPS if about <= step * power * (1 + 1e-9))


def shares(label: str) -> Axis:
    """An axis from 0 to 1.

    Examples
    --------
    >>> [text for _, text in shares("recall").ticks]
    ['0', '0.2', '0.4', '0.6', '0.8', '1']
    """
    return Axis(label, 0.0, 1.0, tuple((n / 5, compact(n / 5)) for n in range(6)))


def logarithmic(label: str, values: Iterable[float], *, most: int = 6) -> Axis:
    """An axis of ratios that ends at powers of ten; values that are not positive are left out.

    Examples
    --------
    >>> [text for _, text in logarithmic("rows", [30, 20_000]).ticks]
    ['10', '100', '1k', '10k', '100k']
    """
    known = [value for value in values if value > 0 and math.isfinite(value)] or [1.0, 10.0]
    first = math.floor(math.log10(min(known)) + 1e-9)
    last = max(math.ceil(math.log10(max(known)) - 1e-9), first + 1)
    each = math.ceil((last - first) / most)
    marks = [10.0**power for power in range(first, last + 1, each)]
    ends = 10.0**first, 10.0**last
    return Axis(label, *ends, tuple((mark, compact(mark)) for mark in marks), logarithmic=True)


def categories(label: str, names: Sequence[str], *, most: int = 6) -> Axis:
    """An axis of names, at 0, 1, 2, ...; where there are many, some are left without a text.

    Examples
    --------
    >>> axis = categories("month", ["Jan", "Feb", "Mar"])
    >>> axis.low, axis.high, axis.ticks
    (-0.5, 2.5, ((0.0, 'Jan'), (1.0, 'Feb'), (2.0, 'Mar')))
    """
    each = max(1, math.ceil(len(names) / most))
    ticks = tuple((float(n), name) for n, name in enumerate(names) if n % each == 0)
    return Axis(label, -0.5, max(len(names), 1) - 0.5, ticks)
