"""Aggregates: over the whole table, by groups, and broadcast back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scalekit.expr.builders import col
from scalekit.expr.correlation import corr, cov
from scalekit.expr.expr import Expr
from scalekit.expr.shortcuts import len as rows
from scalekit.frame.frame import Frame
from scalekit.testing.case import Case

_NUMBERS = ("i32", "i8", "u8", "f", "f32", "dec")
_SIMPLE = (*_NUMBERS, "i", "b", "s", "d", "t", "tz", "dur", "tm", "c", "e")
_ALL = (*_SIMPLE, "bin", "li", "st")


def _everywhere(name: str, build: Callable[[], dict[str, Expr]], note: str = "") -> Iterator[Case]:
    """The same aggregates of the whole table, of groups, and as windows."""

    def over(frame: Frame) -> Frame:
        return frame.select("o", **{n: e.over("k") for n, e in build().items()})

    yield Case(name, lambda f: f.select(**build()), note)
    yield Case(
        name,
        lambda f: f.group_by("k", maintain_order=True).agg(**build()),
        f"groups {note}".strip(),
    )
    yield Case(name, over, f"over {note}".strip())


def _simple(name: str, *columns: str, note: str = "", **options: object) -> Iterator[Case]:
    """A method of each column, everywhere."""
    return _everywhere(name, lambda: {c: getattr(col(c), name)(**options) for c in columns}, note)


CASES = (
    *_simple("sum", *_NUMBERS, "dur", "b"),
    *_simple("sum", "i", "i32", "u8", "f", strict=True, note="strict"),
    *_simple("product", "i8", "u8", "i32", "f", "b"),
    *_simple("mean", *_NUMBERS, "b", "dur", "d", "t", "tm"),
    *_simple("median", *_NUMBERS, "b", "dur", "d", "t"),
    *_simple("min", *_SIMPLE),
    *_simple("max", *_SIMPLE),
    *_simple("nan_min", "i", "f", "f32", "b"),
    *_simple("nan_max", "i", "f", "f32", "b"),
    *_simple("std", *_NUMBERS, "b"),
    *_simple("std", "f", "i", ddof=0, note="ddof"),
    *_simple("var", *_NUMBERS, "b"),
    *_simple("var", "f", "i", ddof=2, note="ddof"),
    # Rounded, as what cancels to nothing differs in the last bits of its terms.
    *_everywhere("skew", lambda: {c: col(c).skew().round(9) for c in ("i8", "f32", "u8")}),
    *_everywhere("skew", lambda: {"a": col("i8").skew(bias=False).round(9)}, "bias"),
    *_everywhere("kurtosis", lambda: {c: col(c).kurtosis().round(9) for c in ("i8", "f32", "u8")}),
    *_everywhere("kurtosis", lambda: {"a": col("i8").kurtosis(fisher=False, bias=False).round(9)}, "bias"),
    *_simple("entropy", "u8", "i8"),
    *_simple("entropy", "u8", base=2.0, normalize=False, note="base"),
    *_simple("quantile", *_NUMBERS, "dur", "d", quantile=0.4),
    *(
        case
        for how in ("nearest", "higher", "lower", "midpoint", "linear", "equiprobable")
        for case in _simple("quantile", "i8", "f", quantile=0.3, interpolation=how, note=how)
    ),
    Case("quantile", lambda f: f.select(col("i8", "f").quantile([0.1, 0.5, 1.0])), "list"),
    *_simple("approx_quantile", "i8", "f", quantile=0.5),
    *_simple("count", *_ALL),
    *_simple("len", *_ALL),
    *_simple("null_count", *_ALL),
    *_simple("n_unique", *_SIMPLE, "bin"),
    *_simple("approx_n_unique", "i", "i8", "f", "s", "d"),
    *_simple("has_nulls", *_ALL),
    *_simple("is_empty", *_ALL),
    *_simple("is_empty", "i", "s", ignore_nulls=True, note="nulls"),
    *_simple("any", "b"),
    *_simple("any", "b", ignore_nulls=False, note="kleene"),
    *_simple("all", "b"),
    *_simple("all", "b", ignore_nulls=False, note="kleene"),
    *_simple("first", *_ALL),
    *_simple("first", *_ALL, ignore_nulls=True, note="nulls"),
    *_simple("last", *_ALL),
    *_simple("last", *_ALL, ignore_nulls=True, note="nulls"),
    *_simple("any_value", *_ALL),
    *_simple("arg_min", "i", "f", "s", "d"),
    *_simple("arg_max", "i", "f", "s", "d"),
    *_everywhere("min_by", lambda: {"a": col("s").min_by("o"), "b": col("f").min_by(-col("o"))}),
    *_everywhere("max_by", lambda: {"a": col("s").max_by("o"), "b": col("f").max_by(-col("o"))}),
    *_everywhere("dot", lambda: {"a": col("i32").dot("i32"), "b": col("f").dot("i8"), "c": col("u8").dot("i8")}),
    *_simple("bitwise_and", "i", "u8", "b"),
    *_simple("bitwise_or", "i", "u8", "b"),
    *_simple("bitwise_xor", "i", "u8", "b"),
    Case("implode", lambda f: f.select(col(*_ALL).implode())),
    Case("implode", lambda f: f.group_by("k", maintain_order=True).agg(col("i", "s", "li").implode()), "groups"),
    Case("item", lambda f: f.select(col("o").filter(col("o") == 0).item(allow_empty=True))),
    Case("item", lambda f: f.select(col("o").item()), "several"),
    *_everywhere("pl.len", lambda: {"n": rows()}),
    *_everywhere("corr", lambda: {"a": corr("i8", "u8"), "b": corr("f", "i8"), "c": corr("i8", "f32", method="spearman")}),
    *_everywhere("cov", lambda: {"a": cov("i8", "u8"), "b": cov("f", "i8"), "c": cov("i8", "f32", ddof=0)}),
    Case("sum", lambda f: f.select(a=col("i").sum() / col("i").count(), b=col("f") - col("f").mean()), "mixed"),
)  # fmt: skip
"""Cases of every aggregate."""
