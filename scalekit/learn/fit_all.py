"""Fit several estimators on the same rows, which are read together for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from time import perf_counter
from typing import Any

from scalekit.backends.watch import Watch
from scalekit.config import resolve
from scalekit.display.progress import progress
from scalekit.errors import InvalidOperationError
from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.learn.asked import Columns, asked
from scalekit.learn.local import fit_on
from scalekit.learn.roles import Roles
from scalekit.learn.route import Route, choose_route
from scalekit.learn.rows import collect_rows
from scalekit.learn.wishes import OnUnsupported, Wishes
from scalekit.tracking.keeping import track_fit
from scalekit.tracking.results import Fitted


@dataclass(frozen=True)
class _Asked:
    """An estimator to fit, and how."""

    estimator: Any
    roles: Roles
    route: Route


@folded
def fit_all(
    estimators: Mapping[str, Any],
    frame: Frame,
    *,
    target: Columns | None = None,
    features: Mapping[str, Any] | None = None,
    sample_weight: str | None = None,
    solver: str = "auto",
    on_unsupported: OnUnsupported = "error",
    max_rows: int = 100_000,
) -> dict[str, Any]:
    """Fit several estimators on one frame: each as :func:`scalekit.fit` does, with the readings of the rows shared.

    Estimators whose fit is in memory share one collection of the rows. Those that are made from passes over
    partitions go in lockstep: what all of them ask of the rows at one time is one reading. Estimators of other
    features read on their own.

    Parameters
    ----------
    estimators
        Unfitted, by name; they are cloned.
    frame
        The rows to learn from.
    target, sample_weight, solver, on_unsupported, max_rows
        As for :func:`scalekit.fit`.
    features
        By name of the estimator, what it learns from; all columns but target and weights for those that are not named.

    Returns
    -------
    dict
        The fitted estimators by name. ``scalekit_fit_.passes`` counts the readings that they shared.

    Raises
    ------
    NotDistributableError
        Where one of them has no fit over partitions and one is needed; before anything is read.
    InvalidOperationError
        As for :func:`scalekit.fit`; a note of the error names the estimator.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit.learn.fit_all import fit_all
    >>> from sklearn.linear_model import LinearRegression, Ridge
    >>> frame = sk.from_dict({"x": [0.0, 1.0, 2.0], "y": [1.0, 3.0, 5.0]})
    >>> models = fit_all({"plain": LinearRegression(), "ridge": Ridge(1.0)}, frame, target="y", solver="passes")
    >>> {name: model.coef_.round(3).tolist() for name, model in models.items()}
    {'plain': [2.0], 'ridge': [1.333]}
    """
    if not estimators:
        raise InvalidOperationError("there is no estimator to fit")
    config, wishes = resolve(), Wishes(solver, on_unsupported, max_rows)
    own = features or {}
    with progress(config) as watch:
        tasks = {}
        for name, estimator in estimators.items():
            with _naming(name):
                unfitted, roles = asked(
                    "fit", estimator, frame, wishes,
                    target=target, features=own.get(name), weight=sample_weight,
                )  # fmt: skip
                route = choose_route(unfitted, frame, roles, config, wishes)
                tasks[name] = _Asked(unfitted, roles, route)
        fitted = {}
        for names in _groups(tasks):
            fitted.update(_fitted({name: tasks[name] for name in names}, frame, watch))
    for name in estimators:
        track_fit(fitted[name])
    return {name: fitted[name].model for name in estimators}


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Errors within say which estimator it was."""
    try:
        yield
    except Exception as error:
        error.add_note(f"while fitting {name!r}")
        raise


def _groups(asked: Mapping[str, _Asked]) -> list[list[str]]:
    """Names of those that read the same columns in the same way."""
    found: dict[Any, list[str]] = {}
    for name, one in asked.items():
        found.setdefault((one.roles, one.route.chosen is None), []).append(name)
    return list(found.values())


def _fitted(asked: Mapping[str, _Asked], frame: Frame, watch: Watch) -> dict[str, Fitted]:
    first = next(iter(asked.values()))
    return (_here if first.route.chosen is None else _over_parts)(asked, frame, watch)


def _here(asked: Mapping[str, _Asked], frame: Frame, watch: Watch) -> dict[str, Fitted]:
    first = next(iter(asked.values()))
    rows = collect_rows(frame, first.roles.columns, first.route.config, watch)
    found = {}
    for name, one in asked.items():
        started = perf_counter()
        with _naming(name):
            model = fit_on(one.estimator, rows, one.roles, watch)
        solver = one.route.wishes.solver
        model.scalekit_fit_ = replace(model.scalekit_fit_, solver=solver)
        found[name] = Fitted(model, perf_counter() - started)
    return found


def _over_parts(asked: Mapping[str, _Asked], frame: Frame, watch: Watch) -> dict[str, Fitted]:
    """In lockstep; the time of each is its share of what all of them took together."""
    over_parts = import_module("scalekit.learn.over_parts")  # with scikit-learn
    first, started = next(iter(asked.values())), perf_counter()
    plan = frame.select(*first.roles.columns)._plan
    route, roles = first.route, first.roles
    chosen = {name: one.route.chosen for name, one in asked.items()}
    models, driver = over_parts.fit_all_over_parts(
        chosen, plan, roles, route.config, watch, route.wishes
    )
    seconds = (perf_counter() - started) / len(asked)
    for name, one in asked.items():
        models[name].scalekit_fit_ = one.route.record(plan, roles, driver.rows, driver.passes)
    return {name: Fitted(model, seconds) for name, model in models.items()}
