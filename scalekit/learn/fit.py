"""Fit any scikit-learn estimator on a frame, and get a genuine fitted scikit-learn object back."""

from __future__ import annotations

from time import perf_counter
from typing import Any, TypeVar

from scalekit.config import resolve
from scalekit.display.progress import progress
from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.learn.asked import Columns, asked
from scalekit.learn.route import choose_route
from scalekit.learn.wishes import OnUnsupported, Wishes
from scalekit.tracking.keeping import track_fit
from scalekit.tracking.results import Fitted

E = TypeVar("E")


@folded
def fit(
    estimator: E,
    frame: Frame,
    *,
    target: Columns | None = None,
    features: Any = None,
    sample_weight: str | None = None,
    solver: str = "auto",
    on_unsupported: OnUnsupported = "error",
    max_rows: int = 100_000,
    verify: bool = False,
) -> E:
    """Fit a scikit-learn estimator or Pipeline on a frame.

    The estimator is cloned and never changed. What comes back is a genuine fitted object of the same
    class: it predicts, pickles, clones and exports like any other, and has one attribute more,
    ``scalekit_fit_``, a :class:`~scalekit.learn.record.FitRecord` of how it was fitted.

    Where the rows fit the memory of this machine, it is the estimator's own ``fit`` on a pandas frame of NumPy types,
    the same on every backend (``scalekit.learn.matrix`` has the table), and y as a NumPy array. Rows on a cluster, or
    too many for the memory here, stay where they are: the model is made from passes over their partitions,
    with the strategy that docs/estimators.md has for each estimator, and :func:`explain_fit` for a fit.

    Only the columns that are needed are read. A frame that has an order keeps it; rows of one that has none
    (after ``group_by``, ``join``, ``unique``) come in the order of their hash, so that no backend's order of rows
    decides what an estimator learns.

    Parameters
    ----------
    estimator
        An unfitted instance with ``fit``; not a class.
    frame
        The rows to learn from.
    target
        The column to predict, or several for an estimator of several outputs. None for estimators that
        have none, such as scalers and clusterings.
    features
        Names, selectors, or a list of these: the columns of X, in this order. By default every column but
        the target and the weights.
    sample_weight
        A column of weights. For a Pipeline or a search over one they go to its last step.
    solver
        ``"auto"``; ``"memory"`` for the estimator's own fit on rows that are collected, wherever they are;
        ``"passes"`` for one over partitions, or batches of rows on one machine, however few they are.
    on_unsupported
        What to do with an estimator, or a step, that has no fit over partitions: ``"error"`` refuses it before
        anything is read, ``"sample"`` fits it on ``max_rows`` rows, which their values choose, and
        ``"gather"`` on all rows, brought to this machine.
    max_rows
        Rows of such a sample, at the most.
    verify
        After a fit over partitions, fit a sample of the rows in the same way and by scikit-learn itself, and
        compare what both have learned: it takes seconds, and tells of versions that do not go together.

    Returns
    -------
    object
        A fitted object of the estimator's class. Attributes that have a value for each row (``labels_`` of
        clusterings, ``outliers_``) are not there after a fit over partitions: :func:`predict` gives them.

    Raises
    ------
    NotDistributableError
        Where an estimator, or a step, has no fit over partitions and one is needed; the message has what does.
    ColumnNotFoundError
        Where the target, a feature or the weights do not exist; the message has the nearest match.
    InvalidOperationError
        Where the estimator is a class or has no ``fit``, needs a target and was given none, or takes no
        weights; where the target or the weights are null somewhere; where there are no rows.
    MissingDependencyError
        Where scikit-learn or pandas is not installed.

    Examples
    --------
    >>> import scalekit as sk
    >>> from sklearn.linear_model import LinearRegression
    >>> frame = sk.from_dict({"x": [0.0, 1.0, 2.0], "y": [1.0, 3.0, 5.0]})
    >>> model = sk.fit(LinearRegression(), frame, target="y")
    >>> model.coef_.round(6).tolist(), model.scalekit_fit_.rows
    ([2.0], 3)
    """
    wishes = Wishes(solver, on_unsupported, max_rows, verify)
    unfitted, roles = asked(
        "fit", estimator, frame, wishes, target=target, features=features, weight=sample_weight
    )
    config = resolve()
    with progress(config) as watch:
        route = choose_route(unfitted, frame, roles, config, wishes)
        started = perf_counter()
        fitted: E = route.fit(unfitted, frame, roles, watch)
    track_fit(Fitted(fitted, perf_counter() - started))
    return fitted
