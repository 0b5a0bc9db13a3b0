"""What each task is judged by, unless a protocol says otherwise."""

from __future__ import annotations

from scalekit.judge.metrics import METRICS, Metric, default_metrics

TASKS = tuple(METRICS)
"""The kinds of question that there are metrics for."""

BASELINES = ("dummy", "linear", "last_value", "seasonal_naive", "production")
"""What there is: the best constant, a linear model, two of forecasts, and the model in production."""


def default_primary(task: str) -> str:
    """The metric that decides, of a task."""
    return default_metrics(task)[0]


def default_baselines(task: str, season: int | None) -> tuple[str, ...]:
    """What models are measured against, of a task."""
    if task != "forecast":
        return ("dummy", "linear")
    return ("last_value", "seasonal_naive") if season else ("last_value",)


def worsens(metric: Metric, change: float) -> bool:
    """Whether a change of a metric's value is one for the worse, as what a guard tolerates has to be.

    Examples
    --------
    >>> from scalekit.judge.metrics import metric_named
    >>> worsens(metric_named("roc_auc", "binary"), -0.005), worsens(metric_named("ece", "binary"), -0.01)
    (True, False)
    """
    if metric.direction == "near":
        return True
    return change <= 0 if metric.direction == "up" else change >= 0
