"""From a decision to the backend that carries it out: in this process, in one of its own, or not at all."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from scalekit.backends.base import Backend
from scalekit.backends.decision import Decision
from scalekit.backends.registry import get_backend
from scalekit.errors import MemoryBudgetError


def backend_of(decision: Decision) -> Backend:
    """The backend that was chosen, where it was decided that it runs.

    Raises
    ------
    MemoryBudgetError
        Where nothing fits.
    """
    chosen, admission = decision.chosen, decision.chosen.admission
    if admission is not None and admission.error is not None:
        raise admission.error
    inside = _with_engine(chosen.backend, chosen.engine)
    if admission is None or chosen.place != "child":
        return inside
    apart = import_module("scalekit.backends.apart")  # loaded by the first query that needs it
    if apart.is_possible():
        found: Backend = apart.Apart(
            get_backend(chosen.backend), admission.budget, fits=admission.fits
        )
        return found
    if admission.fits:
        return inside
    raise MemoryBudgetError.over(
        "the query may pass the budget, and this system cannot stop one that does",
        str(admission.budget),
    )


@lru_cache
def _with_engine(backend: str, engine: str) -> Backend:
    found = get_backend(backend)
    return found.in_memory() if engine == "in-memory" else found
