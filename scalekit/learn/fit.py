"""Fit any scikit-learn estimator on a frame, and get a genuine fitted scikit-learn object back."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any, TypeAlias, TypeVar

from scalekit.config import resolve
from scalekit.display.progress import progress
from scalekit.errors import ColumnNotFoundError, InvalidOperationError
from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.learn.arguments import (
    check_choice,
    check_frame,
    check_method,
    column_names,
    missing_package,
    schema,
)
from scalekit.learn.local import weight_parameter
from scalekit.learn.roles import Roles
from scalekit.learn.route import choose_route
from scalekit.learn.wishes import OnUnsupported, Wishes
from scalekit.tracking.keeping import track_fit
from scalekit.tracking.results import Fitted

Columns: TypeAlias = "str | Sequence[str]"
E = TypeVar("E")

SOLVERS = ("auto", "memory", "passes")
ON_UNSUPPORTED = ("error", "sample", "gather")


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
    check_ways("fit", estimator, frame, solver, on_unsupported)
    roles = roles_of(frame, target, features, sample_weight)
    unfitted = unfitted_clone(estimator)
    check_target(unfitted, roles)
    if roles.weight is not None:
        weight_parameter(unfitted)  # refuses those that take none
    config = resolve()
    with progress(config) as watch:
        route = choose_route(
            unfitted, frame, roles, config, Wishes(solver, on_unsupported, max_rows, verify)
        )
        started = perf_counter()
        fitted: E = route.fit(unfitted, frame, roles, watch)
    track_fit(Fitted(fitted, perf_counter() - started))
    return fitted


def check_ways(
    function: str, estimator: object, frame: object, solver: object, on_unsupported: object
) -> None:
    """Raise unless ``function`` was given a frame, an estimator that fits, and ways to fit that exist."""
    check_frame(frame, function)
    check_method(estimator, "fit", function)
    check_choice(solver, SOLVERS, "solver")
    check_choice(on_unsupported, ON_UNSUPPORTED, "on_unsupported")


def roles_of(
    frame: Frame, target: Columns | None, features: Any, sample_weight: str | None
) -> Roles:
    """Check the columns that the user named, and find the others."""
    known = list(schema(frame))
    targets = () if target is None else column_names(frame, target, "target")
    if sample_weight is not None and sample_weight not in known:
        raise ColumnNotFoundError.missing([sample_weight], known)
    taken = {*targets, sample_weight}
    if features is None:
        names = tuple(name for name in known if name not in taken)
    else:
        names = column_names(frame, features, "features")
    if leaked := [name for name in names if name in taken]:
        raise InvalidOperationError(
            f"{', '.join(map(repr, leaked))} cannot be a feature and the target or the weights at once"
        )
    if not names:
        raise InvalidOperationError("no feature is left: the frame has no column but the target")
    return Roles(names, targets, sample_weight)


def unfitted_clone(estimator: Any) -> Any:
    """A copy without what a fit has left on it; an object that only has ``fit`` is copied whole."""
    try:
        from sklearn.base import clone
    except ImportError as error:
        raise missing_package(error, "fit") from error
    return clone(estimator, safe=False)


def check_target(estimator: Any, roles: Roles) -> None:
    """Raise where an estimator needs a target and none was named."""
    from sklearn.utils import get_tags

    if roles.targets or not hasattr(estimator, "__sklearn_tags__"):
        return
    if get_tags(estimator).target_tags.required:
        raise InvalidOperationError(
            f"{type(estimator).__name__} learns to predict a column: name it with target=; "
            f"the frame has {', '.join(map(repr, roles.features[:40]))}"
        )
