"""Who is told how a query goes: the pipeline and the backends report here, and what shows it lies above them."""

from __future__ import annotations

from scalekit.plan.nodes import Plan


class Watch:
    """Told how a query goes; this one does nothing with it, and ``display.progress`` has one that shows it.

    A backend reports from the thread that called it, as often as it likes: a report costs nothing.
    """

    def running(self, backend: str, plan: Plan) -> None:
        """``backend`` begins to run the optimized ``plan``."""

    def step(self, what: Plan | str, done: int = 0, total: int = 0) -> None:
        """Begin ``what``, with ``done`` of ``total`` steps behind it; no ``total`` where it is not known."""

    def stage(self, name: str, place: int, done: int, total: int, size: int) -> None:
        """Of the ``place``-th stage, ``done`` of ``total`` tasks are over and made ``size`` bytes."""


UNWATCHED = Watch()
"""Nobody looks on."""
