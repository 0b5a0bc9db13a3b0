"""What depends on the order of rows asks for one, and nothing else does (CONTRACT.md, section 2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import scalekit as sk
from scalekit import col
from scalekit.exceptions import PlanError

ROWS = sk.from_dict(
    {"k": ["a", "b", None, "a"], "x": [1, 2, 3, None], "l": [[1], [2, 3], None, []]}
)
LOOSE = ROWS.group_by("k").agg(col("x").sum(), n=sk.len(), l=col("l").first())
"""Groups come in any order."""

Build = Callable[[], Any]

ASKS: dict[str, Build] = {
    "shift": lambda: LOOSE.select(col("x").shift()),
    "below a sort of values": lambda: LOOSE.select(col("x").cum_sum().sort()),
    "below a sort by others": lambda: LOOSE.select(col("x").shift().sort_by("n")),
    "some rows, sorted later": lambda: LOOSE.select(col("x").head(2).sort()),
    "after unique values": lambda: LOOSE.select(col("x").sort().unique().first()),
    "in a key of a window": lambda: LOOSE.select(
        col("x").sum().over(col("n").cum_sum(), order_by="k")
    ),
    "in the order of a window": lambda: LOOSE.select(
        col("x").cum_sum().over("k", order_by=col("n").shift())
    ),
    "in a condition": lambda: LOOSE.filter(col("x").shift() > 1),
    "in a sort": lambda: LOOSE.sort(col("x").shift()),
    "in a group's key": lambda: LOOSE.group_by(col("x").shift()).agg(sk.len()),
    "in a group": lambda: LOOSE.group_by("n").agg(col("x").first()),
    "a list of a group": lambda: LOOSE.group_by("n").agg(col("x")),
    "a list of all": lambda: LOOSE.select(col("x").implode()),
    "a choice": lambda: LOOSE.select(sk.when(col("x").shift() > 1).then(1)),
    "a range": lambda: LOOSE.select(sk.int_range(sk.len())),
    "ordinal ranks": lambda: LOOSE.select(col("x").rank("ordinal")),
    "joined text": lambda: LOOSE.select(col("k").str.join(",")),
    "the place of an extreme": lambda: LOOSE.select(col("x").arg_max()),
    "filling": lambda: LOOSE.fill_null(strategy="forward"),
    "interpolation": LOOSE.interpolate,
    "side by side": lambda: sk.concat([LOOSE.select("k"), LOOSE.select("x")], how="horizontal"),
    "pivot first": lambda: LOOSE.pivot(
        "k", ["a"], index="n", values="x", aggregate_function="first"
    ),
    "pivot by an expression": lambda: LOOSE.pivot(
        "k", ["a"], index="n", values="x", aggregate_function=sk.element().first()
    ),
    "rows by place": lambda: LOOSE.update(ROWS.select("x")),
    "tail": lambda: LOOSE.tail(1),
    "an offset": lambda: LOOSE.slice(1),
    "every second": lambda: LOOSE.gather_every(2),
    "a sample": lambda: LOOSE.sample(1),
    "the first of each": lambda: LOOSE.unique("n", keep="first"),
    "windows of time": lambda: LOOSE.rolling("x", period="2i").agg(sk.len()),
    "the right side of an asof join": lambda: ROWS.join_asof(LOOSE, on="x"),
}

ANY_ORDER: dict[str, Build] = {
    "a window's own order": lambda: LOOSE.select(col("x").shift().over("k", order_by="n")),
    "sorted values": lambda: LOOSE.select(col("x").sort().first()),
    "values sorted by others": lambda: LOOSE.select(col("x").sort_by("k").head(1)),
    "the largest": lambda: LOOSE.select(col("x").top_k(2).first()),
    "inside a list": lambda: LOOSE.select(col("l").list.eval(sk.element().cum_sum())),
    "the first of a list": lambda: LOOSE.select(col("l").list.first()),
    "average ranks": lambda: LOOSE.select(col("x").rank()),
    "any head": lambda: LOOSE.head(2),
    "a list in any order": lambda: LOOSE.select(col("x").implode(maintain_order=False)),
    "a sorted list of a group": lambda: LOOSE.group_by("n").agg(col("x").sort()),
    "one row": lambda: LOOSE.select(col("x").sum()).with_row_index(),
    "one row beside another": lambda: sk.concat(
        [LOOSE.select(col("x").sum()), LOOSE.select(top=col("n").max())], how="horizontal"
    ),
    "sorted rows": lambda: LOOSE.sort("k").with_row_index(),
    "a pivot that sums": lambda: LOOSE.pivot(
        "k", ["a"], index="n", values="x", aggregate_function="sum"
    ),
}


@pytest.mark.parametrize("case", ASKS)
def test_asks_for_an_order(case: str) -> None:
    with pytest.raises(PlanError, match=r"depends on the order of rows.*sort first"):
        ASKS[case]()


@pytest.mark.parametrize("case", ANY_ORDER)
def test_takes_any_order(case: str) -> None:
    assert ANY_ORDER[case]().collect(backend="polars").height
