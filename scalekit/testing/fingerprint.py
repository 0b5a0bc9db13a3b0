"""The bytes of every fragment's answer, to see that they are the same on every run and thread count.

Run as ``python -m scalekit.testing.fingerprint``: prints a line of JSON for each case.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator

import polars as pl

from scalekit.errors import ScalekitError
from scalekit.frame.frame import Frame
from scalekit.kernels.failures import execution_errors
from scalekit.kernels.run import run
from scalekit.optimize import optimize, pin_order
from scalekit.plan.nodes import Plan, Scan, Sql
from scalekit.sources.memory import MemorySource
from scalekit.testing.case import Case
from scalekit.testing.cases import CASES
from scalekit.testing.data import many_rows
from scalekit.tree import walk

ROWS = 300
"""Enough for several morsels and threads, few enough for a cross join."""


def fragments() -> Iterator[tuple[Case, Plan]]:
    """The plan of every case over many rows, as a cluster would run it: optimized and in order.

    SQL is no fragment: it runs on one machine as a whole, and its order is Polars' own.
    """
    frame = Frame(Scan(MemorySource(many_rows(ROWS))))
    for case in CASES:
        plan = pin_order(optimize(case.build(frame)._plan))
        if not any(isinstance(node, Sql) for node in walk(plan)):
            yield case, plan


def fingerprint(plan: Plan) -> str:
    """A hash of the types and values of an answer, or the kind of error."""
    try:
        with execution_errors():
            answer = run(plan)
    except ScalekitError as error:
        return type(error).__name__
    return hashlib.sha256(_bytes(answer)).hexdigest()


def _bytes(answer: pl.DataFrame) -> bytes:
    """Types and values, floats to the last bit; not the buffers, which hold masks that say nothing."""
    return repr((answer.schema, answer.rows())).encode()


def main() -> None:
    """Print the fingerprints of all fragments, each taken twice."""
    for place, (case, plan) in enumerate(fragments()):
        seen = [fingerprint(plan) for _ in range(2)]
        sys.stdout.write(json.dumps([f"{place} {case}", *seen]) + "\n")


if __name__ == "__main__":
    main()
