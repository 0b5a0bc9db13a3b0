"""The decision who runs a frame, as a frame: every way that there is, what it would take, and why or why not."""

from __future__ import annotations

from typing import Any

import polars as pl

from scalekit import run
from scalekit.backends.decision import Candidate
from scalekit.config import resolve
from scalekit.frame.frame import Frame


def explain_choice(frame: Frame, **settings: Any) -> pl.DataFrame:
    """Show every way to run a frame, what each would take, and which one is chosen; nothing runs.

    Parameters
    ----------
    frame
        What would run.
    settings
        As in :meth:`Frame.collect`.

    Returns
    -------
    polars.DataFrame
        A row for each way, the chosen one first and then by time: ``way``, ``backend``, ``place``
        (``"here"``, ``"child"`` for a process of its own with a limit, ``"cluster"`` or ``"refused"``),
        ``chosen``, ``seconds``, ``memory`` with ``memory_low`` and ``memory_high`` in bytes of this
        machine, ``budget`` in bytes, and ``reason``. Null where nothing is known, or where it was not
        asked since the backend was named.

    Examples
    --------
    >>> import scalekit as sk
    >>> found = sk.explain_choice(sk.from_dict({"x": [1, 2]}).filter(sk.col("x") > 1), backend="polars")
    >>> found.select("way", "place", "chosen").rows()
    [('Polars streaming', 'here', True)]
    """
    decision = run.decide(frame._plan, resolve(**settings))
    ways = decision.candidates or (decision.chosen,)
    others = sorted((w for w in ways if w is not decision.chosen), key=lambda way: way.time)
    rows = [decision.chosen, *others]
    return pl.DataFrame(
        {
            "way": [way.name for way in rows],
            "backend": [way.backend for way in rows],
            "place": [way.place for way in rows],
            "chosen": [way is decision.chosen for way in rows],
            "seconds": pl.Series([way.seconds for way in rows], dtype=pl.Float64),
            **{name: _bytes(rows, part) for name, part in _MEMORY.items()},
            "budget": pl.Series([_budget(way) for way in rows], dtype=pl.Int64),
            "reason": [decision.reason if way is decision.chosen else _reason(way) for way in rows],
        }
    )


_MEMORY = {"memory": "guess", "memory_low": "low", "memory_high": "high"}


def _bytes(ways: list[Candidate], part: str) -> pl.Series:
    found = [None if w.peak is None else min(round(getattr(w.peak, part)), 2**63 - 1) for w in ways]
    return pl.Series(found, dtype=pl.Int64)


def _budget(way: Candidate) -> int | None:
    budget = None if way.admission is None else way.admission.budget
    return None if budget is None else budget.bytes


def _reason(way: Candidate) -> str:
    if way.admission is not None and way.admission.place != "here":
        return way.admission.reason
    return "it would take longer"
