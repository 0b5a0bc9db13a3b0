"""Joins: every way, kind of key, order and check, and joins above and below other joins and groups."""

from __future__ import annotations

from typing import Any

from scalekit.expr.builders import col
from scalekit.expr.joining import struct
from scalekit.expr.shortcuts import len as rows
from scalekit.frame.frame import Frame
from scalekit.io.combine import concat
from scalekit.testing.case import Case

_HOWS = ("inner", "left", "right", "full", "semi", "anti")


def _right(frame: Frame, *keys: str) -> Frame:
    """Some of the rows, the last of them first, and some of them twice."""
    half = frame.filter(col("o") % 2 == 0).select(*keys, w=col("o") * 10)
    return concat([half.filter(col("w") > 20), half])


def _on(key: str, how: str, **options: Any) -> Case:
    shown = " ".join(f"{name}={value}" for name, value in options.items())
    return Case(
        "Frame.join",
        lambda f: f.select("o", key).join(_right(f, key), on=key, how=how, **options),
        f"{how} {key} {shown}",
    )


def _in_order(how: str, order: str) -> Case:
    return Case(
        "Frame.join",
        lambda f: f.select("o", "k").join(_right(f, "k"), on="k", how=how, maintain_order=order),
        f"{how} order {order}",
    )


def _widths(left: str, right: str, how: str) -> Case:
    return Case(
        "Frame.join",
        lambda f: f.select("o", left).join(
            f.select(right, w=col("o") + 1), left_on=left, right_on=right, how=how
        ),
        f"{how} {left} {right}",
    )


def _checked(validate: str, how: str, left: str, right: str) -> Case:
    """Checks of which some hold and some fail, by the data set."""
    return Case(
        "Frame.join",
        lambda f: f.select("s", left).join(
            f.select(right, w=col("o")), left_on=left, right_on=right, how=how, validate=validate
        ),
        f"{how} {validate} {left} {right}",
    )


_KEYS = ("i", "b", "d", "t", "tz", "dur", "tm", "dec", "c", "e", "bin", "f", "f32")

_ONE = (
    *(_on(key, how) for key in _KEYS for how in ("inner", "full")),
    *(_on("k", how, nulls_equal=True) for how in _HOWS),
    *(_on("k", how, coalesce=False) for how in ("inner", "left", "right", "full")),
    *(_on("i", how) for how in _HOWS),
    *(_on("li", how) for how in ("inner", "anti")),
    *(_on("st", how) for how in ("inner", "left")),
    *(_in_order(how, order) for how in ("inner", "left", "right", "full") for order in ("left", "right")),
    *(_in_order(how, "left") for how in ("semi", "anti")),
    *(_widths("i8", "u8", how) for how in ("inner", "full")),
    *(_widths("i32", "i8", how) for how in ("left", "right")),
    *(_widths("f", "f32", how) for how in ("inner", "full")),
    *(
        _checked(validate, how, *keys)
        for validate in ("1:1", "1:m", "m:1")
        for how in ("inner", "left", "full")
        for keys in (("o", "o"), ("k", "o"), ("o", "k"), ("k", "k"))
        if ("o" in keys[0]) == ("o" in keys[1])
    ),
    _checked("m:1", "inner", "i8", "o"),
    _checked("1:m", "left", "o", "i8"),
)  # fmt: skip

