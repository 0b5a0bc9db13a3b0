"""Ten of the queries in Daft, as its users write them.

The conditions, and the answers, are those of ``sql/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from daft import col, lit

from benchmarks.pdsh.tables import Tables

Frame = Any  # a daft.DataFrame

REVENUE = col("l_extendedprice") * (1 - col("l_discount"))


def q1(t: Tables[Frame]) -> Frame:
    """Pricing summary."""
    return (
        t.lineitem.where(col("l_shipdate") <= lit(date(1998, 9, 2)))
        .with_columns({"disc_price": REVENUE, "charge": REVENUE * (1 + col("l_tax"))})
        .groupby("l_returnflag", "l_linestatus")
        .agg(
            col("l_quantity").sum().alias("sum_qty"),
            col("l_extendedprice").sum().alias("sum_base_price"),
            col("disc_price").sum().alias("sum_disc_price"),
            col("charge").sum().alias("sum_charge"),
            col("l_quantity").mean().alias("avg_qty"),
            col("l_extendedprice").mean().alias("avg_price"),
            col("l_discount").mean().alias("avg_disc"),
            col("l_quantity").count().alias("count_order"),
        )
        .sort(["l_returnflag", "l_linestatus"])
    )


def q3(t: Tables[Frame]) -> Frame:
    """Shipping priority."""
    day = lit(date(1995, 3, 15))
    return (
        t.customer.where(col("c_mktsegment") == "BUILDING")
        .join(t.orders.where(col("o_orderdate") < day), left_on="c_custkey", right_on="o_custkey")
        .join(
            t.lineitem.where(col("l_shipdate") > day), left_on="o_orderkey", right_on="l_orderkey"
        )
        .with_column("revenue", REVENUE)
        .groupby("o_orderkey", "o_orderdate", "o_shippriority")
        .agg(col("revenue").sum())
        .select(col("o_orderkey").alias("l_orderkey"), "revenue", "o_orderdate", "o_shippriority")
        .sort(["revenue", "o_orderdate"], desc=[True, False])
        .limit(10)
    )


def q5(t: Tables[Frame]) -> Frame:
    """Local supplier volume."""
    orders = t.orders.where(
        (col("o_orderdate") >= lit(date(1994, 1, 1))) & (col("o_orderdate") < lit(date(1995, 1, 1)))
    )
    return (
        t.region.where(col("r_name") == "ASIA")
        .join(t.nation, left_on="r_regionkey", right_on="n_regionkey")
        .join(t.customer, left_on="n_nationkey", right_on="c_nationkey")
        .join(orders, left_on="c_custkey", right_on="o_custkey")
        .join(t.lineitem, left_on="o_orderkey", right_on="l_orderkey")
        .join(
            t.supplier,
            left_on=["l_suppkey", "n_nationkey"],
            right_on=["s_suppkey", "s_nationkey"],
        )
        .with_column("revenue", REVENUE)
        .groupby("n_name")
        .agg(col("revenue").sum())
        .sort("revenue", desc=True)
    )


def q6(t: Tables[Frame]) -> Frame:
    """Revenue change."""
    return (
        t.lineitem.where(
            (col("l_shipdate") >= lit(date(1994, 1, 1)))
            & (col("l_shipdate") < lit(date(1995, 1, 1)))
            & (col("l_discount") >= 0.05)
            & (col("l_discount") <= 0.07)
            & (col("l_quantity") < 24)
        )
        .select((col("l_extendedprice") * col("l_discount")).alias("revenue"))
        .agg(col("revenue").sum())
    )


def q9(t: Tables[Frame]) -> Frame:
    """Product type profit."""
    return (
        t.part.where(col("p_name").contains("green"))
        .join(t.partsupp, left_on="p_partkey", right_on="ps_partkey")
        .join(
            t.lineitem,
            left_on=["p_partkey", "ps_suppkey"],
            right_on=["l_partkey", "l_suppkey"],
        )
        .join(t.orders, left_on="l_orderkey", right_on="o_orderkey")
        .join(t.supplier, left_on="ps_suppkey", right_on="s_suppkey")
        .join(t.nation, left_on="s_nationkey", right_on="n_nationkey")
        .select(
            col("n_name").alias("nation"),
            col("o_orderdate").year().alias("o_year"),
            (REVENUE - col("ps_supplycost") * col("l_quantity")).alias("sum_profit"),
        )
        .groupby("nation", "o_year")
        .agg(col("sum_profit").sum())
        .sort(["nation", "o_year"], desc=[False, True])
    )


def q10(t: Tables[Frame]) -> Frame:
    """Returned items."""
    orders = t.orders.where(
        (col("o_orderdate") >= lit(date(1993, 10, 1)))
        & (col("o_orderdate") < lit(date(1994, 1, 1)))
    )
    return (
        t.customer.join(orders, left_on="c_custkey", right_on="o_custkey")
        .join(
            t.lineitem.where(col("l_returnflag") == "R"),
            left_on="o_orderkey",
            right_on="l_orderkey",
        )
        .join(t.nation, left_on="c_nationkey", right_on="n_nationkey")
        .with_column("revenue", REVENUE)
        .groupby("c_custkey", "c_name", "c_acctbal", "c_phone", "n_name", "c_address", "c_comment")
        .agg(col("revenue").sum())
        .select(
            "c_custkey",
            "c_name",
            "revenue",
            "c_acctbal",
            "n_name",
            "c_address",
            "c_phone",
            "c_comment",
        )
        .sort("revenue", desc=True)
        .limit(20)
    )


def q12(t: Tables[Frame]) -> Frame:
    """Shipping modes."""
    urgent = col("o_orderpriority").is_in(["1-URGENT", "2-HIGH"])
    lines = t.lineitem.where(
        col("l_shipmode").is_in(["MAIL", "SHIP"])
        & (col("l_commitdate") < col("l_receiptdate"))
        & (col("l_shipdate") < col("l_commitdate"))
        & (col("l_receiptdate") >= lit(date(1994, 1, 1)))
        & (col("l_receiptdate") < lit(date(1995, 1, 1)))
    )
    return (
        t.orders.join(lines, left_on="o_orderkey", right_on="l_orderkey")
        .with_columns({"high": urgent.cast("int64"), "low": (~urgent).cast("int64")})
        .groupby("l_shipmode")
        .agg(
            col("high").sum().alias("high_line_count"),
            col("low").sum().alias("low_line_count"),
        )
        .sort("l_shipmode")
    )


def q13(t: Tables[Frame]) -> Frame:
    """Customer distribution."""
    orders = t.orders.where(~col("o_comment").regexp("special.*requests"))
    return (
        t.customer.join(orders, left_on="c_custkey", right_on="o_custkey", how="left")
        .groupby("c_custkey")
        .agg(col("o_orderkey").count().alias("c_count"))
        .groupby("c_count")
        .agg(col("c_custkey").count().alias("custdist"))
        .sort(["custdist", "c_count"], desc=True)
    )


def q18(t: Tables[Frame]) -> Frame:
    """Large orders."""
    large = (
        t.lineitem.groupby("l_orderkey")
        .agg(col("l_quantity").sum().alias("sum_quantity"))
        .where(col("sum_quantity") > 300)
    )
    return (
        t.orders.join(large, left_on="o_orderkey", right_on="l_orderkey")
        .join(t.customer, left_on="o_custkey", right_on="c_custkey")
        .select(
            "c_name",
            col("o_custkey").alias("c_custkey"),
            "o_orderkey",
            "o_orderdate",
            "o_totalprice",
            "sum_quantity",
        )
        .sort(["o_totalprice", "o_orderdate"], desc=[True, False])
        .limit(100)
    )


def q21(t: Tables[Frame]) -> Frame:
    """Suppliers who kept orders waiting."""
    several = (
        t.lineitem.groupby("l_orderkey")
        .agg(col("l_suppkey").count_distinct().alias("suppliers"))
        .where(col("suppliers") > 1)
    )
    late = t.lineitem.where(col("l_receiptdate") > col("l_commitdate"))
    one_late = (
        late.groupby("l_orderkey")
        .agg(col("l_suppkey").count_distinct().alias("late_suppliers"))
        .where(col("late_suppliers") == 1)
    )
    return (
        late.join(several, on="l_orderkey", how="semi")
        .join(one_late, on="l_orderkey", how="semi")
        .join(t.supplier, left_on="l_suppkey", right_on="s_suppkey")
        .join(
            t.nation.where(col("n_name") == "SAUDI ARABIA"),
            left_on="s_nationkey",
            right_on="n_nationkey",
        )
        .join(
            t.orders.where(col("o_orderstatus") == "F"),
            left_on="l_orderkey",
            right_on="o_orderkey",
        )
        .groupby("s_name")
        .agg(col("l_suppkey").count().alias("numwait"))
        .sort(["numwait", "s_name"], desc=[True, False])
        .limit(100)
    )


QUERIES: Mapping[int, Callable[[Tables[Frame]], Frame]] = {
    1: q1, 3: q3, 5: q5, 6: q6, 9: q9, 10: q10, 12: q12, 13: q13, 18: q18, 21: q21,
}  # fmt: skip
"""By their numbers in PDS-H."""
