"""Whether a query may run here: in this process, in one of its own with a limit, or not at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from scalekit.backends.budget import Budget
from scalekit.errors import MemoryBudgetError
from scalekit.estimate.peak import Peaks
from scalekit.estimate.span import Span
from scalekit.sources.sizes import size_text

Kind: TypeAlias = Literal["collect", "persist", "batches", "write"]
"""What becomes of the rows: all of them here, or some at a time."""

Engine: TypeAlias = Literal["in-memory", "streaming", "pandas"]
"""Who runs it on this machine: Polars' two engines, or pandas."""

Place: TypeAlias = Literal["here", "child", "refused"]

SMALL = 32 * 1024**2
"""Bytes that any query may take: a process of its own takes more."""

NEAR = 0.75
"""Share of the budget above which a guess is near it: estimates are off by that much now and then."""

SPILLING = ("SORT", "AGGREGATE", "DISTINCT", "SELECT", "WITH COLUMNS")
"""Steps of which Polars' streaming engine writes to the disk what it cannot hold, in a process of its own; joins it
does not."""

SPILLED = 0.25
"""Share of what such a step holds that stays in memory: sorts, windows and groups of 2 GB ran in 0.4 to 0.9 GB."""

WORTHWHILE = 128 * 1024**2
"""Budget from which on this helps: a process takes half of it before it does anything."""


@dataclass(frozen=True)
class Admission:
    """Where a query runs on this machine, and why.

    Attributes
    ----------
    place
        ``"here"``, ``"child"`` or ``"refused"``.
    engine
        Who would run it.
    reason
        In words that follow "runs" or "does not run", for ``explain``.
    budget
        What it may use; a process of its own is limited to it.
    fits
        Whether it most likely fits: it then runs here where it cannot go to a process of its own.
    error
        Of a query that is refused.
    """

    place: Place
    engine: Engine
    reason: str
    budget: Budget | None = None
    fits: bool = True
    error: MemoryBudgetError | None = None


def admit(peaks: Peaks, budget: Budget | None, kind: Kind, engine: Engine) -> Admission:
    """Decide whether one engine may run a query here.

    It runs in this process where even its highest estimate is within the budget and the likely one is not near it; it
    is refused where its lowest estimate is over the budget, or that of a result that is asked for whole; and in between,
    or where nothing is known of its size, it runs in a process of its own, which can be stopped.

    Parameters
    ----------
    peaks
        What the plan holds at once.
    budget
        What it may; None where nobody knows, and then everything runs.
    kind
        What becomes of the rows.
    engine
        Who would run it.
    """
    if budget is None:
        return Admission("here", engine, "no limit of memory is known here")
    held = _held(peaks, engine, whole=kind in _WHOLE)
    if held is None and peaks.is_lent:
        text = (
            "as nobody can know how large a lazy table of yours is, and you would run it here too"
        )
        return Admission("here", engine, text, budget)
    if held is None:
        text = f"in a process of its own, as nobody can know its size, and may take {budget}"
        return Admission("child", engine, text, budget)
    if held.high <= SMALL:
        return Admission("here", engine, f"at most {_size(held.high)}", budget)
    if held.high <= budget.bytes and held.guess <= NEAR * budget.bytes:
        text = f"at most {_size(held.high)} of {budget}"
        return Admission("here", engine, text, budget)
    error = _refusal(peaks, budget, kind, engine)
    if error is not None:
        return Admission("refused", engine, str(error), budget, fits=False, error=error)
    text = f"in a process of its own, as it {_doubt(peaks, held)} and may take {budget}"
    return Admission("child", engine, text, budget, fits=held.guess <= budget.bytes)


def admit_result(peaks: Peaks, budget: Budget | None, kind: Kind) -> Admission | None:
    """Decide whether the rows may come here whole, whoever computes them; None where they need not or surely fit."""
    if budget is None or kind != "collect" or peaks.result is None:
        return None
    if peaks.result.low <= budget.bytes:
        return None
    what = f"the result would take at least {_size(peaks.result.low)}"
    error = MemoryBudgetError.over(what, str(budget), result=True)
    return Admission("refused", "streaming", str(error), budget, fits=False, error=error)


_WHOLE = ("collect", "persist")


def _refusal(peaks: Peaks, budget: Budget, kind: Kind, engine: Engine) -> MemoryBudgetError | None:
    """The error for what cannot fit, whatever happens."""
    result = 0.0 if peaks.result is None else peaks.result.low
    if kind in _WHOLE and result > budget.bytes:
        what = f"the result would take at least {_size(result)}"
        return MemoryBudgetError.over(what, str(budget), result=True)
    least = _least(peaks, engine, can_spill=budget.bytes >= WORTHWHILE)
    if least > budget.bytes:
        what = f"the query would hold at least {_size(least)}"
        holder = "" if peaks.largest is None else peaks.largest[0]
        return MemoryBudgetError.over(what, str(budget), holder=holder)
    return None


def _least(peaks: Peaks, engine: Engine, *, can_spill: bool) -> float:
    """What a process of its own holds at the least: it writes its result to a file, and spills where it can."""
    held = _held(peaks, engine, whole=False)
    if held is None:
        return 0.0
    if engine != "streaming" or peaks.largest is None or not can_spill:
        return held.low
    step, most = peaks.largest
    return held.low - (most.low * (1 - SPILLED) if step in SPILLING else 0.0)


def _held(peaks: Peaks, engine: Engine, *, whole: bool) -> Span | None:
    """What the engine holds: Polars' streaming engine holds its result only where it is wanted whole."""
    held, result = peaks.of(engine), peaks.result
    if held is None or result is None or whole or engine != "streaming":
        return held
    guess = max(0.0, held.guess - result.guess)
    return Span(max(0.0, held.low - result.low), guess, max(guess, held.high - result.high))


def _doubt(peaks: Peaks, held: Span) -> str:
    likely, most = _size(held.guess), _size(held.high)
    if peaks.unknown:
        return f"holds an unknown amount, likely {likely} and perhaps {most},"
    return f"likely holds {likely} and perhaps {most}"


def _size(value: float) -> str:
    return size_text(int(value)) if math.isfinite(value) else "any amount"