_SEVERAL = (
    Case(
        "Frame.join",
        lambda f: f.select("o", "k", "b").join(_right(f, "k", "b"), on=["k", "b"], how="full"),
        "two keys",
    ),
    Case(
        "Frame.join",
        lambda f: f.select("o", "k", "f").join(
            _right(f, "k", "f"), on=["k", "f"], how="left", nulls_equal=True
        ),
        "two keys, nulls",
    ),
    Case(
        "Frame.join",
        lambda f: f.select("o", "s").join(
            _right(f, "s"),
            left_on=col("s").str.len_chars() % 3,
            right_on=col("s").str.len_chars() % 2,
            how="right",
        ),
        "expressions, right",
    ),
    Case(
        "Frame.join",
        lambda f: f.select("o", g=struct("c", "k")).join(
            f.select("i", g=struct("c", "k")).reverse(), on="g"
        ),
        "categories within a struct",
    ),
    Case(
        "Frame.join",
        lambda f: (
            f.select("o", "k", "i", "b")
            .join(_right(f, "k"), on="k", how="left")
            .join(_right(f, "i"), on="i", how="left", suffix="_i")
            .join(_right(f, "b"), on="b", how="semi")
        ),
        "chain",
    ),
    Case(
        "Frame.join",
        lambda f: (
            f.select("o", "k")
            .join(_right(f, "k"), on="k", how="full", coalesce=True)
            .join(f.group_by("k").agg(n=rows()), on="k", how="left")
            .join(f.group_by("k").agg(m=col("i").max()), on="k", how="inner", nulls_equal=True)
        ),
        "chain on one key",
    ),
    Case(
        "Frame.join",
        lambda f: f.select("o", "k").join(f.group_by("k").agg(n=rows()), on="k", how="left"),
        "with groups",
    ),
    Case(
        "Frame.join",
        lambda f: (
            f.select("o", "k")
            .join(_right(f, "k"), on="k", how="left")
            .group_by("k")
            .agg(col("w").sum(), n=rows())
        ),
        "into groups of its key",
    ),
    Case(
        "Frame.join",
        lambda f: (
            f.select("o", "k", "b")
            .join(_right(f, "k", "b"), on=["k", "b"], how="anti")
            .group_by("b")
            .agg(col("o").max())
        ),
        "into groups of one of its keys",
    ),
    Case(
        "Frame.join",
        lambda f: (
            f.select("o", "k")
            .join(_right(f, "k"), on="k", how="inner")
            .group_by("k")
            .agg(n=rows())
            .join(_right(f, "k").group_by("k").agg(col("w").min()), on="k", how="full")
        ),
        "of groups of its key",
    ),
    Case(
        "Frame.join", lambda f: f.select("k", "o").join(f.select("k", "o"), on="k"), "with itself"
    ),
    Case(
        "Frame.join",
        lambda f: (
            f.select("o", "k")
            .join(_right(f, "k"), on="k", how="left", maintain_order="left")
            .with_row_index("n")
            .head(4)
        ),
        "rows numbered after it",
    ),
    Case(
        "Frame.join",
        lambda f: f.select("o", "k").join(f.select("i", "b"), how="cross", maintain_order="right"),
        "cross, order of the right",
    ),
)


def _near(key: str, strategy: str, **options: Any) -> Case:
    shown = " ".join(f"{name}={value}" for name, value in options.items())
    return Case(
        "Frame.join_asof",
        lambda f: f.select("o", "k", key).join_asof(
            _right(f, "k", key).rename({"k": "k2"}), on=key, strategy=strategy, **options
        ),
        f"{strategy} {key} {shown}",
    )


_STRATEGIES = ("backward", "forward", "nearest")

_NEAREST = (
    *(_near(key, strategy) for key in ("i", "f", "t", "d", "i8") for strategy in _STRATEGIES),
    *(_near("i", strategy, allow_exact_matches=False) for strategy in _STRATEGIES),
    *(_near("i8", strategy, tolerance=2) for strategy in _STRATEGIES),
    *(_near("i", strategy, by_left="k", by_right="k2") for strategy in _STRATEGIES),
    *(_near("s", strategy) for strategy in _STRATEGIES[:2]),
    Case(
        "Frame.join_asof",
        lambda f: f.select("o", "c", "i").join_asof(
            f.select("c", "i", "s").reverse(), left_on=-col("i"), right_on=col("i"), by="c"
        ),
        "by categories, expressions",
    ),
    Case(
        "Frame.join_asof",
        lambda f: f.select("o", "i32").join_asof(
            f.select("i8", "s"), left_on="i32", right_on="i8", coalesce=False
        ),
        "integers of two widths",
    ),
    Case(
        "Frame.join_asof",
        lambda f: (
            f.group_by("i")
            .agg(n=rows())
            .join_asof(f.select("i", "s"), on="i", strategy="forward")
            .group_by("s")
            .agg(col("n").sum())
        ),
        "of rows without an order",
    ),
)

_BESIDE = (
    Case(
        "concat",
        lambda f: concat(
            [f.select("o", "k"), f.select(n=col("i") + 1, s=col("s"))], how="horizontal"
        ),
        "columns of one table",
    ),
    Case(
        "concat",
        lambda f: concat(
            [f.select("o").sort("o"), f.sort("k").select("k", "i"), f.reverse().select("b")],
            how="horizontal",
        ),
        "other orders",
    ),
    Case(
        "concat",
        lambda f: concat(
            [f.filter(col("o") < 3).select("o"), f.filter(col("o") > 3).select("k")],
            how="horizontal",
        ),
        "rows of other parts, if as many",
    ),
)

CASES = _ONE + _SEVERAL + _NEAREST + _BESIDE
