"""What composed estimators share: their members, and a genuine fit of the whole around members that are fitted already."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from joblib import parallel_config
from sklearn.frozen import FrozenEstimator

from scalekit.errors import InvalidOperationError
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import together
from scalekit.learn.passes.template import fitted_on

NO_ESTIMATOR = ("drop", "passthrough", None)
"""What stands where a member could, and is none."""


def is_estimator(member: Any) -> bool:
    """Whether a member is one, and no word."""
    return member is not None and not isinstance(member, str)


def named(members: Iterable[tuple[Any, ...]]) -> list[tuple[str, Any]]:
    """The members that are estimators, of a list of names, estimators and maybe more."""
    return [(entry[0], entry[1]) for entry in members if is_estimator(entry[1])]


def inner(estimator: Any) -> list[tuple[str, Any]]:
    """The one member of an estimator that is made of one."""
    return [("estimator", estimator.estimator)] if is_estimator(estimator.estimator) else []


def fit_all(members: Iterable[tuple[Any, Data]]) -> Generator[Any, Any, list[Any]]:
    """Fit estimators, each on rows of its own, in lockstep."""
    return together([data.fit(member) for member, data in members])


class StandIn(FrozenEstimator):  # type: ignore[misc]
    """Stands for an estimator that is fitted already, within a genuine fit of what it is a member of."""

    def fit(self, x: Any, y: Any = None, **_: Any) -> StandIn:  # noqa: ARG002
        """Stay as it is, also where there is no target."""
        return self


@contextmanager
def standing_in(fitted: Iterable[tuple[Any, Any]]) -> Iterator[None]:
    """While it lasts, a clone of each of some estimators is one that is fitted already, and stays as it is.

    That is what scikit-learn's ``clone`` asks an estimator for. Fits of the whole then set all that they set, in their
    own way, and learn nothing from the rows that they are given. One job at a time, so that clones come in order.
    """
    pairs = list(fitted)
    for member, found in pairs:
        vars(member)["__sklearn_clone__"] = _Giving(StandIn(found))
    try:
        with parallel_config("sequential"):
            yield
    finally:
        for member, _ in pairs:
            vars(member).pop("__sklearn_clone__", None)


class _Giving:
    def __init__(self, what: Any) -> None:
        self._what = what

    def __call__(self) -> Any:
        return self._what


def thawed(member: Any) -> Any:
    """The estimator that was fitted already, of one that stands in for it."""
    return member.estimator if isinstance(member, StandIn) else member


def fit_whole(estimator: Any, data: Data) -> Any:
    """The genuine fit on a few rows, around members that stand in."""
    arguments = () if data.y_example is None else (data.y_example,)
    return fitted_on(estimator, data.example, *arguments)


def take_names(estimator: Any, member: Any) -> None:
    """Give an estimator the number and the names of its columns, as its first member knows them."""
    for name in ("n_features_in_", "feature_names_in_"):
        if hasattr(member, name):
            setattr(estimator, name, getattr(member, name))


def refuse_weights(estimator: Any, data: Data) -> None:
    """Raise where there are weights, which an estimator does not hand on to its members."""
    if data.weighted:
        name = type(estimator).__name__
        raise InvalidOperationError(
            f"{name}.fit takes no sample_weight, and hands none on to its members: leave it out"
        )
