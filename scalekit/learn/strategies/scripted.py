"""A model that plays the part of others, fitted elsewhere, in a genuine fit that asks for one after the other."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator


class Wanted(Exception):
    """A genuine fit asks for a model on these rows."""

    def __init__(self, x: Any) -> None:
        super().__init__("a model that is not fitted yet")
        self.x = x


class Scripted(BaseEstimator):  # type: ignore[misc]
    """Its clones are, one after the other, the models that were fitted; the one that is not raises :class:`Wanted`.

    Attributes
    ----------
    fitted
        The models so far.
    found
        The one whose part this clone plays.
    """

    def __init__(self) -> None:
        self.fitted: list[Any] = []
        self.count = [0]
        self.found: Any = None

    def again(self) -> Scripted:
        """From the first model on."""
        self.count[0] = 0
        return self

    def __sklearn_clone__(self) -> Scripted:
        copy = Scripted()
        copy.fitted, copy.count = self.fitted, self.count
        return copy

    def fit(self, x: Any, y: Any = None, **_: Any) -> Scripted:  # noqa: ARG002
        """Become the next model."""
        if self.count[0] == len(self.fitted):
            raise Wanted(x)
        self.found = self.fitted[self.count[0]]
        self.count[0] += 1
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("found", "fitted", "count"):
            raise AttributeError(name)
        return getattr(self.found, name)
