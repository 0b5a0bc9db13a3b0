"""The table of metrics, and which are computed by default for each task."""

from __future__ import annotations

from scalekit.errors import ConfigError
from scalekit.judge.metrics import errors, labels, probability, ranking
from scalekit.judge.metrics.metric import Metric

_BINARY = ("binary",)
_CLASSES = ("multiclass",)
_BOTH = ("binary", "multiclass")
_NUMBERS = ("regression", "count", "forecast")
_QUANTILE = ("quantile",)
_FORECAST = ("forecast",)

_PROBABILITY = (
    Metric("log_loss", _BINARY, "down", probability.mean_of("log_loss"),
           "mean of -log(probability given to what happened), in nats", terms=("log_loss",), transform="log"),
    Metric("brier", _BINARY, "down", probability.mean_of("brier"),
           "mean of (probability - outcome)^2 (Brier, 1950)", terms=("brier",), transform="log"),
    Metric("d2_log_loss", _BOTH, "up", probability.d2_log_loss,
           "1 - log loss / log loss of the classes' shares: skill over the prior", needs=("labels",), transform="log1m"),
    Metric("d2_brier", _BOTH, "up", probability.d2_brier,
           "1 - Brier score / that of the classes' shares", needs=("labels",), transform="log1m"),
    Metric("ece", _BINARY, "down", probability.expected_calibration_error,
           "mean |score - share of positives| over 15 groups of equal size by score (Nixon et al., 2019)",
           needs=("scores",), kind="upward", noise=probability.calibration_noise),
    Metric("calibration_slope", _BINARY, "near", probability.calibration_slope,
           "slope of the outcome's log odds on the score's (Cox, 1958); below 1: scores are too extreme",
           needs=("scores",), goal=1.0),
    Metric("calibration_intercept", _BINARY, "near", probability.calibration_intercept,
           "what all log odds lack on average, at slope 1 (calibration in the large)", needs=("scores",), goal=0.0),
)  # fmt: skip

_RANKING = (
    Metric("roc_auc", _BINARY, "up", ranking.roc_auc,
           "the chance that a positive row has a higher score than a negative one, ties half", needs=("scores",),
           transform="logit", bounds=ranking.roc_auc_bounds, at_limits=ranking.trials),
    Metric("average_precision", _BINARY, "up", ranking.average_precision,
           "sum of precision x gain in recall over all thresholds", needs=("scores",), transform="logit",
           bounds=ranking.average_precision_bounds),
    Metric("ks", _BINARY, "up", ranking.kolmogorov_smirnov,
           "largest difference of true and false positive rate over all thresholds", needs=("scores",),
           kind="upward", bounds=ranking.kolmogorov_smirnov_bounds),
    Metric("lift_10", _BINARY, "up", ranking.lift_among_tenth,
           "share of positives in the tenth of the rows with the highest scores / share in all", needs=("scores",),
           transform="log", bounds=ranking.lift_among_tenth_bounds),
)  # fmt: skip

_LABELS = (
    Metric("accuracy", _BOTH, "up", labels.accuracy, "share of rows that are said right", needs=("labels",),
           transform="logit", trials=labels.all_rows),
    Metric("balanced_accuracy", _BOTH, "up", labels.balanced_accuracy, "mean recall of the classes",
           needs=("labels",), transform="logit"),
    Metric("precision", _BINARY, "up", labels.precision, "TP / (TP + FP)", needs=("labels",), transform="logit",
           trials=labels.said_positives),
    Metric("recall", _BINARY, "up", labels.recall, "TP / (TP + FN)", needs=("labels",), transform="logit",
           trials=labels.positives),
    Metric("specificity", _BINARY, "up", labels.specificity, "TN / (TN + FP)", needs=("labels",),
           transform="logit", trials=labels.negatives),
    Metric("npv", _BINARY, "up", labels.negative_predictive_value, "TN / (TN + FN)", needs=("labels",),
           transform="logit", trials=labels.said_negatives),
    Metric("f1", _BINARY, "up", labels.f1, "2 TP / (2 TP + FP + FN)", needs=("labels",), transform="logit",
           trials=labels.positive_union),
    Metric("jaccard", _BINARY, "up", labels.jaccard, "TP / (TP + FP + FN)", needs=("labels",), transform="logit",
           trials=labels.positive_union),
    Metric("mcc", _BOTH, "up", labels.matthews, "correlation of what is and what is said (Matthews, 1975)",
           needs=("labels",), transform="atanh"),
    Metric("kappa", _BOTH, "up", labels.cohen_kappa, "agreement beyond chance (Cohen, 1960)", needs=("labels",),
           transform="atanh"),
    Metric("lr_positive", _BINARY, "up", labels.positive_likelihood_ratio,
           "true positive rate / false positive rate", needs=("labels",), transform="log"),
    Metric("lr_negative", _BINARY, "down", labels.negative_likelihood_ratio,
           "false negative rate / true negative rate", needs=("labels",), transform="log"),
    Metric("positive_rate", _BINARY, "near", labels.said_rate, "share of rows that are said to be positive",
           needs=("labels",), transform="logit", trials=labels.all_rows),
)  # fmt: skip

