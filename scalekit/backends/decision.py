"""A decision who runs a plan, as plain data: the ways that there are, what each would take, and the one that was chosen."""

from __future__ import annotations

from dataclasses import dataclass

from scalekit.backends.admission import Admission
from scalekit.estimate import Span


@dataclass(frozen=True)
class Candidate:
    """One way to run a plan.

    Parameters
    ----------
    backend
        Who runs it.
    engine
        ``"streaming"`` or ``"in-memory"`` for Polars, else the backend's name.
    seconds
        What it takes, about; None where nothing was weighed.
    peak
        Bytes that it holds on this machine; None where nobody knows.
    admission
        Where it would run here, or why not at all; None where no memory of this machine is at stake.
    origin
        Of a cluster: what says that it is there.
    """

    backend: str
    engine: str
    seconds: float | None = None
    peak: Span | None = None
    admission: Admission | None = None
    origin: str = ""

    @property
    def is_possible(self) -> bool:
        """Whether it may run at all."""
        return self.admission is None or self.admission.place != "refused"

    @property
    def time(self) -> float:
        """Its seconds, none where nothing was weighed."""
        return 0.0 if self.seconds is None else self.seconds

    @property
    def place(self) -> str:
        """``"here"``, ``"child"`` (a process of its own, with a limit), ``"cluster"`` or ``"refused"``."""
        if not self.is_possible:
            return "refused"
        if self.origin:
            return "cluster"
        return "here" if self.admission is None else self.admission.place

    @property
    def name(self) -> str:
        """As people say it."""
        if self.origin:
            return f"the {self.backend.capitalize()} cluster of {self.origin}"
        names = {"streaming": "Polars streaming", "in-memory": "Polars in memory"}
        return names.get(self.engine, self.backend)


@dataclass(frozen=True)
class Decision:
    """The way that was chosen, the reason for it in words, and all ways that were weighed."""

    chosen: Candidate
    reason: str
    candidates: tuple[Candidate, ...] = ()

    @property
    def backend(self) -> str:
        """Who runs it."""
        return self.chosen.backend
