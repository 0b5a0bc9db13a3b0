"""Which column of a table is what to a fit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Roles:
    """Features, targets and weights, by the names of their columns.

    Attributes
    ----------
    features
        The columns of X, in this order.
    targets
        The columns of y; none where there is no target.
    weight
        The column of weights, or None.
    """

    features: tuple[str, ...]
    targets: tuple[str, ...]
    weight: str | None

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them, each once."""
        weights = () if self.weight is None or self.weight in self.targets else (self.weight,)
        return (*self.features, *self.targets, *weights)
