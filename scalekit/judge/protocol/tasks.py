"""What each task is judged by, unless a protocol says otherwise: its primary metric and its set of metrics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """The defaults of one task.

    Attributes
    ----------
    primary
        The metric that decides.
    metrics
        All that are reported, in this order.
    baselines
        What models are measured against.
    """

    primary: str
    metrics: tuple[str, ...]
    baselines: tuple[str, ...] = ("dummy", "linear")


TASKS: dict[str, Task] = {
    "binary": Task(
        "log_loss",
        (
            "log_loss",
            "roc_auc",
            "average_precision",
            "brier",
            "ece",
            "calibration_slope",
            "calibration_intercept",
            "d2_log_loss",
            "precision",
            "recall",
            "f1",
            "balanced_accuracy",
            "lift_10",
        ),
    ),
    "multiclass": Task(
        "log_loss",
        (
            "log_loss",
            "roc_auc_ovr",
            "balanced_accuracy",
            "f1_macro",
            "top_3_accuracy",
            "precision_by_class",
            "recall_by_class",
        ),
    ),
    "regression": Task(
        "rmse",
        (
            "rmse",
            "mae",
            "r2",
            "d2_absolute_error",
            "bias",
            "calibration_slope",
            "median_absolute_error",
            "p90_absolute_error",
            "mape",
        ),
    ),
    "count": Task("poisson_deviance", ("poisson_deviance", "d2_poisson", "rmse", "mae", "bias")),
    "quantile": Task("pinball", ("pinball", "coverage", "width")),
    "forecast": Task("mase", ("mase", "rmsse", "wape", "bias"), ("last_value",)),
}
"""The default sets of LEARN section 4.1."""

BASELINES = ("dummy", "linear", "last_value", "seasonal_naive", "production")
"""What there is: the best constant, a linear model, two of forecasts, and the model in production."""
