"""What the pandas backend runs: steps in order, each in pandas or, marked with the reason, in Polars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import polars as pl

from scalekit.expr.node import ExprNode
from scalekit.expr.show import show_expr
from scalekit.plan.nodes import Input, Plan
from scalekit.tree import children


@dataclass(frozen=True)
class Step:
    """Rows in, rows out.

    Attributes
    ----------
    plan
        What is computed: one node where pandas runs it, else a fragment for Polars whose leaves are
        scans and :class:`~scalekit.plan.nodes.Input` nodes that count ``inputs``.
    schema
        The logical schema of its rows, which no data may change.
    inputs
        Positions of the steps whose rows it reads.
    run
        The pandas runner; None where Polars runs the fragment.
    reasons
        For each node of a Polars fragment, why pandas does not run it.
    """

    plan: Plan
    schema: pl.Schema
    inputs: tuple[int, ...]
    run: Callable[..., Any] | None = None
    reasons: tuple[tuple[Plan, str], ...] = ()


@dataclass(frozen=True)
class Program:
    """Steps, inputs before their readers; the last one gives the result."""

    steps: tuple[Step, ...]


def show(program: Program) -> str:
    """The program as a tree, the result first, each node with who runs it."""
    return "\n".join(_show_step(program, len(program.steps) - 1, 0))


def _show_step(program: Program, position: int, depth: int) -> Iterator[str]:
    step = program.steps[position]
    if step.run is not None:
        yield f"{'  ' * depth}[pandas] {describe(step.plan)}"
        for below in step.inputs:
            yield from _show_step(program, below, depth + 1)
        return
    yield from _show_fragment(program, step, step.plan, depth)


def _show_fragment(program: Program, step: Step, plan: Plan, depth: int) -> Iterator[str]:
    if isinstance(plan, Input):
        yield from _show_step(program, step.inputs[plan.index], depth)
        return
    reason = dict(step.reasons).get(plan)
    mark = "[polars]" if reason else "[scan]"
    yield f"{'  ' * depth}{mark} {describe(plan)}{f'  <- {reason}' if reason else ''}"
    for below in children(plan):
        yield from _show_fragment(program, step, below, depth + 1)


def describe(plan: Plan) -> str:
    """One line for a node: its name, and what it was given."""
    values = (getattr(plan, field.name) for field in fields(plan))  # type: ignore[arg-type]
    given = (_field(value) for value in values if not _holds_plan(value))
    return f"{type(plan).__name__} {' '.join(text for text in given if text)}".rstrip()


def _holds_plan(value: Any) -> bool:
    return isinstance(value, Plan) or (
        isinstance(value, tuple) and any(isinstance(v, Plan) for v in value)
    )


def _field(value: Any) -> str:
    if isinstance(value, ExprNode):
        return show_expr(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_field, value))}]" if value else ""
    if hasattr(value, "describe"):
        return str(value.describe())
    return value if isinstance(value, str) else ""
