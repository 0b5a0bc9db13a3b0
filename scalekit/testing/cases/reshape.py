"""Functions that drop, repeat, gather or order rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scalekit.expr.builders import col
from scalekit.expr.expr import Expr
from scalekit.expr.shortcuts import len as rows
from scalekit.frame.frame import Frame
from scalekit.testing.case import Case

_NUMBERS = ("i", "i32", "i8", "u8", "f", "f32")
_SOME = ("i", "f", "s", "d", "b", "c")


def _each(
    name: str, build: Callable[[Expr], Expr], *columns: str, note: str = ""
) -> Iterator[Case]:
    """A function of one column at a time, as each may give another number of rows."""

    def one(column: str) -> Case:
        return Case(name, lambda f: f.select(build(col(column))), f"{note} {column}".strip())

    def groups(frame: Frame) -> Frame:
        return frame.group_by("k", maintain_order=True).agg(build(col(columns[0])))

    yield from map(one, columns)
    yield Case(name, groups, f"{note} groups".strip())


CASES = (
    *_each("drop_nulls", lambda x: x.drop_nulls(), *_SOME, "li", "st"),
    *_each("drop_nans", lambda x: x.drop_nans(), "f", "f32", "i"),
    *_each("unique", lambda x: x.unique().sort(), *_SOME),
    *_each("unique", lambda x: x.unique(maintain_order=True), *_SOME, note="ordered"),
    *_each("unique_counts", lambda x: x.unique_counts(), *_SOME),
    *_each("mode", lambda x: x.mode().sort(), *_SOME),
    *_each("mode", lambda x: x.mode(maintain_order=True), "i", "f", "s", note="ordered"),
    *_each("value_counts", lambda x: x.value_counts(), *_SOME),
    *_each("value_counts", lambda x: x.value_counts(sort=True, name="n"), *_SOME, note="sorted"),
    *_each("value_counts", lambda x: x.value_counts(sort=True, normalize=True), "i", "s", note="normalized"),
    *_each("filter", lambda x: x.filter(col("o") > 2, col("b")), "i", "s", "li"),
    *_each("filter", lambda x: x.filter(k="a"), "i", note="constraint"),
    *_each("head", lambda x: x.head(3), "i", "s"),
    *_each("head", lambda x: x.head(rows() // 2), "i", note="expression"),
    *_each("tail", lambda x: x.tail(3), "i", "s"),
    *_each("slice", lambda x: x.slice(1, 2), "i", "s"),
    *_each("slice", lambda x: x.slice(-2), "i", note="end"),
    *_each("gather_every", lambda x: x.gather_every(2, 1), "i", "s"),
    *_each("gather", lambda x: x.gather([0, -1, 0]), "i", "s"),
    *_each("gather", lambda x: x.gather([0, 100], null_on_oob=True), "i", note="beyond"),
    *_each("gather", lambda x: x.gather(col("o").max()), "i", note="expression"),
    *_each("get", lambda x: x.get(0), "i", "s", "li"),
    *_each("get", lambda x: x.get(-1, null_on_oob=True), "i", note="beyond"),
    *_each("reverse", lambda x: x.reverse(), *_SOME, "li"),
    *_each("sort", lambda x: x.sort(), *_SOME),
    *_each("sort", lambda x: x.sort(descending=True, nulls_last=True), *_SOME, note="descending"),
    *_each("sort_by", lambda x: x.sort_by("s", "o"), "i", "li"),
    *_each("sort_by", lambda x: x.sort_by("f", "o", descending=[True, False], nulls_last=True), "i", note="flags"),
    *_each("top_k", lambda x: x.top_k(3), *_NUMBERS, "d", "s", "dec"),
    *_each("bottom_k", lambda x: x.bottom_k(3), *_NUMBERS, "d", "s", "dec"),
    *_each("explode", lambda x: x.explode(), "li", "lf", "ls"),
    *_each("explode", lambda x: x.explode(empty_as_null=True, keep_nulls=False), "li", note="options"),
    *_each("sample", lambda x: x.sample(3, seed=1), "i", "s"),
    *_each("sample", lambda x: x.sample(fraction=0.5, seed=2), "i", note="fraction"),
    *_each("sample", lambda x: x.sample(3, seed=1, shuffle=True), "i", note="shuffled"),
    *_each("sample", lambda x: x.sample(9, seed=1, with_replacement=True), "i", note="replaced"),
    Case("repeat_by", lambda f: f.select(a=col("i").repeat_by(2), b=col("s").repeat_by(col("o")))),
    Case("sort_by", lambda f: f.select("o", col("i").sort_by("f", "o").over("k")), "over"),
    Case("reverse", lambda f: f.select("o", col("i").reverse().over("k", order_by="o")), "over"),
    Case("unique", lambda f: f.select(col("i").unique().len(), n=col("s").drop_nulls().n_unique()), "aggregated"),
    Case("filter", lambda f: f.select(a=col("i8").filter(col("b")).sum(), b=col("s").filter(col("i") > 1).count()), "aggregated"),
    Case("sort", lambda f: f.group_by("k").agg(first=col("s").sort().first(), last=col("s").sort_by("o").last()), "first"),
)  # fmt: skip
"""Cases of functions whose output may have another number of rows."""
