"""What the functions that fit are asked: the estimator, the frame, and which column is what, all of it checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from scalekit.errors import ColumnNotFoundError, InvalidOperationError
from scalekit.frame.frame import Frame
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
from scalekit.learn.wishes import Wishes

Columns: TypeAlias = "str | Sequence[str]"

SOLVERS = ("auto", "memory", "passes")
ON_UNSUPPORTED = ("error", "sample", "gather")


def asked(
    function: str,
    estimator: Any,
    frame: Frame,
    wishes: Wishes,
    *,
    target: Columns | None,
    features: Any,
    weight: str | None,
) -> tuple[Any, Roles]:
    """An unfitted copy of the estimator, and the columns; raises, for ``function``, where they do not go together."""
    _check_ways(function, estimator, frame, wishes.solver, wishes.on_unsupported)
    roles = _roles_of(frame, target, features, weight)
    unfitted = unfitted_clone(estimator)
    _check_target(unfitted, roles)
    if roles.weight is not None:
        weight_parameter(unfitted)  # refuses those that take none
    return unfitted, roles


def _check_ways(
    function: str, estimator: object, frame: object, solver: object, on_unsupported: object
) -> None:
    """Raise unless ``function`` was given a frame, an estimator that fits, and ways to fit that exist."""
    check_frame(frame, function)
    check_method(estimator, "fit", function)
    check_choice(solver, SOLVERS, "solver")
    check_choice(on_unsupported, ON_UNSUPPORTED, "on_unsupported")


def _roles_of(
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


def _check_target(estimator: Any, roles: Roles) -> None:
    from sklearn.utils import get_tags

    if roles.targets or not hasattr(estimator, "__sklearn_tags__"):
        return
    if get_tags(estimator).target_tags.required:
        raise InvalidOperationError(
            f"{type(estimator).__name__} learns to predict a column: name it with target=; "
            f"the frame has {', '.join(map(repr, roles.features[:40]))}"
        )
