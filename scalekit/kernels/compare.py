"""Whether two answers are the same: values, types, column order, and rows where they have an order."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

RELATIVE = 1e-12
"""CONTRACT.md, floats in sums: how far answers may differ, as the order of addition is not fixed."""


def assert_equal(result: pl.DataFrame, expected: pl.DataFrame, *, ordered: bool) -> None:
    """Assert that two tables are the same, as sequences of rows or as multisets."""
    assert result.schema == expected.schema, f"{result.schema} is not {expected.schema}"
    if not ordered:
        result, expected = _canonical(result), _canonical(expected)
    assert_frame_equal(
        result,
        expected,
        check_exact=False,
        rel_tol=RELATIVE,
        abs_tol=1e-300,
        categorical_as_str=True,
    )


def _canonical(table: pl.DataFrame) -> pl.DataFrame:
    """The same rows in an order that depends on their values alone."""
    keyed = sorted(range(table.height), key=lambda i: tuple(map(_sort_key, table.row(i))))
    return table[keyed]


def _sort_key(value: Any) -> tuple[int, str, float]:
    if value is None:
        return (0, "", 0.0)
    if isinstance(value, float):
        # Rounded, so that two answers that differ in the last bits sort alike.
        return (2, "", 0.0) if math.isnan(value) else (1, "", float(f"{value + 0.0:.9e}"))
    return (3, repr(value), 0.0)
