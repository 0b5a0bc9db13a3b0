"""The columns that a fitted model reads, and whether it knows them by name."""

from __future__ import annotations

from typing import Any


def fitted_names(model: Any) -> tuple[str, ...] | None:
    """The columns that a model was fitted on; None where it does not say."""
    record = getattr(model, "scalekit_fit_", None)
    names = getattr(record, "features", getattr(model, "feature_names_in_", None))
    return None if names is None else tuple(map(str, names))


def takes_names(model: Any) -> bool:
    """Whether the model was fitted on a frame; one fitted on arrays warns about names."""
    return fitted_names(model) is not None or not hasattr(model, "n_features_in_")
