from __future__ import annotations

from datetime import date

import polars as pl
import pytest

import scalekit as sk
from scalekit.errors import ColumnNotFoundError, InvalidOperationError, PlanError

TABLE = pl.DataFrame(
    {
        "a": [3, -7, None, 2],
        "b": [2, 2, 0, 1],
        "c": [True, False, None, True],
        "s": ["ab", "B a", None, "x"],
        "t": ["q", None, "w", "e"],
        "d": [date(2024, 1, 5)] * 4,
        "r": [{"f": 1}] * 4,
        "l": [[1, 2]] * 4,
    }
)
FRAME = sk.from_polars(TABLE)

SAME_AS_POLARS = [
    "a", "a + 1", "-a", "a / b", "a // b", "a % b", "POW(a, 2)", "a = 1", "a <> 1 AND b > 2 OR NOT c",
    "a IS NULL", "a IS NOT NULL", "a BETWEEN 1 AND 3", "a NOT BETWEEN 1 AND 3", "a IN (1, 2)",
    "a IN (2, NULL)", "a NOT IN (1, 2)", "a NOT IN (1, NULL)", "s LIKE 'a%'", "s ILIKE 'b%'", "s ~ '^a'",
    "s || 'x'", "'it''s'", "1.5", "a + 1.5", "1.5 * a", "a < 1.5", "a >= 1.5", "a = 3.0", "a <> 3.0", "TRUE", "NULL", "CASE WHEN a > 1 THEN 'x' ELSE 'z' END",
    "CASE a WHEN 3 THEN 'x' END", "CAST(a AS FLOAT)", "TRY_CAST(s AS INT)", "a::bigint",
    "COALESCE(a, b)", "NULLIF(a, b)", "GREATEST(a, b)", "LEAST(a, b)", "CONCAT_WS('-', s, t)",
    "UPPER(s)", "LOWER(s)", "TRIM(s)", "SUBSTR(s, 1, 2)", "LEFT(s, 2)", "RIGHT(s, 1)",
    "REPLACE(s, 'a', 'b')", "STARTS_WITH(s, 'a')", "EXTRACT(YEAR FROM d)", "DATE_PART('month', d)",
    "DATE '2024-01-01'", "d + INTERVAL '1 day'", "SUM(b) OVER (PARTITION BY c)", "COUNT(*)", "COUNT(a)",
    "SUM(a)", "MIN(a)", "MEDIAN(a)", "ROW_NUMBER() OVER (PARTITION BY c ORDER BY b, a)", "ABS(a)",
    "RANK() OVER (ORDER BY b DESC)", "LAG(a) OVER (ORDER BY b, a)", "ROUND(a / 3, 2)", "r.f", "l[1]",
    "IF(a > 1, 2, 3)", "FLOOR(a / 2)", "SIN(b)",
]  # fmt: skip


@pytest.mark.parametrize("sql", SAME_AS_POLARS)
def test_an_expression_means_what_it_means_to_polars(sql):
    expected = TABLE.select(pl.sql_expr(sql).alias("x"))
    result = FRAME.select(sk.sql_expr(sql).alias("x")).collect()
    assert result.schema == expected.schema
    assert result["x"].equals(expected["x"], null_equal=True)


def test_an_expression_keeps_the_contract():
    most = pl.DataFrame({"x": [2**31 - 1, 1]}, schema={"x": pl.Int32})
    total = sk.from_polars(most).select(sk.sql_expr("SUM(x)")).collect()
    assert total.item() == 2**31
    length = FRAME.select(sk.sql_expr("LENGTH(s)")).schema
    assert length == {"s": pl.Int64()}


def test_several_expressions_and_their_names():
    exprs = sk.sql_expr(["a + b AS total", "MAX(b)"])
    assert FRAME.select(exprs[0]).columns == ["total"]
    assert FRAME.select(exprs[1]).columns == ["b"]


def test_what_is_no_sql_is_refused():
    with pytest.raises(PlanError, match="is no SQL expression"):
        sk.sql_expr("a +")


def test_what_has_no_counterpart_is_refused_by_name():
    with pytest.raises(InvalidOperationError, match="no counterpart of"):
        sk.sql_expr("ARRAY_TO_STRING(l, ',')")
    with pytest.raises(InvalidOperationError, match="goes up and down"):
        sk.sql_expr("LAG(a) OVER (ORDER BY b DESC, a)")


def test_columns_are_checked_as_those_of_every_expression():
    with pytest.raises(ColumnNotFoundError, match="'aa'"):
        FRAME.select(sk.sql_expr("aa + 1"))


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_a_query_over_several_frames(backend):
    people = sk.from_dict({"who": ["a", "b", None], "n": [1, 2, 3]})
    towns = sk.from_dict({"who": ["a", "a", "c"], "town": ["x", "y", "z"]})
    query = (
        "SELECT p.n, t.town FROM p LEFT JOIN t ON p.who = t.who WHERE p.n < 3 ORDER BY p.n, t.town"
    )
    result = sk.sql(query, p=people, t=towns.filter(sk.col("town") != "q"))
    assert result.columns == ["n", "town"]
    assert result.collect(backend=backend).rows() == [(1, "x"), (1, "y"), (2, None)]


def test_a_query_needs_its_frames():
    with pytest.raises(PlanError, match="name=frame"):
        sk.sql("SELECT 1")
    with pytest.raises(PlanError, match="nowhere"):
        sk.sql("SELECT * FROM nowhere", t=FRAME)
