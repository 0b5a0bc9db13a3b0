"""Who is to blame for a task that failed: the operator that raises, and the rows of a source that cannot be read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import polars as pl

from scalekit.errors import ScalekitError
from scalekit.kernels.compile import to_lazy
from scalekit.kernels.schema import has_user_code
from scalekit.plan.nodes import Input, Plan
from scalekit.sources.base import Source
from scalekit.tree import walk

PATIENCE = 10.0
"""Seconds after which the search ends without a name."""

_FAILURES = (ScalekitError, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


def failing_operator(fragment: Plan, inputs: Sequence[pl.LazyFrame]) -> Plan | None:
    """The first operator whose rows cannot be computed, found by computing them all again, one by one.

    A user's function is not called again: its error has its name.
    """
    nodes = list(walk(fragment))
    if has_user_code(fragment):
        return None
    until = time.monotonic() + PATIENCE
    for node in nodes:
        if time.monotonic() > until:
            return None
        try:
            to_lazy(node, inputs).collect(engine="in-memory")
        except _FAILURES:
            # What cannot even be read has no operator to blame.
            return None if isinstance(node, Input) else node
    return None


def failing_splits(source: Source, columns: Sequence[str] | None, splits: Sequence[Any]) -> Source:
    """The source as those of ``splits`` that cannot be read; as all of them where each can be."""
    if len(splits) > 1:
        failing = [split for split in splits if not _is_readable(source, columns, split)]
        return source.narrowed(failing or splits)
    return source.narrowed(splits)


def _is_readable(source: Source, columns: Sequence[str] | None, split: Any) -> bool:
    with suppress(*_FAILURES):
        rows = source.read((split,))
        (rows if columns is None else rows.select(columns)).collect(engine="in-memory")
        return True
    return False
