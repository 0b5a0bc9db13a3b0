"""The pipeline: optimize, choose, lower, execute."""

from __future__ import annotations

import polars as pl

from scalekit.backends.choose import choose
from scalekit.backends.registry import get_backend
from scalekit.config import Config
from scalekit.kernels.failures import execution_errors
from scalekit.kernels.schema import schema_of
from scalekit.optimize import optimize
from scalekit.plan.nodes import Plan


def collect(plan: Plan, config: Config) -> pl.DataFrame:
    """Run ``plan`` and give its rows on this machine, with exactly the schema that it promised."""
    optimized = optimize(plan)
    backend = get_backend(choose(optimized, config).backend)
    with execution_errors():
        program = backend.lower(optimized, config)
        result = backend.execute(program, config)
    return pin_schema(result, schema_of(plan))


def pin_schema(result: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Give a result the types that the plan promised, which no data may change."""
    if result.schema == schema:
        return result
    return result.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
