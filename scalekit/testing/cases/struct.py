"""Functions of structs and maps."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from scalekit.expr.builders import col, field, lit
from scalekit.expr.expr import Expr
from scalekit.expr.joining import concat_list, struct
from scalekit.testing.case import Case


def _of(function: str, build: Callable[[Expr], Expr], note: str = "") -> Case:
    """A case that applies a function to the column of structs."""
    return Case(f"struct.{function}", lambda f: f.select("o", build(col("st"))), note)


def _map(function: str, build: Callable[[Expr], Expr], note: str = "") -> Case:
    """A case that applies a function to maps, of the key of each row and of "a"."""
    return Case(f"map.{function}", lambda f: f.select("o", x=build(_MAP)), note)


_PAIRS = concat_list(
    struct(key=col("k").fill_null("z"), value=col("i")), struct(key=lit("a"), value=col("o"))
)
_MAP = _PAIRS.list.to_map()
_RENAMED = col("st").struct.with_fields(p=field("x") + 1).struct.rename_fields(["a", "b", "c"])

CASES = (
    _of("field", lambda x: x.struct.field("x")),
    Case(
        "struct.field", lambda f: f.group_by("k").agg(col("st").struct.field("x").sum()), "groups"
    ),
    _of("fields", lambda x: x.struct.field("y", "x")),
    _of("fields", lambda x: x.struct.field("^x$") + 1, "pattern"),
    _of("unnest", lambda x: x.struct.unnest()),
    Case("struct.unnest", lambda f: f.select("o", _RENAMED.struct.unnest().is_null()), "then"),
    _of("rename_fields", lambda x: x.struct.rename_fields(["a", "b"])),
    _of("json_encode", lambda x: x.struct.json_encode()),
    _of(
        "with_fields",
        lambda x: x.struct.with_fields("i", (field("x") * 2).cast(pl.Int8, strict=False)),
    ),
    _of("with_fields", lambda x: x.struct.with_fields(x=field("x").cast(pl.Int32).sum()), "sum"),
    Case("field", lambda f: f.select("o", col("st").struct.with_fields(z=field("y")))),
    Case("list.to_map", lambda f: f.select("o", x=_PAIRS.list.to_map().map.values())),
    _map("get", lambda m: m.map.get("a")),
    _map("get", lambda m: m.map.get(col("k")), "column"),
    _map("contains_key", lambda m: m.map.contains_key("b")),
    _map("keys", lambda m: m.map.keys()),
    _map("values", lambda m: m.map.values()),
    _map("len", lambda m: m.map.len()),
)
