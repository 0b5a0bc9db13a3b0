"""What a fit would do, before it does: where it runs, how each step is fitted, how exact it is, what it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scalekit import run
from scalekit.config import resolve
from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.learn.asked import Columns, asked
from scalekit.learn.outline import FitOutline, Step
from scalekit.learn.route import Route, choose_route
from scalekit.learn.wishes import OnUnsupported, Wishes

if TYPE_CHECKING:
    from scalekit.learn.strategies.choice import Chosen


@folded
def explain_fit(
    estimator: Any,
    frame: Frame,
    *,
    target: Columns | None = None,
    features: Any = None,
    sample_weight: str | None = None,
    solver: str = "auto",
    on_unsupported: OnUnsupported = "error",
    max_rows: int = 100_000,
) -> FitOutline:
    """Say how :func:`fit` would fit an estimator on a frame; nothing runs and nothing is read.

    Parameters
    ----------
    estimator, frame, target, features, sample_weight, solver, on_unsupported, max_rows
        As for :func:`fit`.

    Returns
    -------
    FitOutline
        A row for each step: how it is fitted, how exact that is, how often the rows are read, what is kept in
        memory for it, and why it cannot be fitted where it cannot. It is true where all steps can be fitted;
        ``frame()`` gives it as a Polars frame.

    Raises
    ------
    ColumnNotFoundError, InvalidOperationError
        As :func:`fit`.

    Examples
    --------
    >>> import scalekit as sk
    >>> from sklearn.preprocessing import StandardScaler
    >>> flights = sk.from_dict({"distance": [200.0, 1400.0, 760.0], "delay": [3.0, -5.0, 20.0]})
    >>> plan = sk.explain_fit(StandardScaler(), flights, solver="passes")
    >>> bool(plan), plan.exactness, plan.steps[0].passes
    (True, 'exact', '1')
    """
    wishes = Wishes(solver, on_unsupported, max_rows)
    unfitted, roles = asked(
        "explain_fit",
        estimator,
        frame,
        wishes,
        target=target,
        features=features,
        weight=sample_weight,
    )
    route = choose_route(unfitted, frame, roles, resolve(), wishes)
    rows = run.estimates(frame._plan)[frame._plan].rows
    known = None if rows is None else round(rows.guess)
    return FitOutline(
        route.config.backend,
        route.reason,
        known,
        tuple(_steps(route, unfitted, len(roles.features), known)),
    )


def _steps(route: Route, estimator: Any, width: int, rows: int | None) -> Sequence[Step]:
    if route.chosen is None:
        note = "its own fit, on rows in memory"
        return [Step("", type(estimator).__name__, "memory", "exact", "1", None, note, "")]
    return [_step(one, width, rows) for one in route.chosen.walk()]


def _step(one: Chosen, width: int, rows: int | None) -> Step:
    name, path = type(one.estimator).__name__, ".".join(one.path)
    if one.strategy is None:
        return Step(path, name, "none", "none", "", None, "", one.refusal)
    found = one.strategy
    kept = None
    if found.kind == "iterative" and not one.path and rows is not None:
        kept = rows * 8 * (width + 1)  # a matrix of float64, and the target
    exactness = found.exactness_of(one.estimator)
    return Step(path, name, found.kind, exactness, found.passes, kept, found.note, "")
