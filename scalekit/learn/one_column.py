"""Estimators that take one column as a series, where others take a frame: vectorizers of text, and what begins with one."""

from __future__ import annotations

from typing import Any

from scalekit.errors import InvalidOperationError

OF_MAPPINGS = ("DictVectorizer", "FeatureHasher")


def takes_series(estimator: Any) -> bool:
    """Whether rows go to a vectorizer first: a frame would be the names of its columns to it."""
    if hasattr(estimator, "build_analyzer") or type(estimator).__name__ in OF_MAPPINGS:
        return True
    return any(takes_series(one) for one in _first(estimator))


def _first(estimator: Any) -> list[Any]:
    """The members of an estimator that see the rows as they are."""
    steps = [
        step for _, step in getattr(estimator, "steps", ()) if step not in (None, "passthrough")
    ]
    others = [
        entry[1]
        for name in ("transformer_list", "estimators")
        for entry in getattr(estimator, name, None) or ()
        if isinstance(entry, tuple)
    ]
    inner = [getattr(estimator, name, None) for name in ("estimator", "regressor", "classifier")]
    return [one for one in (*steps[:1], *others, *inner) if hasattr(one, "fit")]


def as_given(estimator: Any, features: Any) -> Any:
    """X as an estimator takes it: the frame, or its only column.

    Raises
    ------
    InvalidOperationError
        Where a vectorizer is given several columns.
    """
    if not takes_series(estimator):
        return features
    return features[the_column(estimator, tuple(features.columns))]


def the_column(estimator: Any, names: tuple[str, ...]) -> str:
    """The only feature of an estimator that takes one column."""
    if len(names) != 1:
        raise InvalidOperationError(
            f"{type(estimator).__name__} takes the text of one column, and there are {len(names)} features: choose "
            "one with features=, or give each column a vectorizer of its own with a ColumnTransformer"
        )
    return names[0]
