"""What the model says: of enough rows (SKL10), calibrated (SKL11), and neither constant nor missing (SKL16)."""

from __future__ import annotations

import numpy as np
import polars as pl

from scalekit.errors import ScalekitError
from scalekit.judge import statistics
from scalekit.judge.findings.look import Look, Said, fine, not_applicable, raised
from scalekit.judge.metrics.arrays import Array

ENOUGH, LEAST = 50, 10
"""Rows of the rarest class in the test: below the first a warning, below the second a failure."""
SLICE_ROWS, SLICE_EVENTS = 200, 30
"""A slice of so many rows should have so many of the rarer class, or its figures say little."""

NEAR, FAR = 0.1, 0.3
"""How far from 1 the whole interval of the calibration slope has to be: for a warning, for a failure."""
OFFSET = 0.2
"""How far from 0 the whole interval of the calibration intercept has to be, in log odds."""


def events(look: Look) -> Said:
    """SKL10: rows of the rarest class, in the whole and in slices of 200 rows and more."""
    if not look.layout.is_classification:
        return not_applicable("the target is a number")
    counts = look.test.arrays["rows_of_class"]
    least = int(counts[look.layout.cells_of(None)].sum(axis=0).min())
    rows = look.test.rows
    message = f"the rarest class has {least:,} of {rows:,} test rows"
    if least < ENOUGH:
        fix = "judge on more rows of it: a larger test share, a longer time, or cross-validation"
        return raised(float(least), message, fix, fails=least < LEAST)
    few = [
        f"{'='.join(look.layout.levels[place])} ({least_here:,} of {rows_here:,})"
        for place, rows_here, least_here in _slices(look, counts)
        if rows_here >= SLICE_ROWS and least_here < SLICE_EVENTS
    ]
    if few:
        fix = "take wider slices, or judge on more rows: figures of these slices say little"
        shown = f"{', '.join(few[:5])}{', ...' * (len(few) > 5)}"
        return raised(float(len(few)), f"few rows of one class in {shown}", fix, fails=False)
    return fine(float(least), message)


def _slices(look: Look, counts: Array) -> list[tuple[int, int, int]]:
    """Place, rows and rows of the rarest class of each level."""
    found = []
    for place in range(len(look.layout.levels)):
        by_class = counts[look.layout.cells_of(place)].sum(axis=0)
        found.append((place, int(by_class.sum()), int(by_class.min())))
    return found


def calibration(look: Look) -> Said:
    """SKL11: whether probabilities (or predictions) mean what they say: the slope's interval includes 1, about.

    Raised where the whole interval is more than 0.1 from 1, or that of the intercept more than 0.2 from 0.
    """
    figures = _figures(look, ["calibration_slope", "calibration_intercept"])
    slope = figures.get("calibration_slope")
    if slope is None:
        return not_applicable("calibration is measured of binary tasks and of numbers")
    value, low, high = slope
    message = f"the calibration slope is {value:.3f} ({low:.3f} to {high:.3f})"
    distance = max(low - 1, 1 - high)
    intercept = figures.get("calibration_intercept")
    if distance > NEAR:
        what = "too extreme" if value < 1 else "too timid"
        fix = "calibrate it on rows of their own: CalibratedClassifierCV, or a regression of the target on it"
        return raised(value, f"{message}: what it says is {what}", fix, fails=distance > FAR)
    if intercept is not None and max(intercept[1], -intercept[2]) > OFFSET:
        message += (
            f", and the intercept {intercept[0]:.3f} ({intercept[1]:.3f} to {intercept[2]:.3f})"
        )
        fix = "the share of positives is another than it says: calibrate it, or look at weights and at sampling"
        return raised(intercept[0], message, fix, fails=False)
    return fine(value, message)


def _figures(look: Look, names: list[str]) -> dict[str, tuple[float, float, float]]:
    """Figures with intervals of the whole, of those that this task and this tally have."""
    found = {}
    for name in names:
        try:
            table = statistics.results(
                look.test, level=look.protocol.ci.level, models=[look.report.name], metrics=[name]
            )
        except ScalekitError:
            continue
        row = table.filter(pl.col("slice").is_null()).row(0, named=True)
        if None not in (row["value"], row["low"], row["high"]):
            found[name] = (row["value"], row["low"], row["high"])
    return found


def degenerate(look: Look) -> Said:
    """SKL16: predictions that are NaN or no probabilities, and models that say the same of every row."""
    invalid = look.test.invalid(look.report.name)
    if invalid:
        message = (
            f"{invalid:,} of {look.test.rows:,} predictions are NaN, infinite or no probability"
        )
        fix = "look at the rows whose features are missing or infinite, and impute or scale them in the model"
        return raised(float(invalid), message, fix, fails=True)
    if _is_constant(look):
        message = "the model says the same of every test row"
        fix = "look at the fit: too much regularization, features that are constant, a target that leaked away"
        return raised(1.0, message, fix, fails=True)
    return fine(0.0, "predictions are there and differ from row to row")


def _is_constant(look: Look) -> bool:
    arrays, place = look.test.arrays, look.place
    if look.layout.is_classification:
        scores = arrays["scores"][place].sum(axis=1)
        filled = scores > 0
        same = np.isfinite(arrays["score_exemplar"][place]) | ~filled
        return bool((filled.sum(axis=1) <= 1).all() and same.all())
    if look.layout.is_of_numbers:
        return bool(arrays["largest_prediction"][place] == arrays["smallest_prediction"][place])
    return False
