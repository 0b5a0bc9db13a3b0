"""What a worker calls: pure functions from tables to tables, whose bytes are the same on every run."""

from __future__ import annotations

import polars as pl

from scalekit.kernels.compile import to_lazy
from scalekit.plan.nodes import Plan


def run(fragment: Plan, *inputs: pl.DataFrame) -> pl.DataFrame:
    """Run a fragment over the tables of its inputs.

    In memory, whose float sums and row orders depend on neither the number of threads nor chance, where
    the streaming engine's do: a cluster runs a fragment again after a fault, and splits its rows by place
    (DESIGN.md, section 5). Fragments keep their rows in order, see ``optimize.pin_order``.
    """
    return to_lazy(fragment, [table.lazy() for table in inputs]).collect(engine="in-memory")
