"""Lower a logical plan: each node to pandas where the contract is kept there, else to Polars, with the reason."""

from __future__ import annotations

from collections import Counter

from scalekit.backends.pandas.columns import Runner, arrow_type
from scalekit.backends.pandas.native import NotNative
from scalekit.backends.pandas.nodes import NODES
from scalekit.backends.pandas.program import Program, Step
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Input, Plan, Scan
from scalekit.tree import children, map_children, walk


def lower(plan: Plan) -> Program:
    """Turn an optimized plan into steps.

    Neighbouring nodes that Polars runs become one lazy query, so that rows cross once; a scan becomes
    part of the query that reads it.
    """
    order = list(walk(plan))
    choices = {node: _choose(node) for node in order}
    readers = Counter(below for node in order for below in children(node))
    in_polars = {node for node in order if not callable(choices[node])}
    fused = {b for node in in_polars for b in children(node) if b in in_polars and readers[b] == 1}

    steps: list[Step] = []
    at: dict[Plan, int] = {}
    for node in order:
        if node in fused:
            continue
        run = choices[node]
        if callable(run):
            inputs = tuple(at[below] for below in children(node))
            step = Step(node, schema_of(node), inputs, run)
        else:
            step = _fragment(node, choices, at)
        at[node] = len(steps)
        steps.append(step)
    return Program(tuple(steps))


def _choose(plan: Plan) -> Runner | str:
    """The pandas runner of a node, or the reason why there is none; a scan has neither."""
    if isinstance(plan, Scan):
        return ""
    try:
        for table in (plan, *children(plan)):
            _check_types(table)
        prepare = NODES.get(type(plan))
        if prepare is None:
            raise NotNative(f"{type(plan).__name__} has no pandas counterpart")
        return prepare(plan)
    except NotNative as reason:
        return str(reason)


def _check_types(plan: Plan) -> None:
    for name, dtype in schema_of(plan).items():
        if arrow_type(dtype) is None:
            raise NotNative(f"pandas cannot carry column {name!r} of type {dtype}")


def _fragment(root: Plan, choices: dict[Plan, Runner | str], at: dict[Plan, int]) -> Step:
    """One Polars query of ``root`` and what is fused below it; what other steps give becomes its inputs."""
    inputs: list[int] = []
    reasons: dict[Plan, str] = {}
    made: dict[Plan, Plan] = {}

    def visit(node: Plan) -> Plan:
        if node in at:
            if at[node] not in inputs:
                inputs.append(at[node])
            return Input(inputs.index(at[node]), tuple(schema_of(node).items()))
        return made[node]

    for node in _above_steps(root, at):
        made[node] = map_children(node, visit)
        reasons[made[node]] = str(choices[node])
    return Step(made[root], schema_of(root), tuple(inputs), None, tuple(reasons.items()))


def _above_steps(root: Plan, at: dict[Plan, int]) -> list[Plan]:
    """The nodes between ``root`` and the nearest steps, children first."""
    found: list[Plan] = []
    stack = [(root, False)]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            found.append(node)
        elif node not in at:
            stack.append((node, True))
            stack.extend((below, False) for below in reversed(children(node)))
    return list(dict.fromkeys(found))
