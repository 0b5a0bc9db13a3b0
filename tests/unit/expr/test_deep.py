"""Expressions that programs build from thousands of parts: no depth of Python's stack, and answers in time."""

from __future__ import annotations

import operator
import pickle
from functools import reduce

import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.pandas.part_types import part_types
from scalekit.exceptions import PlanError
from scalekit.expr.analysis import levels, nodes
from scalekit.expr.associative import ASSOCIATIVE, LONG, balanced, joined
from scalekit.expr.node import Call, Column, ExprNode, SortKey
from scalekit.kernels.bind import DEEPEST
from scalekit.kernels.schema import dtype_of
from scalekit.tree import walk

MANY = 5_000
FRAME = sk.from_dict(
    {"a": [1, None, MANY - 1, MANY], "b": [True, None, False, True], "x": [0.5] * 4}
)

CHAINS = {
    "or": (reduce(operator.or_, [col("a") == i for i in range(MANY)]), [True, None, True, False]),
    "and": (reduce(operator.and_, [col("a") != i for i in range(MANY)]), [False, None, False, True]),
    "xor": (reduce(operator.xor, [col("b")] * 1001), [True, None, False, True]),
    "or from the right": (
        reduce(lambda e, i: (col("a") == i) | e, range(1000), sk.lit(False)), [True, None, False, False],
    ),
    "both": (
        reduce(lambda e, i: (e | (col("a") == i)) & (col("a") > 0) if i % 9 == 0 else e | (col("a") == i),
               range(300), col("a") < 0),
        [True, None, False, False],
    ),
}  # fmt: skip


@pytest.mark.parametrize("backend", ["polars", "pandas", "serial"])
@pytest.mark.parametrize("name", ["or", "and", "xor", "or from the right", "both"])
def test_long_chains_are_answered(name: str, backend: str) -> None:
    chain, answers = CHAINS[name]
    found = FRAME.select(y=chain).collect(backend=backend)
    assert found["y"].to_list() == answers


@pytest.mark.parametrize("backend", ["polars", "pandas"])
@pytest.mark.parametrize("name", ["or", "and"])
def test_long_chains_filter(name: str, backend: str) -> None:
    chain, answers = CHAINS[name]
    frame = FRAME.filter(chain)
    kept = [a for a, keep in zip([1, None, MANY - 1, MANY], answers, strict=True) if keep]
    assert frame.collect(backend=backend)["a"].to_list() == kept


def test_long_chains_are_shown_and_pickled() -> None:
    chain, _ = CHAINS["or"]
    assert repr(chain).startswith("(((")
    assert "..." in repr(chain)
    again = pickle.loads(pickle.dumps(chain))
    frame = FRAME.filter(again)
    assert "(col('a') == 0) | (col('a') == 1)" in frame.explain(stage="logical")
    assert frame.explain(stage="physical")
    assert str(frame)
    assert pickle.loads(pickle.dumps(frame)).collect()["a"].to_list() == [1, MANY - 1]


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_many_conditions_are_joined(backend: str) -> None:
    conditions = [col("a") != i for i in range(2, 1000)]
    assert FRAME.filter(*conditions).collect(backend=backend)["a"].to_list() == [1, MANY - 1, MANY]
    joined_too = FRAME.join(FRAME, on="a", maintain_order="left").filter(*conditions)
    assert joined_too.collect(backend=backend)["a"].to_list() == [1, MANY - 1, MANY]
    one_by_one = FRAME
    for condition in conditions[:100]:
        one_by_one = one_by_one.filter(condition)
    assert one_by_one.collect(backend=backend)["a"].to_list() == [1, MANY - 1, MANY]


@pytest.mark.parametrize("function", sorted(ASSOCIATIVE))
def test_balancing_keeps_the_operands_and_their_order(function: str) -> None:
    operands = [Column(f"c{i}") for i in range(1000)]
    chain = reduce(lambda e, c: Call(function, (e, c)), operands[1:], operands[0])  # type: ignore[arg-type,return-value]
    short = balanced(chain)
    assert levels(chain) == 1000
    assert levels(short) == 11
    assert [e for e in nodes(short) if isinstance(e, Column)] == operands
    assert joined(function, operands) == short


def test_short_chains_and_typeless_numbers_stay_as_they_were_written() -> None:
    columns: list[ExprNode] = [Column(f"c{i}") for i in range(LONG)]
    short = joined("or_", columns)
    assert levels(short) == LONG
    assert balanced(short) == short
    numbers = reduce(operator.or_, range(200), col("a"))._node
    assert balanced(numbers) is numbers


