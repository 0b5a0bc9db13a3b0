"""Fitted or not, and the fits that judging an unfitted estimator takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scalekit.expr.builders import col
from scalekit.frame.frame import Frame
from scalekit.judge.judged import FOLD
from scalekit.judge.protocol.protocol import Protocol
from scalekit.learn.fit import fit


def is_fitted(model: Any) -> bool:
    """Whether a model can predict: what scikit-learn says of its estimators, and all else can."""
    if isinstance(model, Mapping):
        return all(map(is_fitted, model.values()))
    if not hasattr(model, "get_params") or not hasattr(model, "fit"):
        return True
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    return True


def name_of(model: Any) -> str:
    """What a model is called where nobody gave it a name: its class, that of a pipeline's last step."""
    if isinstance(model, Mapping):
        return name_of(next(iter(model.values())))
    steps = getattr(model, "steps", None)
    return name_of(steps[-1][1]) if steps else type(model).__name__


def default_features(columns: Sequence[str], protocol: Protocol) -> tuple[str, ...]:
    """The columns that a model may read: all but the target, the weights, and those that say which row it is, and when."""
    taken = {
        protocol.target, protocol.weight, protocol.time,
        *protocol.key, *protocol.group, *protocol.series,
    }  # fmt: skip
    return tuple(name for name in columns if name not in taken)


def fitted_on(model: Any, frame: Frame, protocol: Protocol, features: Sequence[str]) -> Any:
    """An estimator, or one for each quantile, fitted on rows by :func:`scalekit.fit`."""
    if isinstance(model, Mapping):
        return {q: fitted_on(one, frame, protocol, features) for q, one in model.items()}
    return fit(
        model,
        frame,
        target=protocol.target,
        features=list(features),
        sample_weight=protocol.weight,
    )


def fitted_without(
    model: Any, frame: Frame, protocol: Protocol, features: Sequence[str], folds: int
) -> tuple[Any, ...]:
    """For each fold an estimator fitted on all other rows; the frame has the column :data:`FOLD`."""
    return tuple(
        fitted_on(model, frame.filter(col(FOLD) != fold), protocol, features)
        for fold in range(folds)
    )
