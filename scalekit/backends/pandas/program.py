"""What the pandas backend runs: steps in order, each in pandas or, marked with the reason, in Polars."""

from __future__ import annotations

from collections.abc import Callable
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
    lines: list[str] = []
    last = program.steps[-1]
    stack: list[tuple[Step, Plan, int]] = [(last, last.plan, 0)]
    while stack:
        step, plan, depth = stack.pop()
        if isinstance(plan, Input):  # what another step gives
            other = program.steps[step.inputs[plan.index]]
            stack.append((other, other.plan, depth))
            continue
        lines.append(f"{'  ' * depth}{_mark(step, plan)}")
        if step.run is None:
            below = [(step, child, depth + 1) for child in children(plan)]
        else:
            inputs = [program.steps[i] for i in step.inputs]
            below = [(other, other.plan, depth + 1) for other in inputs]
        stack.extend(reversed(below))
    return "\n".join(lines)


def _mark(step: Step, plan: Plan) -> str:
    if step.run is not None:
        return f"[pandas] {describe(plan)}"
    reason = dict(step.reasons).get(plan)
    return f"[polars] {describe(plan)}  <- {reason}" if reason else f"[scan] {describe(plan)}"


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