def test_chains_within_other_expressions_are_balanced() -> None:
    chain, answers = CHAINS["or"]
    frame = FRAME.select(y=sk.when(chain.fill_null(False)).then(1).otherwise(0).cast(sk.Int8) + 1)
    assert frame.collect()["y"].to_list() == [1 + bool(a) for a in answers]


def test_whole_numbers_may_be_chained() -> None:
    bits = reduce(operator.or_, [col("a").fill_null(0) % (i + 2) for i in range(200)])
    expected = [
        reduce(operator.or_, [a % (i + 2) for i in range(200)]) for a in (1, 0, MANY - 1, MANY)
    ]
    for backend in ("polars", "pandas"):
        assert FRAME.select(y=bits).collect(backend=backend)["y"].to_list() == expected


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_what_cannot_be_balanced_goes_as_deep_as_python_does_not(backend: str) -> None:
    deep = reduce(lambda e, i: e + col("x") * i, range(300), col("x"))
    assert FRAME.select(y=deep).collect(backend=backend)["y"][0] == pytest.approx(
        0.5 + 0.5 * sum(range(300))
    )


WIDE = 2_000


@pytest.mark.parametrize("backend", ["polars", "pandas", "serial"])
def test_two_thousand_terms_in_every_place(backend: str) -> None:
    chain = reduce(operator.or_, [col("a") == i for i in range(WIDE)])
    frame = FRAME.filter(chain | (col("a") > 3)).select(n=(~chain).sum(), m=sk.len())
    assert hash(frame._plan) == hash(pickle.loads(pickle.dumps(frame))._plan)
    assert frame.estimate().height == 3
    assert frame.preflight(backend)
    assert frame.collect(backend=backend).rows() == [(2, 3)]


DEEP = {
    "not": reduce(lambda e, _: ~e, range(600), col("b")),
    "both": reduce(
        lambda e, i: (e | (col("a") == i)) if i % 2 else (e & (col("a") != i)), range(600), col("b")
    ),
}


@pytest.mark.parametrize("backend", ["polars", "pandas", "serial"])
@pytest.mark.parametrize("name", DEEP)
def test_conditions_that_cannot_be_balanced(name: str, backend: str) -> None:
    frame = FRAME.filter(DEEP[name])
    assert frame.explain(backend=backend)
    assert repr(frame)
    assert frame.estimate().height == 2
    assert frame.collect(backend=backend).equals(FRAME.filter(col("b")).collect(backend="polars"))


def test_types_of_deep_parts_are_those_of_the_whole() -> None:
    rows = {"i": [1, 2], "f": [0.5, None], "s": ["a", "b"]}
    frame = sk.from_dict(rows).select(col("i").cast(sk.Int8), col("f").cast(sk.Float32), "s")
    one_or_two = sk.when(col("i") == 1).then(1).otherwise(2)  # of the type of what stands beside it
    deep = {
        "chosen": reduce(lambda e, i: e + one_or_two, range(60), one_or_two) + col("i"),
        "mixed": reduce(
            lambda e, i: 1 + e * (one_or_two if i % 3 else col("i")), range(60), col("i")
        ),
        "floats": reduce(lambda e, i: (e + 0.5).fill_null(i).abs(), range(60), col("f")),
        "texts": reduce(lambda e, i: (e + "x").fill_null("y").str.head(3), range(60), col("s")),
        "over": reduce(lambda e, _: e.max().over("s") + 1, range(40), col("i")),
    }
    for name, expr in deep.items():
        (bound,) = frame._bind([expr.alias(name)])
        parts = list(walk(bound))
        found = part_types(parts, frame.schema)
        for part in parts:
            if not isinstance(part, SortKey):
                assert found[part] == dtype_of(part, frame.schema), (name, part)


def test_what_is_too_deep_is_refused() -> None:
    deep = reduce(lambda e, _: (e + 1).abs(), range(DEEPEST), col("a"))
    with pytest.raises(PlanError, match=r"2001 levels.*with_columns\(\)"):
        FRAME.select(deep)
    cases = reduce(
        lambda w, i: w.when(col("a") == i).then(i), range(DEEPEST), sk.when(col("a") < 0).then(0)
    )
    with pytest.raises(PlanError, match=r"replace\(\) or a join"):
        FRAME.select(cases.otherwise(1))


def test_deep_aggregates_are_no_conditions_and_keep_their_order() -> None:
    deep = reduce(lambda e, i: e + i, range(300), col("a").max())
    with pytest.raises(sk.exceptions.InvalidOperationError, match="each row"):
        FRAME.filter(deep > 1)
    unordered = FRAME.group_by("a").agg(x=col("x").sum())
    with pytest.raises(PlanError, match="order_by"):
        unordered.select(reduce(lambda e, i: e + i, range(300), col("x").shift()))
