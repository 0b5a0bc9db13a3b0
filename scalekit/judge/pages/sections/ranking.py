"""Section 3: how well the model ranks: ROC and precision-recall curves with bands."""

from __future__ import annotations

from collections.abc import Sequence

from scalekit.judge.pages.axes import shares
from scalekit.judge.pages.lettering import isolated
from scalekit.judge.pages.marks import Line, Plot, Rule
from scalekit.judge.pages.picture import Picture


def roc_picture(lines: Sequence[Line], identity: str = "roc", of: str = "") -> Picture:
    """ROC curves: recall against the share of false alarms.

    Parameters
    ----------
    lines
        A line for each model; ``value`` is its area with the interval.
    identity
        Name of the picture in its page.
    of
        The class that is told from the others; empty where there are two.
    """
    plot = Plot(
        shares("false positive rate"),
        shares("true positive rate (recall)"),
        (Rule(name="chance"), *lines),
        height=290,
    )
    return Picture(
        identity,
        f"ROC curve{_of(of)}",
        f"Area under the curve: {_values(lines)}.",
        (plot,),
        "The further to the upper left the better; the band is the interval of recall.",
    )


def recall_picture(
    lines: Sequence[Line], prevalence: float, identity: str = "pr", of: str = ""
) -> Picture:
    """Precision-recall curves.

    Parameters
    ----------
    lines
        A line for each model; ``value`` is its average precision with the interval.
    prevalence
        The share of events, which is the precision of chance.
    identity
        Name of the picture in its page.
    of
        The class that is told from the others; empty where there are two.
    """
    plot = Plot(
        shares("recall"),
        shares("precision"),
        (Rule(y=prevalence, name=f"share of events {prevalence:.3g}"), *lines),
        height=290,
    )
    return Picture(
        identity,
        f"Precision and recall{_of(of)}",
        f"Average precision: {_values(lines)}; share of events {prevalence:.4g}.",
        (plot,),
        "The further to the upper right the better; the band is the interval of precision.",
    )


def _of(name: str) -> str:
    return f" of class {isolated(name)}" if name else ""


def _values(lines: Sequence[Line]) -> str:
    return ", ".join(f"{isolated(line.name)} {line.value}" for line in lines) or "unknown"
