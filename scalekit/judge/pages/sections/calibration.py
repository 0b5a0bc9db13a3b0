"""Section 4: whether probabilities are to be believed: reliability, and how scores are spread."""

from __future__ import annotations

from collections.abc import Sequence

from scalekit.judge.pages.axes import linear, shares
from scalekit.judge.pages.lettering import compact, isolated
from scalekit.judge.pages.marks import Bars, Intervals, Numbers, Plot, Rule
from scalekit.judge.pages.picture import Picture


def reliability_picture(
    points: Sequence[Intervals],
    edges: Numbers,
    counts: Sequence[tuple[str, Numbers]],
    identity: str = "reliability",
    of: str = "",
) -> Picture:
    """Observed against predicted probabilities, above the histogram of scores.

    Parameters
    ----------
    points
        Of each model: mean predicted probability, share of events with its interval.
    edges
        Of the histogram's bins.
    counts
        Name and rows in each bin of each class; drawn beside each other.
    identity
        Name of the picture in its page.
    of
        The class whose probability it is; empty where there are two.
    """
    upper = Plot(
        shares("mean predicted probability"),
        shares("observed share of events"),
        (Rule(name="calibrated"), *points),
        height=270,
    )
    title = f"Reliability of class {isolated(of)}" if of else "Reliability"
    told = "; ".join(_told(one) for one in points)
    return Picture(
        identity,
        title,
        f"Predicted and observed: {told}.",
        (upper, *histograms(edges, counts)),
        "On the diagonal, predicted probabilities come true. Below, how many rows have which score.",
    )


def histograms(edges: Numbers, counts: Sequence[tuple[str, Numbers]]) -> tuple[Plot, ...]:
    """A flat histogram of scores for each class, the one below the other."""
    return tuple(
        Plot(
            shares("predicted probability"),
            linear("rows", rows, zero=True, most=2),
            (Bars(edges, rows, isolated(name), style),),
            height=62,
        )
        for style, (name, rows) in enumerate(counts)
    )


def _told(points: Intervals) -> str:
    pairs = [
        f"{compact(x)} came true in {compact(y)}" for x, y in zip(points.x, points.y, strict=True)
    ]
    return f"{isolated(points.name)}: {', '.join(pairs)}"