_MULTICLASS = (
    Metric("log_loss", _CLASSES, "down", probability.mean_of("log_loss_of_classes"),
           "mean of -log(probability given to what happened), in nats", terms=("log_loss_of_classes",), transform="log"),
    Metric("brier", _CLASSES, "down", probability.mean_of("brier_of_classes"),
           "mean over rows of the sum over classes of (probability - outcome)^2", terms=("brier_of_classes",),
           transform="log"),
    Metric("roc_auc_ovr", _CLASSES, "up", ranking.roc_auc_ovr, "mean AUC of each class against the rest",
           needs=("scores",), transform="logit", bounds=ranking.roc_auc_ovr_bounds),
    Metric("roc_auc_ovr_weighted", _CLASSES, "up", ranking.roc_auc_ovr_weighted,
           "AUC of each class against the rest, weighted by its rows", needs=("scores", "labels"), transform="logit"),
    Metric("roc_auc_ovo", _CLASSES, "up", ranking.roc_auc_ovo,
           "mean AUC over pairs of classes (Hand and Till, 2001)", needs=("scores", "pairs"), transform="logit"),
    Metric("roc_auc_by_class", _CLASSES, "up", ranking.roc_auc_by_class, "AUC of the class against the rest",
           needs=("scores",), transform="logit", each="class"),
    Metric("top_2", _CLASSES, "up", probability.mean_of("top_2"),
           "share of rows whose class is among the 2 of highest probability", terms=("top_2",), transform="logit",
           trials=labels.all_rows),
    Metric("top_3", _CLASSES, "up", probability.mean_of("top_3"),
           "share of rows whose class is among the 3 of highest probability", terms=("top_3",), transform="logit",
           trials=labels.all_rows),
    Metric("top_5", _CLASSES, "up", probability.mean_of("top_5"),
           "share of rows whose class is among the 5 of highest probability", terms=("top_5",), transform="logit",
           trials=labels.all_rows),
    Metric("f1_macro", _CLASSES, "up", labels.f1_macro, "mean F1 of the classes", needs=("labels",), transform="logit"),
    Metric("precision_macro", _CLASSES, "up", labels.precision_macro, "mean precision of the classes",
           needs=("labels",), transform="logit"),
    Metric("recall_macro", _CLASSES, "up", labels.recall_macro, "mean recall of the classes", needs=("labels",),
           transform="logit"),
    Metric("jaccard_macro", _CLASSES, "up", labels.jaccard_macro, "mean Jaccard index of the classes",
           needs=("labels",), transform="logit"),
    Metric("f1_weighted", _CLASSES, "up", labels.f1_weighted, "mean F1 by the classes' rows", needs=("labels",),
           transform="logit"),
    Metric("precision_weighted", _CLASSES, "up", labels.precision_weighted, "mean precision by the classes' rows",
           needs=("labels",), transform="logit"),
    Metric("recall_weighted", _CLASSES, "up", labels.recall_weighted, "mean recall by the classes' rows",
           needs=("labels",), transform="logit"),
    Metric("precision_by_class", _CLASSES, "up", labels.precision_by_class, "of the rows said to be of the class",
           needs=("labels",), transform="logit", each="class", trials=labels.said_by_class),
    Metric("recall_by_class", _CLASSES, "up", labels.recall_by_class, "of the rows of the class", needs=("labels",),
           transform="logit", each="class", trials=labels.true_by_class),
    Metric("f1_by_class", _CLASSES, "up", labels.f1_by_class, "harmonic mean of the class's precision and recall",
           needs=("labels",), transform="logit", each="class"),
)  # fmt: skip

