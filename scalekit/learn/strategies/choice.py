"""Which strategy fits an estimator and all that it is made of; what has none is refused before a row is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.base import clone
from sklearn.utils import get_tags

from scalekit.errors import NotDistributableError
from scalekit.learn.passes.data import Data, Fitter
from scalekit.learn.passes.requests import Steps
from scalekit.learn.record import EXACTNESS, Exactness
from scalekit.learn.strategies.rest import gathering, sampling, stateless
from scalekit.learn.strategies.strategy import SHARED, Refused, Strategy
from scalekit.learn.strategies.table import strategy_of
from scalekit.learn.wishes import OnUnsupported


@dataclass(frozen=True)
class Chosen:
    """An estimator within a fit, and how it will be fitted.

    Attributes
    ----------
    path
        The names that lead to it: empty for the one that the user gave.
    estimator
        The estimator.
    strategy
        How it is fitted; None where it cannot be.
    refusal
        Why it cannot be, and the way out.
    members
        Those that it is made of.
    """

    path: tuple[str, ...]
    estimator: Any
    strategy: Strategy | None
    refusal: str = ""
    members: tuple[Chosen, ...] = ()

    def walk(self) -> Iterator[Chosen]:
        """Give this one, then its members, in order."""
        yield self
        for member in self.members:
            yield from member.walk()

    @property
    def strategies(self) -> list[Strategy]:
        """The strategies of this one and its members."""
        return [one.strategy for one in self.walk() if one.strategy is not None]

    @property
    def refusals(self) -> list[str]:
        """Why some of them cannot be fitted."""
        return [one.refusal for one in self.walk() if one.refusal]

    @property
    def exactness(self) -> Exactness:
        """The weakest of all."""
        found = (one.strategy.exactness_of(one.estimator) for one in self.walk() if one.strategy)
        return max(found, key=EXACTNESS.index, default="exact")

    @property
    def needs_positions(self) -> bool:
        """Whether some strategy needs the rows numbered."""
        return any(
            one.strategy is not None and one.strategy.needs_positions(one.estimator)
            for one in self.walk()
        )

    @property
    def is_everywhere(self) -> bool:
        """Whether some strategy is followed on one machine too."""
        return any(s.everywhere for s in self.strategies)

    @property
    def is_one_pass(self) -> bool:
        """Whether the rows are read once at the most."""
        if self.members:
            is_shared = self.strategy is not None and self.strategy.passes == SHARED
            return is_shared and all(member.is_one_pass for member in self.members)
        return all(s.passes in ("0", "1") for s in self.strategies)


def choose(
    estimator: Any,
    on_unsupported: OnUnsupported = "error",
    path: Sequence[str] = (),
    *,
    max_rows: int = 0,
) -> Chosen:
    """Find how an estimator and all its members are fitted, or why they cannot be; nothing is read."""
    found = _strategy(estimator, on_unsupported, max_rows)
    if isinstance(found, str):
        return Chosen(tuple(path), estimator, None, _refusal(estimator, found, tuple(path)))
    members = tuple(
        choose(member, on_unsupported, (*path, name), max_rows=max_rows)
        for name, member in found.members(estimator)
    )
    return Chosen(tuple(path), estimator, found, "", members)


def refuse(chosen: Chosen) -> None:
    """Raise where something of a fit cannot be done over partitions.

    Raises
    ------
    NotDistributableError
        With the first reason, and what can be done instead.
    """
    if chosen.refusals:
        raise NotDistributableError(chosen.refusals[0])


def _strategy(estimator: Any, on_unsupported: OnUnsupported, max_rows: int) -> Strategy | str:
    """The strategy for an estimator, or why there is none."""
    found = strategy_of(estimator)
    if isinstance(found, Strategy):
        reason = found.refuses(estimator)
        if not reason:
            return found
        found = Refused(reason, ())
    if found is None and _needs_no_fit(estimator):
        return Strategy("stateless", "exact", "0", stateless)
    match on_unsupported:
        case "gather":
            return Strategy("gathered", "exact", "1", gathering, note="on all rows, gathered")
        case "sample":
            note = f"on {max_rows:,} rows, at the most"
            return Strategy("sampled", "sampled", "1", sampling(max_rows), note=note)
        case _:
            return _reason(found)


def _needs_no_fit(estimator: Any) -> bool:
    return hasattr(estimator, "__sklearn_tags__") and not get_tags(estimator).requires_fit


def _reason(found: Refused | None) -> str:
    if found is None:
        return "scalekit does not know it, and its fit takes all rows in one memory"
    instead = f"; in its place: {', '.join(found.instead)}" if found.instead else ""
    return f"{found.reason}{instead}"


def _refusal(estimator: Any, reason: str, path: tuple[str, ...]) -> str:
    where = f" (step {'.'.join(path)})" if path else ""
    return (
        f"{type(estimator).__name__}{where} cannot be fitted over partitions: {reason}; or fit it on rows "
        "brought to one machine: sk.fit(..., on_unsupported='sample') takes some, 'gather' takes all, which "
        "have to fit the memory here; docs/estimators.md lists what can"
    )


def fitter(on_unsupported: OnUnsupported, max_rows: int) -> Fitter:
    """What fits an estimator, or a member of one, on data: the adapter of its strategy."""

    def fit(estimator: Any, data: Data) -> Steps:
        strategy = _strategy(estimator, on_unsupported, max_rows)
        if isinstance(strategy, str):
            raise NotDistributableError(_refusal(estimator, strategy, ()))
        return strategy.adapter(clone(estimator, safe=False), data)

    return fit
