"""Which strategy fits an estimator and all that it is made of; what has none is refused before a row is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sklearn.base import clone
from sklearn.utils import get_tags

from scalekit.errors import NotDistributableError
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps
from scalekit.learn.record import EXACTNESS, Exactness
from scalekit.learn.strategies.rest import gathering, sampling, stateless
from scalekit.learn.strategies.strategy import Refused, Strategy
from scalekit.learn.strategies.table import strategy_of

OnUnsupported: TypeAlias = Literal["error", "sample", "gather"]


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
        How it is fitted.
    members
        Those that it is made of.
    """

    path: tuple[str, ...]
    estimator: Any
    strategy: Strategy
    members: tuple[Chosen, ...] = ()

    def walk(self) -> Iterator[Chosen]:
        """Give this one, then its members, in order."""
        yield self
        for member in self.members:
            yield from member.walk()

    @property
    def exactness(self) -> Exactness:
        """The weakest of all."""
        return max((one.strategy.exactness for one in self.walk()), key=EXACTNESS.index)

    @property
    def needs_positions(self) -> bool:
        """Whether some strategy needs the rows numbered."""
        return any(one.strategy.positions for one in self.walk())

    @property
    def is_everywhere(self) -> bool:
        """Whether some strategy is followed on one machine too."""
        return any(one.strategy.everywhere for one in self.walk())

    @property
    def is_one_pass(self) -> bool:
        """Whether the rows are read once at the most."""
        return all(one.strategy.passes in ("0", "1") for one in self.walk()) and not self.members


def choose(
    estimator: Any, on_unsupported: OnUnsupported = "error", path: Sequence[str] = (), rows: int = 0
) -> Chosen:
    """Find how an estimator and all its members are fitted.

    Raises
    ------
    NotDistributableError
        For the first of them that has no distributed fit; the message says what does.
    """
    strategy = _strategy(estimator, on_unsupported, tuple(path), rows)
    members = tuple(
        choose(member, on_unsupported, (*path, name), rows)
        for name, member in strategy.members(estimator)
    )
    return Chosen(tuple(path), estimator, strategy, members)


def _strategy(
    estimator: Any, on_unsupported: OnUnsupported, path: tuple[str, ...], rows: int
) -> Strategy:
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
            return Strategy("sampled", "exact", "1", gathering, note="all rows gathered")
        case "sample":
            return Strategy("sampled", "sampled", "1", sampling(rows), note=f"{rows:,} rows")
    raise NotDistributableError(_refusal(estimator, found, path))


def _needs_no_fit(estimator: Any) -> bool:
    return hasattr(estimator, "__sklearn_tags__") and not get_tags(estimator).requires_fit


def _refusal(estimator: Any, found: Refused | None, path: tuple[str, ...]) -> str:
    name = type(estimator).__name__
    where = f" (step {'.'.join(path)})" if path else ""
    reason = (
        found.reason
        if found
        else "scalekit does not know it, and its fit takes all rows in one memory"
    )
    instead = f"in its place: {', '.join(found.instead)}; " if found and found.instead else ""
    return (
        f"{name}{where} cannot be fitted over partitions: {reason}; {instead}"
        "or fit it on rows brought to one machine: sk.fit(..., on_unsupported='sample') takes some, "
        "'gather' takes all, which have to fit the memory here; docs/estimators.md lists what can"
    )


def fitter(on_unsupported: OnUnsupported, rows: int) -> Any:
    """What fits an estimator, or a member of one, on data: the adapter of its strategy."""

    def fit(estimator: Any, data: Data) -> Steps:
        strategy = _strategy(estimator, on_unsupported, (), rows)
        return strategy.adapter(clone(estimator, safe=False), data)

    return fit