_ERRORS = (
    Metric("rmse", _NUMBERS, "down", errors.root_mean("squared_error"),
           "root of the mean squared error, in units of the target", terms=("squared_error",), transform="log"),
    Metric("mse", _NUMBERS, "down", probability.mean_of("squared_error"), "mean squared error",
           terms=("squared_error",), transform="log"),
    Metric("mae", _NUMBERS, "down", probability.mean_of("absolute_error"),
           "mean absolute error, in units of the target", terms=("absolute_error",), transform="log"),
    Metric("r2", _NUMBERS, "up", errors.r2, "1 - squared errors / those of the mean target",
           terms=("squared_error", "target", "squared_target"), transform="log1m"),
    Metric("explained_variance", _NUMBERS, "up", errors.explained_variance, "1 - variance of errors / of targets",
           terms=("squared_error", "error", "target", "squared_target"), transform="log1m"),
    Metric("d2_absolute_error", _NUMBERS, "up", errors.d2_absolute_error,
           "1 - absolute errors / those of the median target", terms=("absolute_error",), needs=("targets",),
           transform="log1m", bounds=errors.d2_absolute_error_bounds),
    Metric("bias", _NUMBERS, "near", probability.mean_of("error"),
           "mean of prediction - target, in units of the target", terms=("error",), goal=0.0),
    Metric("calibration_slope", _NUMBERS, "near", errors.calibration_slope,
           "slope of the target on the prediction; below 1: predictions are too extreme",
           terms=("prediction", "squared_prediction", "prediction_target", "target", "squared_target"), goal=1.0),
    Metric("correlation", _NUMBERS, "up", errors.correlation, "Pearson's, of prediction and target",
           terms=("prediction", "squared_prediction", "prediction_target", "target", "squared_target"),
           transform="atanh"),
    Metric("median_ae", _NUMBERS, "down", errors.error_quantile(0.5), "median absolute error", needs=("errors",),
           kind="order", bounds=errors.error_quantile_bounds(0.5)),
    Metric("p90_ae", _NUMBERS, "down", errors.error_quantile(0.9), "absolute error that nine of ten rows keep within",
           needs=("errors",), kind="order", bounds=errors.error_quantile_bounds(0.9)),
    Metric("max_error", _NUMBERS, "down", errors.largest_error, "largest absolute error", kind="extreme"),
    Metric("mape", _NUMBERS, "down", probability.mean_of("percentage_error"),
           "mean of |error| / |target|; of use where targets are far above 0", terms=("percentage_error",),
           transform="log"),
    Metric("smape", _NUMBERS, "down", probability.mean_of("symmetric_error"),
           "mean of 2 |error| / (|target| + |prediction|)", terms=("symmetric_error",), transform="log"),
    Metric("wape", _NUMBERS, "down", errors.weighted_absolute_percentage_error,
           "sum of |error| / sum of |target|", terms=("absolute_error", "absolute_target"), transform="log"),
    Metric("msle", _NUMBERS, "down", probability.mean_of("squared_log_error"),
           "mean of (log(1 + prediction) - log(1 + target))^2", terms=("squared_log_error",), transform="log"),
    Metric("rmsle", _NUMBERS, "down", errors.root_mean("squared_log_error"), "its root",
           terms=("squared_log_error",), transform="log"),
    Metric("poisson_deviance", _NUMBERS, "down", probability.mean_of("poisson"),
           "mean of 2 (y log(y / f) - y + f); predictions above 0", terms=("poisson",), transform="log"),
    Metric("d2_poisson", _NUMBERS, "up", errors.d2_poisson, "1 - Poisson deviance / that of the mean target",
           terms=("poisson", "plain_target", "target_log_target"), transform="log1m"),
    Metric("gamma_deviance", _NUMBERS, "down", probability.mean_of("gamma"),
           "mean of 2 (log(f / y) + y / f - 1); targets and predictions above 0", terms=("gamma",), transform="log"),
    Metric("d2_gamma", _NUMBERS, "up", errors.d2_gamma, "1 - Gamma deviance / that of the mean target",
           terms=("gamma", "plain_target", "log_target"), transform="log1m"),
    Metric("tweedie_deviance", _NUMBERS, "down", probability.mean_of("tweedie"), "mean Tweedie deviance of power 1.5",
           terms=("tweedie",), transform="log"),
    Metric("d2_tweedie", _NUMBERS, "up", errors.d2_tweedie, "1 - Tweedie deviance / that of the mean target",
           terms=("tweedie", "plain_target", "root_target"), transform="log1m"),
    Metric("mase", _FORECAST, "down", errors.mean_of_scaled("scaled_error"),
           "mean of |error| / error of the naive forecast in the series' history (Hyndman and Koehler, 2006)",
           terms=("scaled_error", "is_scaled"), transform="log"),
    Metric("rmsse", _FORECAST, "down", errors.root_mean_of_scaled("squared_scaled_error"),
           "root of the mean of error^2 / squared naive error in the series' history (M5 competition, 2020)",
           terms=("squared_scaled_error", "is_scaled"), transform="log"),
)  # fmt: skip

