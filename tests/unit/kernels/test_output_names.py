"""Every function names its column as the plan says, where the user gives no name."""

from __future__ import annotations

from scalekit.errors import PlanError
from scalekit.expr.analysis import nodes, output_name
from scalekit.expr.node import Call, Case, Cast, Column, ExprNode, Over
from scalekit.frame.frame import Frame
from scalekit.kernels.schema import expressions, schema_of
from scalekit.plan.nodes import Aggregate, Plan, Scan, Select, WithColumns
from scalekit.sources.memory import MemorySource
from scalekit.testing.cases import CASES
from scalekit.testing.data import dataset
from scalekit.tree import children, walk

FRAME = Frame(Scan(MemorySource(dataset("ordinary"))))


def _unnamed(plan: Plan) -> dict[ExprNode, Plan]:
    """The computations within a plan, each with the table that it reads."""
    return {
        part: children(node)[0]
        for node in walk(plan)
        if isinstance(node, Select | WithColumns | Aggregate)
        for expr in expressions(node)
        for part in nodes(expr)
        if isinstance(part, Call | Cast | Case | Over)
    }


def _check(plan: Plan, names: list[str]) -> int:
    try:
        found = list(schema_of(plan))
    except PlanError:  # a part that has no meaning alone, such as an element of a list
        return 0
    assert found == names
    return 1


def test_names_are_those_of_the_plan() -> None:
    checked = 0
    for part, source in {
        part: source for case in CASES for part, source in _unnamed(case.build(FRAME)._plan).items()
    }.items():
        key, name = next(iter(schema_of(source))), output_name(part)
        checked += _check(Select(source, (part,)), [name])
        if name != key:
            _check(Aggregate(source, (Column(key),), (part,)), [key, name])
    assert checked > len(CASES)
