"""Section 6: errors of numbers: predicted against actual, bias by decile, their spread; of forecasts by horizon and period."""

from __future__ import annotations

from collections.abc import Sequence

from scalekit.judge.pages.axes import categories, linear, logarithmic, shares
from scalekit.judge.pages.figures import figure_text
from scalekit.judge.pages.lettering import isolated
from scalekit.judge.pages.marks import Cells, Intervals, Line, Numbers, Plot, Rule
from scalekit.judge.pages.picture import Picture


def actual_picture(
    x: Numbers, y: Numbers, counts: Sequence[Numbers], target: str, told: str
) -> Picture:
    """How often which prediction came with which value.

    Parameters
    ----------
    x, y
        Edges of predictions and of values.
    counts
        A row for each step of ``y``.
    target
        The column that is predicted.
    told
        What is to be seen, in words.
    """
    name = isolated(target)
    plot = Plot(
        linear(f"predicted {name}", x), linear(f"actual {name}", y), (Cells(x, y, counts), Rule(name="right")), height=290
    )  # fmt: skip
    return Picture(
        "actual",
        "Predicted and actual values",
        told,
        (plot,),
        "On the dashed line a prediction is right.",
    )


def bias_picture(points: Sequence[Intervals], target: str) -> Picture:
    """Mean error in each tenth of the predictions.

    Parameters
    ----------
    points
        Of each model: decile (1 to 10), mean error with its interval.
    target
        The column that is predicted.
    """
    known = [value for one in points for value in (*one.y, *one.low, *one.high)]
    deciles = [str(n) for n in range(1, 11)]
    plot = Plot(
        categories("decile of the prediction", deciles, most=10),
        linear(f"mean of predicted - actual ({isolated(target)})", known, zero=True),
        (Rule(y=0.0), *points),
        height=230,
    )
    told = "; ".join(
        f"{isolated(one.name)}: {', '.join(figure_text(value) for value in one.y)}"
        for one in points
    )
    return Picture(
        "bias", "Bias by decile", f"Mean error from the lowest to the highest tenth of predictions: {told}.",
        (plot,), "Above the line the model says too much, below it too little.",
    )  # fmt: skip


def spread_picture(
    lines: Sequence[Line], marks: Sequence[tuple[str, float]], target: str
) -> Picture:
    """Which share of rows has an error of at most so much.

    Parameters
    ----------
    lines
        Of each model: size of the error, share of rows.
    marks
        Names and sizes of errors that are marked, such as the median.
    target
        The column that is predicted.
    """
    sizes = [value for line in lines for value in line.x]
    plot = Plot(
        logarithmic(f"|predicted - actual| ({isolated(target)})", sizes),
        shares("share of rows with at most this error"),
        (*(Rule(x=value, name=name) for name, value in marks), *lines),
        height=230,
    )
    told = ", ".join(f"{name} {figure_text(value)}" for name, value in marks)
    return Picture("spread", "Size of errors", f"{told or 'Distribution of the absolute error'}.", (plot,),
                   "The further to the upper left the better.")  # fmt: skip


def horizon_picture(lines: Sequence[Line], names: Sequence[str], metric: str, over: str) -> Picture:
    """An error by horizon or by period, with bands.

    Parameters
    ----------
    lines
        Of each model: number of the step, error.
    names
        Of the steps.
    metric
        What is measured.
    over
        ``"horizon"`` or ``"period"``.
    """
    known = [value for line in lines for value in (*line.y, *line.low, *line.high)]
    plot = Plot(categories(over, names), linear(metric, known, zero=True), tuple(lines), height=230)
    told = "; ".join(
        f"{isolated(line.name)} {figure_text(line.y[0])} at first, {figure_text(line.y[-1])} at last"
        for line in lines
        if len(line.y)
    )
    return Picture(f"by-{over}", f"{metric} by {over}", f"{told}.", (plot,), "Bands are intervals.")
