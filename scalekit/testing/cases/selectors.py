"""Sets of columns."""

from __future__ import annotations

import polars as pl

from scalekit import selectors as cs
from scalekit.expr.builders import col
from scalekit.expr.shortcuts import all as every
from scalekit.expr.shortcuts import exclude, nth
from scalekit.testing.case import Case

_CHOICES = {
    "all": cs.all(),
    "difference": cs.all() - cs.by_name("o"),
    "algebra": (cs.numeric() | cs.temporal()) & ~cs.float() - cs.by_name("i"),
    "xor": cs.numeric() ^ cs.by_name("i", "s"),
    "by_dtype": cs.by_dtype(pl.Int64, str, [pl.Date]),
    "by_index": cs.by_index(0, -1, range(2, 4)),
    "by_name": cs.by_name("s", "i"),
    "matches": cs.matches("^i"),
    "starts_with": cs.starts_with("d", "t"),
    "ends_with": cs.ends_with("8", "32"),
    "contains": cs.contains("3"),
    "datetime": cs.datetime("us", time_zone=None),
    "zoned": cs.datetime(time_zone="*"),
    "list": cs.list(cs.string()),
    "string": cs.string(include_categorical=True),
    "exclude": cs.exclude("o", cs.numeric(), "^.$"),
    "first": cs.first(),
    "last": cs.last(),
    **{
        name: getattr(cs, name)()
        for name in (
            "numeric", "integer", "signed_integer", "unsigned_integer", "float", "decimal", "boolean",
            "binary", "categorical", "enum", "date", "duration", "time", "temporal", "struct", "nested",
        )
    },
}  # fmt: skip


def _chosen(name: str, selector: cs.Selector) -> Case:
    return Case("Frame.select", lambda f: f.select(selector), f"cs.{name}")


CASES = (
    *(_chosen(name, selector) for name, selector in _CHOICES.items()),
    Case("Frame.select", lambda f: f.select(cs.float() * 2, cs.boolean().as_expr() & col("b")), "cs values"),
    Case("Frame.select", lambda f: f.select(exclude(cs.numeric() | cs.nested()), nth(2, 3)), "exclude and nth"),
    Case("Frame.with_columns", lambda f: f.with_columns(cs.numeric().fill_null(0).name.suffix("_0")), "cs"),
    Case("Frame.select", lambda f: f.select(every().exclude("^.$", pl.String).null_count()), "all exclude"),
)  # fmt: skip
"""Cases of selectors."""