_QUANTILES = (
    Metric("pinball", _QUANTILE, "down", errors.mean_pinball, "mean pinball loss over the quantiles",
           terms=("pinball",), transform="log"),
    Metric("pinball_by_quantile", _QUANTILE, "down", probability.mean_of("pinball"),
           "mean of q (y - f) where y is above f, else of (1 - q) (f - y)", terms=("pinball",), transform="log",
           each="quantile"),
    Metric("below_by_quantile", _QUANTILE, "near", probability.mean_of("below"),
           "share of targets at or below the predicted quantile", terms=("below",), transform="logit",
           each="quantile"),
    Metric("coverage", _QUANTILE, "near", probability.mean_of("inside"),
           "share of targets between the lowest and the highest quantile", terms=("inside",), transform="logit",
           trials=labels.all_rows),
    Metric("width", _QUANTILE, "down", probability.mean_of("width"),
           "mean distance from the lowest to the highest quantile", terms=("width",)),
    Metric("interval_score", _QUANTILE, "down", probability.mean_of("interval_score"),
           "width and a penalty for targets outside (Gneiting and Raftery, 2007)", terms=("interval_score",)),
    Metric("crossing", _QUANTILE, "down", probability.mean_of("crossing"),
           "share of rows whose quantiles are out of order", terms=("crossing",), transform="logit",
           trials=labels.all_rows),
)  # fmt: skip


def _by_task(*families: tuple[Metric, ...]) -> dict[str, dict[str, Metric]]:
    table: dict[str, dict[str, Metric]] = {}
    for metric in (metric for family in families for metric in family):
        for task in metric.tasks:
            table.setdefault(task, {})[metric.name] = metric
    return table


METRICS: dict[str, dict[str, Metric]] = _by_task(
    _PROBABILITY, _RANKING, _LABELS, _MULTICLASS, _ERRORS, _QUANTILES
)
"""Task -> name -> metric; a name means the same in every task that has it."""

DEFAULTS: dict[str, tuple[str, ...]] = {
    "binary": (
        "log_loss", "roc_auc", "average_precision", "brier", "ece", "calibration_slope",
        "calibration_intercept", "d2_log_loss", "accuracy", "precision", "recall", "f1",
        "balanced_accuracy", "mcc", "lift_10",
    ),
    "multiclass": (
        "log_loss", "roc_auc_ovr", "accuracy", "balanced_accuracy", "f1_macro", "top_3", "d2_log_loss",
        "brier", "mcc", "precision_by_class", "recall_by_class",
    ),
    "regression": (
        "rmse", "mae", "r2", "d2_absolute_error", "bias", "calibration_slope", "median_ae", "p90_ae",
        "max_error", "mape",
    ),
    "count": (
        "poisson_deviance", "d2_poisson", "rmse", "mae", "bias", "calibration_slope", "median_ae", "p90_ae",
        "max_error",
    ),
    "quantile": (
        "pinball", "coverage", "width", "interval_score", "crossing", "pinball_by_quantile",
        "below_by_quantile",
    ),
    "forecast": (
        "mase", "rmsse", "wape", "bias", "rmse", "mae", "r2", "median_ae", "p90_ae", "max_error",
    ),
}  # fmt: skip
"""Task -> names in the order in which they are shown, the primary one first (LEARN §4.1)."""


def tasks() -> tuple[str, ...]:
    """The tasks that there are metrics for.

    Examples
    --------
    >>> tasks()
    ('binary', 'multiclass', 'regression', 'count', 'quantile', 'forecast')
    """
    return tuple(DEFAULTS)


def default_metrics(task: str) -> tuple[str, ...]:
    """The names of the metrics of a task, the primary one first.

    Raises
    ------
    ConfigError
        Where there is no such task.

    Examples
    --------
    >>> default_metrics("regression")[:3]
    ('rmse', 'mae', 'r2')
    """
    if task not in DEFAULTS:
        raise ConfigError.unknown_choice("task", task, DEFAULTS, origin="task=")
    return DEFAULTS[task]


def metric_named(name: str, task: str) -> Metric:
    """The metric of a name.

    Raises
    ------
    ConfigError
        Where the task has no metric of that name; it lists those that it has.

    Examples
    --------
    >>> metric_named("roc_auc", "binary").direction
    'up'
    """
    default_metrics(task)
    if name not in METRICS[task]:
        raise ConfigError.unknown_choice(
            f"metric of task {task!r}", name, METRICS[task], origin="metrics="
        )
    return METRICS[task][name]
