"""Functions of categoricals and enums."""

from __future__ import annotations

from collections.abc import Callable

from scalekit.expr.builders import col
from scalekit.expr.expr import Expr
from scalekit.testing.case import Case


def _of(function: str, build: Callable[[Expr], Expr], note: str = "") -> Case:
    """A case that applies a function to the categorical and to the enum."""
    return Case(f"cat.{function}", lambda f: f.select("o", build(col("c", "e"))), note)


CASES = (
    Case("cat.get_categories", lambda f: f.select(col("c").cat.get_categories())),
    Case("cat.declared", lambda f: f.select(col("e").cat.get_categories())),
    Case("cat.declared", lambda f: f.select(n=col("e").cat.get_categories().len()), "count"),
    _of("len_chars", lambda x: x.cat.len_chars()),
    _of("len_bytes", lambda x: x.cat.len_bytes()),
    _of("starts_with", lambda x: x.cat.starts_with("r")),
    _of("ends_with", lambda x: x.cat.ends_with("h")),
    _of("slice", lambda x: x.cat.slice(1, 2)),
    _of("slice", lambda x: x.cat.slice(-2), "end"),
    # What categoricals do in functions of other families: they are their texts.
    Case("Frame.sort", lambda f: f.select("o", "c", "e").sort("c", "e", "o"), "categories"),
)
