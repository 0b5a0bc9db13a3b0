"""Orders, limits, distinct rows, unions and windows of time, alone and above each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from scalekit.expr.builders import col
from scalekit.expr.expr import Expr
from scalekit.expr.shortcuts import len as rows
from scalekit.frame.frame import Frame
from scalekit.io.combine import concat
from scalekit.testing.case import Case

_FLAGS: dict[str, Any] = {"descending": [True, False], "nulls_last": [False, True]}


def _sorted(frame: Frame) -> Frame:
    return frame.select("o", "k", "i", "f").sort("k", "f", **_FLAGS)


def _distinct(keep: str) -> Case:
    return Case(
        "Frame.unique",
        lambda f: f.select("o", "k", "b").unique(["k", "b"], keep=keep, maintain_order=True),
        f"{keep}, in order",
    )


def _two(frame: Frame) -> Frame:
    """The rows, and some of them again."""
    return concat([frame.select("o", "k", "i"), frame.filter(col("i") > 0).select("o", "k", "i")])


def _windows() -> Iterator[Case]:
    spans: tuple[dict[str, Any], ...] = (
        {"every": "2i", "closed": "right", "label": "right"},
        {"every": "2i", "label": "datapoint"},
        {"every": "3i", "offset": "1i", "start_by": "datapoint"},
        {"every": "1i", "period": "3i", "include_boundaries": True},
    )
    for span in spans:
        shown = ", ".join(f"{name}={value}" for name, value in span.items())
        yield Case("Frame.group_by_dynamic", _dynamic(None, span), shown)
        yield Case("Frame.group_by_dynamic", _dynamic("k", span), f"{shown}, keys")
    for closed in ("left", "right", "both", "none"):
        yield Case("Frame.rolling", _rolling(None, closed), closed)
        yield Case("Frame.rolling", _rolling("k", closed), f"{closed}, keys")


_AGGS = (rows().alias("n"), col("i8").sum().alias("sum"), col("f").max().alias("top"))


def _dynamic(group_by: str | None, span: dict[str, Any]) -> Any:
    return lambda f: f.group_by_dynamic("o", group_by=group_by, **span).agg(*_AGGS)


def _rolling(group_by: str | None, closed: str) -> Any:
    return lambda f: f.rolling("o", period="2i", closed=closed, group_by=group_by).agg(*_AGGS)


def _pivot(how: str | Expr) -> Case:
    return Case(
        "Frame.pivot",
        lambda f: f.pivot(
            "k", ["a", "b", None], index="b", values=["i8", "f"], aggregate_function=how,
            maintain_order=True,
        ),
        f"{how}, in order",
    )  # fmt: skip


CASES = (
    Case("Frame.sort", lambda f: f.select("o", "st").sort("st", "o"), "structs"),
    Case("Frame.sort", lambda f: f.select("o", "i").sort(col("i") - col("i").max(), "o"), "of other rows"),
    Case("Frame.sort", lambda f: _sorted(f).sort("o", descending=True).sort("k"), "sorts above sorts"),
    Case("Frame.head", lambda f: _sorted(f).head(3), "sorted"),
    Case("Frame.head", lambda f: f.filter(col("o") > 1).select("o").head(2), "filtered"),
    Case("Frame.tail", lambda f: _sorted(f).tail(2), "sorted"),
    Case("Frame.slice", lambda f: _sorted(f).slice(1, 4).slice(1), "sorted"),
    Case("Frame.slice", lambda f: f.select("o").slice(5, 100), "beyond"),
    Case("Frame.slice", lambda f: f.select("o").slice(-100, 98), "before"),
    Case("Frame.slice", lambda f: f.select("o").slice(-4).head(2), "end and start"),
    Case("Frame.group_by", lambda f: _sorted(f).group_by("k", maintain_order=True).agg(col("o")), "sorted"),
    *map(_distinct, ("any", "first", "last", "none")),
    Case("Frame.unique", lambda f: _sorted(f).unique("k", keep="last", maintain_order=True), "sorted"),
    Case("Frame.with_row_index", lambda f: f.filter(col("i") > 1).select("o").with_row_index(), "filtered"),
    Case("Frame.with_row_index", lambda f: _sorted(f).with_row_index(), "sorted"),
    Case("Frame.sample", lambda f: _sorted(f).sample(4, seed=2), "sorted"),
    Case("Frame.sample", lambda f: f.select("o").sample(100), "more than all"),
    Case("concat", lambda f: _two(f).group_by("k", maintain_order=True).agg(col("i").sum()), "grouped"),
    Case("concat", lambda f: _two(f).with_row_index().filter(col("index") > 2), "numbered"),
    Case("concat", lambda f: _two(f).slice(2, 6), "sliced"),
    Case("concat", lambda f: _two(f).sort("o").with_columns(n=col("i") + 1), "sorted"),
    Case("concat", lambda f: concat([f.select("o"), f.select("o", n="i8")], how="diagonal_relaxed"), "more columns"),
    Case("concat", lambda f: concat([f.select("o", n="i8"), f.select("o", n="f")], how="diagonal_relaxed"), "other types"),
    Case("Frame.explode", lambda f: f.select("o", "li").sort("o", descending=True).explode("li"), "sorted"),
    Case("Frame.unpivot", lambda f: f.unpivot(["i", "i8"], index="k").group_by("k", "variable").agg(col("value").sum()), "grouped"),
    Case("Frame.map_batches", lambda f: f.select("o", "i").map_batches(lambda t: t.filter(pl.col("i") > 0), whole=False), "parts"),
    *map(_pivot, ("sum", "mean", "min", "len", "first", "last")),
    *_windows(),
)  # fmt: skip
"""Cases of operators that order, choose and number rows."""
