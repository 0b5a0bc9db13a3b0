"""A fit in memory: the estimator's own, on rows that are collected here."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

from scalekit.backends.watch import Watch
from scalekit.config import Config
from scalekit.display.text import amount
from scalekit.errors import InvalidOperationError
from scalekit.frame.frame import Frame
from scalekit.learn.arguments import missing_package
from scalekit.learn.matrix import to_features, to_target, to_weights
from scalekit.learn.one_column import as_given
from scalekit.learn.record import FitRecord, package_versions
from scalekit.learn.roles import Roles
from scalekit.learn.rows import Rows, collect_rows


def fit_here(estimator: Any, frame: Frame, roles: Roles, config: Config, watch: Watch) -> Any:
    """Collect the rows and fit, in place."""
    return fit_on(estimator, collect_rows(frame, roles.columns, config, watch), roles, watch)


def fit_on(estimator: Any, rows: Rows, roles: Roles, watch: Watch) -> Any:
    """Fit, in place, on rows that were collected."""
    weight_parameter_ = None if roles.weight is None else weight_parameter(estimator)
    watch.step(f"fitting {type(estimator).__name__} on {amount(rows.table.height, 'row')}")
    fitted = _fit(estimator, rows, roles, weight_parameter_)
    fitted.scalekit_fit_ = _record(rows, roles)
    return fitted


def weight_parameter(estimator: Any) -> str:
    """The name under which ``fit`` takes weights: a Pipeline's carries the name of its last step."""
    from sklearn import get_config
    from sklearn.pipeline import Pipeline
    from sklearn.utils.validation import has_fit_parameter

    if isinstance(estimator, Pipeline) and not get_config()["enable_metadata_routing"]:
        name, last = estimator.steps[-1]
        return f"{name}__{weight_parameter(last)}"
    if has_fit_parameter(estimator, "sample_weight"):
        return "sample_weight"
    takes_any = any(
        p.kind is Parameter.VAR_KEYWORD for p in signature(estimator.fit).parameters.values()
    )
    if takes_any and hasattr(estimator, "estimator"):
        return weight_parameter(estimator.estimator)  # a search hands them on as they are named
    if takes_any:
        return "sample_weight"
    raise InvalidOperationError(
        f"{type(estimator).__name__}.fit takes no sample_weight: leave it out, or choose another estimator"
    )


def _fit(estimator: Any, rows: Rows, roles: Roles, weight_parameter: str | None) -> Any:
    if rows.table.is_empty():
        raise InvalidOperationError(
            "the frame has no rows to fit on: look at its filters and joins with frame.explain()"
        )
    arguments: list[Any] = []
    if roles.targets:
        arguments = [to_target(rows.table.select(roles.targets))]
    weights = {}
    if weight_parameter is not None and roles.weight is not None:
        weights = {weight_parameter: to_weights(rows.table[roles.weight])}
    features = _features(estimator, rows, roles)
    try:
        estimator.fit(features, *arguments, **weights)
    except Exception as error:
        error.add_note(
            f"while fitting {type(estimator).__name__} on {rows.table.height:,} rows of "
            f"{', '.join(f'{n!r} ({rows.table.schema[n]})' for n in roles.features[:20])}"
        )
        raise
    return estimator


def _features(estimator: Any, rows: Rows, roles: Roles) -> Any:
    try:
        return as_given(estimator, to_features(rows.table.select(roles.features)))
    except ImportError as error:
        raise missing_package(error, "fit") from error


def _record(rows: Rows, roles: Roles) -> FitRecord:
    several = roles.targets or None
    return FitRecord(
        strategy="local",
        exactness="exact",
        rows=rows.table.height,
        features=roles.features,
        feature_types=tuple(str(rows.table.schema[name]) for name in roles.features),
        target=roles.targets[0] if len(roles.targets) == 1 else several,
        sample_weight=roles.weight,
        order=rows.order,
        backend=rows.backend,
        solver="memory",
        versions=package_versions(),
    )
