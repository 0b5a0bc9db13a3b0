"""What training rows become behind a transformer that was fitted on them: what its ``fit_transform`` gives.

That is what ``transform`` gives, but for transformers that look at the target: a TargetEncoder encodes each training
row by what other rows say. Such a one may be a member of others, whose output is then put together of the members'.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from scalekit.learn.passes.batch import Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.steps import selected
from scalekit.learn.passes.views import Step
from scalekit.learn.strategies.members import is_estimator
from scalekit.learn.strategies.table import strategy_of


def trained(fitted: Any, data: Data) -> Steps:
    """The rows as the next step is fitted on them: ``rows = yield from trained(fitted, rows)``."""
    if not _looks_at_target(fitted):
        return data.transformed(fitted)
    if hasattr(fitted, "steps"):
        for _, step in fitted.steps:
            if is_estimator(step):
                data = yield from trained(step, data)
        return data
    if hasattr(fitted, "transformers_"):
        members = [(n, m, columns) for n, m, columns in fitted.transformers_ if is_estimator(m)]
        return (yield from _composed(fitted, data, members))
    if hasattr(fitted, "transformer_list"):
        members = [(n, m, None) for n, m in fitted.transformer_list if is_estimator(m)]
        return (yield from _composed(fitted, data, members))
    return (yield from _cross_fitted(fitted)(fitted, data))


def _looks_at_target(fitted: Any) -> bool:
    return any(_cross_fitted(one) is not None for one in _walk(fitted))


def _cross_fitted(fitted: Any) -> Any:
    return getattr(strategy_of(fitted), "cross_fitted", None)


def _walk(fitted: Any) -> list[Any]:
    """An estimator and its members."""
    members = [
        entry[1]
        for name in ("steps", "transformers_", "transformer_list")
        for entry in getattr(fitted, name, [])
    ]
    return [fitted, *(one for member in members if is_estimator(member) for one in _walk(member))]


def _composed(fitted: Any, data: Data, members: list[tuple[str, Any, Any]]) -> Steps:
    """Each member's rows by a way of their own, joined as the whole joins what its members give."""
    chains: dict[str, tuple[Step, ...]] = {}
    for name, member, columns in members:
        if _looks_at_target(member):
            rows = data if columns is None else selected(data, columns)
            found = yield from trained(member, rows)
            chains[name] = found.view.steps[len(data.view.steps) :]
    example = fitted.transform(data.example)
    return replace(data.then(Composed(fitted, chains)), example=example)


@dataclass(frozen=True, eq=False)
class Composed:
    """X as a whole makes it, where some of its members give what was made elsewhere.

    Attributes
    ----------
    fitted
        The whole.
    chains
        By the name of a member the steps that make what it gives.
    """

    fitted: Any
    chains: Mapping[str, tuple[Step, ...]]

    def __call__(self, batch: Batch) -> Batch:
        """Put it together when somebody asks for X."""
        return batch.with_x(lambda: self._made(batch))

    def _made(self, batch: Batch) -> Any:
        whole = copy(self.fitted)
        name = "transformers_" if hasattr(whole, "transformers_") else "transformer_list"
        entries = [
            (entry[0], self._given(batch, entry[0], entry[1]), *entry[2:])
            for entry in getattr(whole, name)
        ]
        setattr(whole, name, entries)
        return whole.transform(batch.X)

    def _given(self, batch: Batch, name: str, member: Any) -> Any:
        if name not in self.chains:
            return member
        for step in self.chains[name]:
            batch = step(batch)
        return Given(member, batch.X)


class Given:
    """A member that gives what was made of the rows already."""

    def __init__(self, member: Any, x: Any) -> None:
        self._member = member
        self._x = x

    def transform(self, x: Any) -> Any:  # noqa: ARG002
        """Give it."""
        return self._x

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._member, name)
