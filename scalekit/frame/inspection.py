"""Methods that look at a plan: explain, draw, estimate, time and verify it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from scalekit import run
from scalekit.config import resolve
from scalekit.display.certificate import Certificate
from scalekit.display.graph import Graph, draw
from scalekit.display.text import Shown
from scalekit.display.timeline import Profile, profiled
from scalekit.estimate import Span
from scalekit.frame.base import FrameBase
from scalekit.plan.explain import detail, title
from scalekit.sampling.setting import sample_note


def _spans(name: str, spans: Sequence[Span | None]) -> dict[str, pl.Series]:
    return {
        name: _whole(spans, "guess"),
        f"{name}_low": _whole(spans, "low"),
        f"{name}_high": _whole(spans, "high"),
    }


def _whole(spans: Sequence[Span | None], part: str) -> pl.Series:
    """One of the three numbers of each span; beyond 64 bits it is not a number of anything."""
    found = [None if s is None else min(round(getattr(s, part)), 2**63 - 1) for s in spans]
    return pl.Series(found, dtype=pl.Int64)


class InspectionMethods(FrameBase):
    """Look at what a frame would do, and at what it did."""

    __slots__ = ()

    def explain(self, stage: str = "optimized", **settings: Any) -> str:
        """Show the plan, who would run it, and why; nothing runs.

        Parameters
        ----------
        stage
            ``"logical"`` (as written), ``"optimized"`` or ``"physical"`` (the backend's program).
        settings
            As in :meth:`collect`.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2]}).filter(sk.col("x") > 1)
        >>> frame.explain(backend="polars")
        FILTER (col('x') > 1)
          SCAN frame from python (2 x 1)
        <BLANKLINE>
        backend: polars (asked for; backend from argument backend=)
        """
        return Shown(run.explain(self._plan, resolve(**settings), stage))

    def show_graph(self, stage: str = "optimized", **settings: Any) -> Graph:
        """Draw the plan; a notebook shows it as a picture.

        Parameters
        ----------
        stage
            ``"logical"`` (as written) or ``"optimized"``.
        settings
            As in :meth:`collect`.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1]}).head(1).show_graph().svg[:4]
        '<svg'
        """
        return draw(run.plan_at(self._plan, resolve(**settings), stage))

    def estimate(self) -> pl.DataFrame:
        """Guess the rows and bytes of every step, and what it holds; nothing runs.

        Returns
        -------
        polars.DataFrame
            A row for each step, from the sources to the result: ``step``, ``detail``, ``rows`` and
            ``bytes`` as they are guessed, ``rows_low`` to ``rows_high`` and ``bytes_low`` to ``bytes_high``
            as they may well be, ``held`` for the bytes that Polars must hold for the step at once, and
            ``exact``, which tells measured from guessed. Null where nothing is known.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2]}).head(1).estimate()["rows"].to_list()
        [2, 1]
        """
        found, held = run.estimates(self._plan), run.held(self._plan)
        return pl.DataFrame(
            {
                "step": [title(node) for node in found],
                "detail": [detail(node) for node in found],
                **_spans("rows", [e.rows for e in found.values()]),
                **_spans("bytes", [e.bytes for e in found.values()]),
                "held": _whole([held.get(node) for node in found], "guess"),
                "exact": [e.exact for e in found.values()],
            }
        )

    def profile(self, **settings: Any) -> Profile:
        """Run the plan and time its steps.

        Returns
        -------
        result, timings
            The rows, and for each step its name, its start and its end in microseconds. On a cluster each
            step is a stage, and there are also its tasks, rows, bytes, seconds of work, retries and bytes
            spilled to disk. A notebook shows a timeline, which is ``.timeline`` elsewhere.

        Examples
        --------
        >>> import scalekit as sk
        >>> result, timings = sk.from_dict({"x": [1, 2]}).head(1).profile(backend="polars")
        >>> timings.columns
        ['node', 'start', 'end']
        >>> frame = sk.from_dict({"x": [1, 2]}).filter(sk.col("x") > 1)
        >>> frame.profile(backend="serial").timings.select("node", "tasks", "rows").rows()
        [('filter', 1, 1), ('bring the rows here', None, 1)]
        """
        config = resolve(**settings)
        return profiled(*run.profile(self._plan, config), sample_note(self._plan, config))

    def verify(
        self, backends: Sequence[str] = ("polars", "pandas"), **settings: Any
    ) -> Certificate:
        """Run the plan on several backends and compare their answers.

        Parameters
        ----------
        backends
            Names of backends; the first one is the reference.
        settings
            As in :meth:`collect`.

        Returns
        -------
        Certificate
            True where all agree; it tells who was compared, and the first difference.

        Examples
        --------
        >>> import scalekit as sk
        >>> bool(sk.from_dict({"x": [1, 2]}).head(1).verify())
        True
        """
        found = run.verify(self._plan, resolve(**settings), tuple(backends))
        return Certificate(tuple(backends), found.rows, found.differences)
