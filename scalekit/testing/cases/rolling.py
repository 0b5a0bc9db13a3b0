"""Windows that move."""

from __future__ import annotations

from scalekit.expr.builders import col
from scalekit.expr.expr import Expr
from scalekit.testing.case import Case

_NUMBERS = ("i", "i32", "i8", "u8", "f", "f32")


def _rows(name: str, *columns: str, note: str = "", **options: object) -> tuple[Case, ...]:
    """A function over windows of rows, along the frame and within groups."""

    def one(column: str) -> Expr:
        made: Expr = getattr(col(column), f"rolling_{name}")(**options)
        return made

    return (
        Case(f"rolling_{name}", lambda f: f.select([one(c) for c in columns]), note),
        Case(f"rolling_{name}", lambda f: f.select("o", *(one(c).over("k", order_by="o") for c in columns)), f"over {note}".strip()),
    )  # fmt: skip


def _spans(name: str, *columns: str, by: str = "o", note: str = "", **options: object) -> Case:
    """A function over spans of another column."""

    def one(column: str) -> Expr:
        made: Expr = getattr(col(column), f"rolling_{name}_by")(by, **options)
        return made

    return Case(f"rolling_{name}_by", lambda f: f.select([one(c) for c in columns]), note)


CASES = (
    *_rows("sum", *_NUMBERS, "b", window_size=3),
    *_rows("sum", "i8", "f", window_size=3, min_samples=1, center=True, note="center"),
    *_rows("sum", "f", window_size=2, weights=[0.5, 2.0], note="weights"),
    *_rows("mean", *_NUMBERS, "b", window_size=3),
    *_rows("mean", "i8", "f32", window_size=2, min_samples=1, note="few"),
    *_rows("min", *_NUMBERS, window_size=3),
    *_rows("max", *_NUMBERS, window_size=3, min_samples=2),
    *_rows("median", "i8", "u8", "f32", window_size=3, min_samples=1),
    *_rows("std", "i8", "u8", "f32", window_size=3, min_samples=1),
    *_rows("std", "i8", window_size=3, ddof=0, note="ddof"),
    *_rows("var", "i8", "u8", "f32", window_size=3, min_samples=2),
    *_rows("quantile", "i8", "u8", quantile=0.3, window_size=3, min_samples=1),
    *_rows("quantile", "i8", quantile=0.3, interpolation="linear", window_size=2, note="linear"),
    _spans("sum", *_NUMBERS, window_size="3i"),
    _spans("sum", "i8", "f32", window_size="3i", closed="both", min_samples=2, note="options"),
    _spans("mean", *_NUMBERS, window_size="3i"),
    _spans("min", *_NUMBERS, window_size="3i"),
    _spans("max", *_NUMBERS, window_size="3i", closed="left"),
    _spans("median", "i8", "u8", window_size="3i"),
    _spans("std", "i8", "f32", window_size="3i"),
    _spans("var", "i8", "f32", window_size="3i", ddof=0),
    Case("rolling_mean_by", lambda f: f.filter(col("d").is_not_null()).select("o", col("i8").rolling_mean_by("d", "60d")), "dates"),
)  # fmt: skip
"""Cases of windows of rows and of spans."""
