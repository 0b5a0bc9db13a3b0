"""Methods that look at a plan: explain, draw, estimate, time and verify it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from scalekit import proof, run
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

    def explain(
        self, stage: str = "optimized", *, all_labels: bool = False, **settings: Any
    ) -> str:
        """Show the plan, who would run it, and why; nothing runs.

        A step whose answer does not follow from its rows alone says what else it depends on:
        ``order-dependent``, ``float-order-sensitive`` or ``approximate``.

        Parameters
        ----------
        stage
            ``"logical"`` (as written), ``"optimized"`` or ``"physical"`` (the backend's program).
        all_labels
            Also say ``exact`` of every other step.
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
        return Shown(run.explain(self._plan, resolve(**settings), stage, all_labels=all_labels))

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
        self,
        backends: Sequence[str] | None = None,
        partitions: Sequence[int] = (1, 2, 7),
        *,
        rows: int = 1_000_000,
        ulps: int | None = None,
        seconds: float = 20.0,
        **settings: Any,
    ) -> Certificate:
        """Run the plan in several ways and compare the answers, to see that none depends on who computes it.

        It runs on all of its input where that is small, and else on a part in which joins keep their matches.
        Answers have to agree in every value, type and column; in the order of rows where the plan gives them
        one; and in floats to the last bit, but for those that were added or rounded by a library.

        Parameters
        ----------
        backends
            Names of backends; the first one is the reference. By default those of this machine, and a
            cluster that is connected; none is started unless it is named.
        partitions
            Numbers of parts for backends that work in parts.
        rows
            Rows of input up to which all of it is run, where they are no wider than 256 bytes on average.
        ulps
            Steps from one float to the next by which sums may differ; by default what the contract allows,
            1e-12 of a value. With 0 every float has to be the same.
        seconds
            How long to make a difference smaller, for each way that differs.
        settings
            As in :meth:`collect`.

        Returns
        -------
        Certificate
            True where all agree. It tells what was compared, or the smallest difference that was found: the
            first step that differs, its rows side by side, and the input that is enough to see it.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"k": ["a", "b", "a"], "x": [0.1, 0.2, 0.3]})
        >>> bool(frame.group_by("k").agg(sk.col("x").sum()).verify())
        True
        """
        bound = proof.Bound(rows=rows, bytes=256 * rows)
        limits = proof.Limits(bound, seconds=seconds)
        if ulps is not None:
            limits = replace(limits, ulps=ulps)
        chosen = None if backends is None else tuple(backends)
        return Certificate(
            run.verify(self._plan, resolve(**settings), chosen, tuple(partitions), limits)
        )
