"""Each rule rewrites as its golden file says, and no rewrite changes an answer."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from scalekit import optimize as package
from scalekit.kernels.compile import to_lazy
from scalekit.kernels.pin import pin_schema
from scalekit.kernels.schema import schema_of
from scalekit.optimize import RULES, check_sums, narrow_moves, optimize, pin_order
from scalekit.plan.explain import render
from scalekit.plan.nodes import Plan
from scalekit.plan.order import has_order
from scalekit.testing.compare import assert_equal

from .cases import CASES  # noqa: TID252 - the cases belong to this folder

GOLDEN = Path(__file__).parents[2] / "golden" / "optimize"
BY_NAME = {rule.__name__: rule for rule in (*RULES, check_sums, narrow_moves, pin_order)}
ALL = [(rule, case) for rule, cases in CASES.items() for case in cases]


def golden_text(rule: str) -> str:
    """Before and after for every case of a rule."""
    parts = []
    for name, build in CASES[rule].items():
        plan = build()._plan
        after = render(BY_NAME[rule](plan))
        parts.append(f"# {name}\n{render(plan)}\n-->\n{after}\n")
    return "\n".join(parts)


def answer(plan: Plan) -> pl.DataFrame:
    """The plan's rows from Polars in memory, without Polars' own optimizer."""
    rows = to_lazy(plan).collect(engine="in-memory", optimizations=pl.QueryOptFlags.none())
    return pin_schema(rows, schema_of(plan))


def test_every_rule_has_cases() -> None:
    assert set(CASES) == set(BY_NAME)


@pytest.mark.parametrize("rule", CASES)
def test_golden(rule: str, request: pytest.FixtureRequest) -> None:
    path = GOLDEN / f"{rule}.txt"
    text = golden_text(rule)
    if request.config.getoption("--update-golden"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize(("rule", "case"), ALL)
def test_rule_keeps_the_answer(rule: str, case: str) -> None:
    plan = CASES[rule][case]()._plan
    rewritten = BY_NAME[rule](plan)
    assert schema_of(rewritten) == schema_of(plan)
    assert_equal(answer(rewritten), answer(plan), ordered=has_order(plan))


@pytest.mark.parametrize(("rule", "case"), ALL)
def test_all_rules_keep_the_answer(rule: str, case: str) -> None:
    plan = CASES[rule][case]()._plan
    rewritten = optimize(plan)
    assert schema_of(rewritten) == schema_of(plan)
    assert_equal(answer(rewritten), answer(plan), ordered=has_order(plan))


@pytest.mark.parametrize(("rule", "case"), ALL)
def test_optimizing_twice_changes_nothing_more(rule: str, case: str) -> None:
    once = optimize(CASES[rule][case]()._plan)
    assert render(optimize(once)) == render(once)


def test_rules_are_spelled_in_the_package() -> None:
    modules = {p.stem for p in Path(package.__file__).parent.glob("*.py")} - {
        "__init__",
        "analysis",
        "labels",
    }
    assert modules == set(BY_NAME) - {"narrow_moves"}  # which prunes as pushdown_columns does
