"""Functions of lists."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from scalekit.expr.builders import col, element, lit
from scalekit.expr.expr import Expr
from scalekit.testing.case import Case


def _of(function: str, columns: str, build: Callable[[Expr], Expr], note: str = "") -> Case:
    """A case that applies a function to columns, named apart by blanks."""
    return Case(f"list.{function}", lambda f: f.select("o", build(col(columns.split()))), note)


_NARROW = col("li").list.slice(0, 2).list.eval(element() % 100).cast(pl.List(pl.Int8))
_FLAGS = col("lf").list.eval(element() > 1)
_OTHER = col("li").list.eval(element() // 2)

CASES = (
    _of("len", "li lf ls", lambda x: x.list.len()),
    _of("n_unique", "li lf ls", lambda x: x.list.n_unique()),
    _of("count_matches", "li", lambda x: x.list.count_matches(2)),
    _of("count_matches", "ls", lambda x: x.list.count_matches("a"), "text"),
    _of("count_matches", "li", lambda x: x.list.count_matches(None), "null"),
    _of("contains", "li", lambda x: x.list.contains(col("o"))),
    _of("contains", "ls", lambda x: x.list.contains("a"), "text"),
    _of("contains", "lf", lambda x: x.list.contains(float("nan")), "NaN"),
    _of("contains", "li", lambda x: x.list.contains(None), "null"),
    _of("contains", "li", lambda x: x.list.contains(None, nulls_equal=False), "unknown"),
    Case("list.contains", lambda f: f.filter(col("li").list.contains(1)).select("o"), "filter"),
    Case("list.all", lambda f: f.select("o", x=_FLAGS.list.all())),
    Case("list.all", lambda f: f.select("o", x=_FLAGS.list.all(ignore_nulls=False)), "Kleene"),
    Case("list.any", lambda f: f.select("o", x=_FLAGS.list.any())),
    Case("list.any", lambda f: f.select("o", x=_FLAGS.list.any(ignore_nulls=False)), "Kleene"),
    _of("sum", "li lf", lambda x: x.list.sum()),
    Case("list.sum", lambda f: f.select("o", x=_NARROW.list.sum()), "narrow"),
    Case("list.sum", lambda f: f.select("o", x=_FLAGS.list.sum()), "Booleans"),
    _of("mean", "li lf", lambda x: x.list.mean()),
    _of("median", "li lf", lambda x: x.list.median()),
    _of("std", "li lf", lambda x: x.list.std()),
    _of("var", "li lf", lambda x: x.list.var(0)),
    _of("min", "li lf ls", lambda x: x.list.min()),
    _of("max", "li lf ls", lambda x: x.list.max()),
    _of("arg_min", "li lf ls", lambda x: x.list.arg_min()),
    _of("arg_max", "li lf ls", lambda x: x.list.arg_max()),
    _of("first", "li lf ls", lambda x: x.list.first()),
    _of("last", "li lf ls", lambda x: x.list.last()),
    _of("get", "li lf ls", lambda x: x.list.get(1, null_on_oob=True)),
    _of("get", "li", lambda x: x.list.get("u8", null_on_oob=True), "column"),
    _of("get", "li", lambda x: x.list.get(0), "raise"),
    _of("gather", "li ls", lambda x: x.list.gather([0, -1], null_on_oob=True)),
    _of("gather", "ls", lambda x: x.list.gather("li", null_on_oob=True), "column"),
    _of("slice", "li lf ls", lambda x: x.list.slice(1, 1)),
    _of("slice", "li ls", lambda x: x.list.slice(-2), "end"),
    _of("slice", "li", lambda x: x.list.slice("o", "u8"), "columns"),
    _of("head", "li ls", lambda x: x.list.head(1)),
    _of("head", "li", lambda x: x.list.head("u8"), "column"),
    _of("tail", "li ls", lambda x: x.list.tail(1)),
    _of("sort", "li lf ls", lambda x: x.list.sort()),
    _of("sort", "li lf ls", lambda x: x.list.sort(descending=True, nulls_last=True), "descending"),
    _of("reverse", "li lf ls", lambda x: x.list.reverse()),
    _of("unique", "li lf ls", lambda x: x.list.unique()),
    _of("unique", "li", lambda x: x.list.unique(maintain_order=True), "ordered"),
    _of("drop_nulls", "li lf ls", lambda x: x.list.drop_nulls()),
    _of("shift", "li lf ls", lambda x: x.list.shift()),
    _of("shift", "li", lambda x: x.list.shift(-col("u8").cast(pl.Int64)), "column"),
    _of("diff", "li lf", lambda x: x.list.diff()),
    _of("diff", "li", lambda x: x.list.diff(2, "drop"), "drop"),
    _of("join", "ls", lambda x: x.list.join("-")),
    _of("join", "ls", lambda x: x.list.join(col("k"), ignore_nulls=False), "column"),
    _of("concat", "li", lambda x: x.list.concat([_OTHER, "li"])),
    _of("concat", "li", lambda x: x.list.concat([1, 2]), "values"),
    _of("concat", "ls", lambda x: x.list.concat(lit(["z"])), "literal"),
    _of("set_union", "li", lambda x: x.list.set_union(_OTHER)),
    _of("set_union", "ls", lambda x: x.list.set_union(["a", "z"]), "values"),
    _of("set_intersection", "li", lambda x: x.list.set_intersection(_OTHER)),
    _of("set_intersection", "ls", lambda x: x.list.set_intersection({"a", "b"}), "values"),
    _of("set_difference", "li", lambda x: x.list.set_difference(_OTHER)),
    _of("set_difference", "lf", lambda x: x.list.set_difference([1.5]), "values"),
    _of("eval", "li lf", lambda x: x.list.eval(element() * 2 + 1)),
    _of("eval", "ls", lambda x: x.list.eval(element().str.to_uppercase().str.len_chars()), "text"),
    _of("eval", "li", lambda x: x.list.eval(element().filter(element() > 1).sum()), "aggregate"),
    Case("element", lambda f: f.select("o", col("li").list.eval(element()))),
    _of("agg", "li lf", lambda x: x.list.agg(element().max() - element().min())),
    _of("filter", "li lf", lambda x: x.list.filter(element() > 1)),
    Case("list.eval", lambda f: f.select("o", x=_NARROW.list.eval(element().sum())), "narrow"),
    Case("list.explode", lambda f: f.sort("o").select(col("li").list.explode())),
    Case(
        "list.explode",
        lambda f: f.sort("o").select(col("ls").list.explode(empty_as_null=True, keep_nulls=False)),
        "empty",
    ),
    Case("list.explode", lambda f: f.group_by("k").agg(col("li").list.explode().sum()), "groups"),
    _of("to_struct", "li ls", lambda x: x.list.to_struct(["a", "b"])),
)
