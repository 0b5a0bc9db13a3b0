"""What the table of strategies says of an estimator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps
from scalekit.learn.record import Exactness

Kind: TypeAlias = Literal[
    "stateless",
    "statistics",
    "quantiles",
    "iterative",
    "gang",
    "sampled",
    "streamed",
    "composed",
    "gathered",
]

Adapter: TypeAlias = Callable[[Any, Data], Steps]

Members: TypeAlias = Callable[[Any], list[tuple[str, Any]]]


SHARED = "as its members, shared"
"""Passes of an estimator whose members are fitted in lockstep, on the same rows."""


@dataclass(frozen=True)
class Strategy:
    """How an estimator is fitted over partitions.

    Attributes
    ----------
    kind
        What it asks of the rows.
    exactness
        What the result is, compared with scikit-learn's own fit on all rows in memory: ``"exact"`` to rounding,
        ``"converged"`` to the solver's tolerance, ``"in_law"`` a draw of the same distribution, ``"approximate"``.
    passes
        Readings of the rows, in words: ``"1"``, ``"n_iter_ + 2"``.
    adapter
        ``adapter(estimator, data)``: a generator of requests that returns the fitted estimator. It is given a clone,
        which it may change.
    refuses
        Why parameters of an estimator have no such fit, and the way out; an empty text where they have.
    members
        The estimators that a composed one is made of, by name.
    positions
        Whether rows have to be numbered in the order of the frame.
    everywhere
        Whether a fit on one machine follows the same rule, so that it gives the same model as a cluster's.
    cross_fitted
        ``cross_fitted(fitted, data)``: a generator of requests that returns the data on which a transformer was
        fitted, with X as its ``fit_transform`` gives it; None where that is what ``transform`` gives.
    note
        What a user should know of it; one sentence, for the documentation and ``explain_fit``.
    positions_where
        Whether rows have to be numbered for an estimator with these parameters, where they have not for all.
    exact_where
        Whether the parameters of an estimator leave nothing to draw, so that its result is exact.
    """

    kind: Kind
    exactness: Exactness
    passes: str
    adapter: Adapter
    refuses: Callable[[Any], str] = lambda _: ""
    members: Members = lambda _: []
    positions: bool = False
    everywhere: bool = False
    cross_fitted: Adapter | None = None
    note: str = ""
    positions_where: Callable[[Any], bool] = lambda _: False
    exact_where: Callable[[Any], bool] = lambda _: False

    def needs_positions(self, estimator: Any) -> bool:
        """Whether rows have to be numbered for an estimator with these parameters."""
        return self.positions or self.positions_where(estimator)

    def exactness_of(self, estimator: Any) -> Exactness:
        """What the result is for an estimator with these parameters."""
        return "exact" if self.exact_where(estimator) else self.exactness


@dataclass(frozen=True)
class Refused:
    """Why an estimator has no distributed fit, and what has."""

    reason: str
    instead: tuple[str, ...]
