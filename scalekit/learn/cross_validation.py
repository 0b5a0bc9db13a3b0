"""Cross-validate any scikit-learn estimator on a frame, with scikit-learn's own folds."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from scalekit.backends.watch import Watch
from scalekit.config import resolve
from scalekit.display.progress import progress
from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.learn.asked import Columns, asked
from scalekit.learn.local import weight_parameter
from scalekit.learn.matrix import to_features, to_target, to_weights
from scalekit.learn.one_column import as_given
from scalekit.learn.roles import Roles
from scalekit.learn.route import Route, choose_route
from scalekit.learn.rows import collect_rows
from scalekit.learn.wishes import OnUnsupported, Wishes


@folded
def cross_validate(
    estimator: Any,
    frame: Frame,
    *,
    target: Columns | None = None,
    features: Any = None,
    sample_weight: str | None = None,
    cv: Any = None,
    scoring: Any = None,
    return_train_score: bool = False,
    return_estimator: bool = False,
    error_score: Any = float("nan"),
    solver: str = "auto",
    on_unsupported: OnUnsupported = "error",
    max_rows: int = 100_000,
) -> Mapping[str, Any]:
    """Fit an estimator on the training rows of each split, and score it on the others.

    The folds are those that scikit-learn's splitter makes of the rows in the order of the frame, on every backend:
    the same rows as ``sklearn.model_selection.cross_validate`` gives on rows in memory. Rows of a frame without an
    order come in the order of their hash. On a cluster all folds are fitted at once, over shared passes, and the
    target alone is brought here for the splitter.

    Parameters
    ----------
    estimator, frame, target, features, sample_weight, solver, on_unsupported, max_rows
        As for :func:`fit`. Weights go to the fits and not to the scores, as in scikit-learn.
    cv
        A number of folds, a splitter, or an iterable of splits; by default five folds. Splitters of groups are for
        fits in memory of scikit-learn itself; :func:`split` makes folds of groups.
    scoring
        The name of a metric, a scorer, or several as a list or a dictionary; by default the estimator's own score.
    return_train_score, return_estimator, error_score
        As in scikit-learn.

    Returns
    -------
    dict
        What ``sklearn.model_selection.cross_validate`` gives: an array with a value for each split under
        ``"test_score"``, or ``"test_<name>"`` for several metrics, ``"fit_time"`` and ``"score_time"``. Times of fits
        over partitions are shares of what all of them took together.

    Raises
    ------
    NotDistributableError
        Where the estimator, a metric or the splitter has no fit over partitions; before anything is read.

    Examples
    --------
    >>> import scalekit as sk
    >>> from sklearn.linear_model import Ridge
    >>> frame = sk.from_dict({"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 3.0, 5.0, 7.0]})
    >>> found = sk.cross_validate(Ridge(alpha=1e-9), frame, target="y", cv=2, scoring="neg_mean_squared_error")
    >>> found["test_score"].round(6).tolist()
    [-0.0, -0.0]
    """
    wishes = Wishes(solver, on_unsupported, max_rows)
    unfitted, roles = asked(
        "cross_validate",
        estimator,
        frame,
        wishes,
        target=target,
        features=features,
        weight=sample_weight,
    )
    settings = {
        "return_train_score": return_train_score,
        "return_estimator": return_estimator,
        "error_score": error_score,
    }
    config = resolve()
    with progress(config) as watch:
        route = choose_route(unfitted, frame, roles, config, wishes)
        run = _here if route.chosen is None else _over_parts
        found: Mapping[str, Any] = run(
            route, unfitted, frame, roles, (cv, scoring, settings), watch
        )
        return found


def _here(
    route: Route, estimator: Any, frame: Frame, roles: Roles, how: tuple[Any, ...], watch: Watch
) -> Any:
    cv, scoring, settings = how
    rows = collect_rows(frame, roles.columns, route.config, watch).table
    target = to_target(rows.select(roles.targets)) if roles.targets else None
    weights = {}
    if roles.weight is not None:
        weights = {weight_parameter(estimator): to_weights(rows[roles.weight])}
    model_selection = import_module("sklearn.model_selection")
    return model_selection.cross_validate(
        estimator, as_given(estimator, to_features(rows.select(roles.features))), target,
        cv=cv, scoring=scoring, params=weights, **settings,
    )  # fmt: skip


def _over_parts(
    route: Route, estimator: Any, frame: Frame, roles: Roles, how: tuple[Any, ...], watch: Watch
) -> Any:
    over_parts = import_module("scalekit.learn.over_parts")
    adapter = import_module("scalekit.learn.strategies.cross_validated").CrossValidated(*how)
    adapter.check(estimator)
    plan = frame.select(*roles.columns)._plan
    found, _ = over_parts.fit_over_parts(
        route.chosen, plan, roles, route.config, watch, route.wishes, adapter
    )
    return found
