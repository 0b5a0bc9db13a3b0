"""What an adapter is given: the rows that its estimator sees, and what is known of them before they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.requests import Gather, Keep, Pass, Steps, Stream
from scalekit.learn.passes.views import Columns, Step, Target, Transformed, View, Where, columns_of

Fitter: TypeAlias = "Callable[[Any, Data], Steps]"


@dataclass(frozen=True, eq=False)
class Data:
    """The rows for an estimator, somewhere, in parts.

    Attributes
    ----------
    view
        The rows.
    example
        X of some of the first rows, as the estimator would see it: for names and types, not for values.
    y_example
        y of the same rows; None without a target.
    weighted
        Whether there are weights.
    local
        Whether all of it is in this process, on one machine.
    fitter
        Fits another estimator on other data, for those that are made of others; :meth:`fit` calls it.
    """

    view: View
    example: Any
    y_example: Any
    weighted: bool
    local: bool
    fitter: Fitter

    @property
    def names(self) -> list[str] | None:
        """The columns of X where it is a frame; None where it is a matrix."""
        columns = getattr(self.example, "columns", None)
        return None if columns is None else [str(name) for name in columns]

    @property
    def width(self) -> int:
        """The number of columns of X."""
        return int(self.example.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that scikit-learn computes in: float32 where all columns are, else float64."""
        types = getattr(self.example, "dtypes", None)
        found = (
            set(types) if types is not None and hasattr(types, "items") else {self.example.dtype}
        )
        return np.dtype(np.float32) if found == {np.dtype(np.float32)} else np.dtype(np.float64)

    def ask(
        self,
        kernel: Callable[..., Any],
        combine: Callable[[Any, Any], Any],
        *broadcast: Any,
        what: str = "",
    ) -> Pass:
        """A pass over these rows, to be yielded."""
        return Pass(self.view, kernel, combine, broadcast, what)

    def kept(self, *, hashed: bool = False) -> Steps:
        """The same rows as a matrix that is kept for many passes: ``data = yield from data.kept()``."""
        view = yield Keep(self.view, hashed)
        return replace(self, view=view)

    def gathered(self, what: str = "gathering rows") -> Gather:
        """All rows here, to be yielded."""
        return Gather(self.view, what)

    def streamed(self, rows: int, what: str = "streaming") -> Stream:
        """The rows here in batches of ``rows`` in order, to be yielded."""
        return Stream(self.view, rows, what)

    def fit(self, estimator: Any) -> Steps:
        """Fit another estimator on these rows: ``fitted = yield from data.fit(estimator)``."""
        return self.fitter(estimator, self)

    def transformed(self, transformer: Any, method: str = "transform") -> Data:
        """The same rows with X as a fitted transformer gives it."""
        example = getattr(transformer, method)(self.example)
        return self._with(Transformed(transformer, method), example=example)

    def columns(self, columns: Sequence[Any]) -> Data:
        """The same rows with some columns of X, by name of a frame or by place."""
        return self._with(Columns(columns), example=columns_of(self.example, columns))

    def with_target(self, function: Callable[..., Any], *arguments: Any) -> Data:
        """The same rows with ``function(y, *arguments)`` as the target."""
        y = None if self.y_example is None else function(self.y_example, *arguments)
        return self._with(Target(function, arguments), y_example=y)

    def where(self, function: Callable[..., Array], *arguments: Any) -> Data:
        """The rows for which ``function(batch, *arguments)`` is true; the example stays as it is."""
        return self._with(Where(function, arguments))

    def then(self, step: Step) -> Data:
        """The rows after a step that leaves X as it is."""
        return self._with(step)

    def _with(self, step: Step, **known: Any) -> Data:
        return replace(self, view=self.view.then(step), **known)
