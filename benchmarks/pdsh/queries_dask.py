"""Ten of the queries in Dask DataFrame, as its users write them: columns first, filters early, merges by name.

The conditions, and the answers, are those of ``sql/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pandas as pd

from benchmarks.pdsh.tables import Tables

Frame = Any  # a dask.dataframe.DataFrame: Dask publishes no types


def q1(t: Tables[Frame]) -> Frame:
    """Pricing summary."""
    lines = t.lineitem[t.lineitem.l_shipdate <= date(1998, 9, 2)]
    lines["sum_disc_price"] = lines.l_extendedprice * (1 - lines.l_discount)
    lines["sum_charge"] = lines.sum_disc_price * (1 + lines.l_tax)
    return (
        lines.groupby(["l_returnflag", "l_linestatus"])
        .agg(
            sum_qty=("l_quantity", "sum"),
            sum_base_price=("l_extendedprice", "sum"),
            sum_disc_price=("sum_disc_price", "sum"),
            sum_charge=("sum_charge", "sum"),
            avg_qty=("l_quantity", "mean"),
            avg_price=("l_extendedprice", "mean"),
            avg_disc=("l_discount", "mean"),
            count_order=("l_orderkey", "count"),
        )
        .reset_index()
        .sort_values(["l_returnflag", "l_linestatus"])
    )


def q3(t: Tables[Frame]) -> Frame:
    """Shipping priority."""
    day = date(1995, 3, 15)
    customers = t.customer[t.customer.c_mktsegment == "BUILDING"]
    orders = t.orders[t.orders.o_orderdate < day]
    lines = t.lineitem[t.lineitem.l_shipdate > day]
    joined = customers.merge(orders, left_on="c_custkey", right_on="o_custkey")
    joined = joined.merge(lines, left_on="o_orderkey", right_on="l_orderkey")
    joined["revenue"] = joined.l_extendedprice * (1 - joined.l_discount)
    grouped = joined.groupby(["l_orderkey", "o_orderdate", "o_shippriority"]).revenue.sum()
    columns = ["l_orderkey", "revenue", "o_orderdate", "o_shippriority"]
    found = grouped.reset_index().compute()[columns]
    return found.sort_values(["revenue", "o_orderdate"], ascending=[False, True]).head(10)


def q5(t: Tables[Frame]) -> Frame:
    """Local supplier volume."""
    regions = t.region[t.region.r_name == "ASIA"]
    orders = t.orders[
        (t.orders.o_orderdate >= date(1994, 1, 1)) & (t.orders.o_orderdate < date(1995, 1, 1))
    ]
    nations = regions.merge(t.nation, left_on="r_regionkey", right_on="n_regionkey")
    customers = nations.merge(t.customer, left_on="n_nationkey", right_on="c_nationkey")
    ordered = customers.merge(orders, left_on="c_custkey", right_on="o_custkey")
    lines = ordered.merge(t.lineitem, left_on="o_orderkey", right_on="l_orderkey")
    joined = lines.merge(
        t.supplier, left_on=["l_suppkey", "n_nationkey"], right_on=["s_suppkey", "s_nationkey"]
    )
    joined["revenue"] = joined.l_extendedprice * (1 - joined.l_discount)
    grouped = joined.groupby("n_name").revenue.sum().reset_index()
    return grouped.sort_values("revenue", ascending=False)


def q6(t: Tables[Frame]) -> Frame:
    """Revenue change."""
    lines = t.lineitem
    kept = lines[
        (lines.l_shipdate >= date(1994, 1, 1))
        & (lines.l_shipdate < date(1995, 1, 1))
        & (lines.l_discount >= 0.05)
        & (lines.l_discount <= 0.07)
        & (lines.l_quantity < 24)
    ]
    revenue = (kept.l_extendedprice * kept.l_discount).sum().compute()
    return pd.DataFrame({"revenue": [revenue]})


def q9(t: Tables[Frame]) -> Frame:
    """Product type profit."""
    parts = t.part[t.part.p_name.str.contains("green")]
    offers = parts.merge(t.partsupp, left_on="p_partkey", right_on="ps_partkey")
    lines = offers.merge(
        t.lineitem, left_on=["p_partkey", "ps_suppkey"], right_on=["l_partkey", "l_suppkey"]
    )
    ordered = lines.merge(t.orders, left_on="l_orderkey", right_on="o_orderkey")
    supplied = ordered.merge(t.supplier, left_on="ps_suppkey", right_on="s_suppkey")
    joined = supplied.merge(t.nation, left_on="s_nationkey", right_on="n_nationkey")
    joined["o_year"] = joined.o_orderdate.dt.year
    joined["amount"] = (
        joined.l_extendedprice * (1 - joined.l_discount) - joined.ps_supplycost * joined.l_quantity
    )
    named = joined.rename(columns={"n_name": "nation"})
    grouped = named.groupby(["nation", "o_year"]).amount.sum().reset_index()
    summed = grouped.rename(columns={"amount": "sum_profit"})
    return summed.sort_values(["nation", "o_year"], ascending=[True, False])


def q10(t: Tables[Frame]) -> Frame:
    """Returned items."""
    orders = t.orders[
        (t.orders.o_orderdate >= date(1993, 10, 1)) & (t.orders.o_orderdate < date(1994, 1, 1))
    ]
    lines = t.lineitem[t.lineitem.l_returnflag == "R"]
    ordered = t.customer.merge(orders, left_on="c_custkey", right_on="o_custkey")
    joined = ordered.merge(lines, left_on="o_orderkey", right_on="l_orderkey")
    joined = joined.merge(t.nation, left_on="c_nationkey", right_on="n_nationkey")
    joined["revenue"] = joined.l_extendedprice * (1 - joined.l_discount)
    keys = ["c_custkey", "c_name", "c_acctbal", "c_phone", "n_name", "c_address", "c_comment"]
    found = joined.groupby(keys).revenue.sum().reset_index().compute()
    columns = [*keys[:2], "revenue", "c_acctbal", "n_name", "c_address", "c_phone", "c_comment"]
    return found.sort_values("revenue", ascending=False).head(20)[columns]


def q12(t: Tables[Frame]) -> Frame:
    """Shipping modes."""
    lines = t.lineitem
    kept = lines[
        lines.l_shipmode.isin(["MAIL", "SHIP"])
        & (lines.l_commitdate < lines.l_receiptdate)
        & (lines.l_shipdate < lines.l_commitdate)
        & (lines.l_receiptdate >= date(1994, 1, 1))
        & (lines.l_receiptdate < date(1995, 1, 1))
    ]
    joined = t.orders.merge(kept, left_on="o_orderkey", right_on="l_orderkey")
    urgent = joined.o_orderpriority.isin(["1-URGENT", "2-HIGH"])
    joined["high_line_count"] = urgent.astype(int)
    joined["low_line_count"] = (~urgent).astype(int)
    grouped = joined.groupby("l_shipmode")[["high_line_count", "low_line_count"]].sum()
    return grouped.reset_index().sort_values("l_shipmode")


def q13(t: Tables[Frame]) -> Frame:
    """Customer distribution."""
    orders = t.orders[~t.orders.o_comment.str.contains("special.*requests")]
    joined = t.customer.merge(orders, left_on="c_custkey", right_on="o_custkey", how="left")
    counts = joined.groupby("c_custkey").o_orderkey.count().rename("c_count").reset_index()
    found = counts.groupby("c_count").size().rename("custdist").reset_index()
    return found.sort_values(["custdist", "c_count"], ascending=[False, False])


def q18(t: Tables[Frame]) -> Frame:
    """Large orders."""
    sums = t.lineitem.groupby("l_orderkey").l_quantity.sum(split_out=True)
    large = sums.rename("sum_quantity").reset_index()
    large = large[large.sum_quantity > 300]
    joined = t.orders.merge(large, left_on="o_orderkey", right_on="l_orderkey")
    joined = joined.merge(t.customer, left_on="o_custkey", right_on="c_custkey")
    columns = ["c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice", "sum_quantity"]
    found = joined[columns].compute()
    return found.sort_values(["o_totalprice", "o_orderdate"], ascending=[False, True]).head(100)


def q21(t: Tables[Frame]) -> Frame:
    """Suppliers who kept orders waiting."""
    lines = t.lineitem
    late = lines[lines.l_receiptdate > lines.l_commitdate]
    several = lines.groupby("l_orderkey").l_suppkey.nunique(split_out=True)
    several = several.rename("suppliers").reset_index()
    several = several[several.suppliers > 1]
    one_late = late.groupby("l_orderkey").l_suppkey.nunique(split_out=True)
    one_late = one_late.rename("late_suppliers").reset_index()
    one_late = one_late[one_late.late_suppliers == 1]
    joined = late.merge(several, on="l_orderkey").merge(one_late, on="l_orderkey")
    joined = joined.merge(t.supplier, left_on="l_suppkey", right_on="s_suppkey")
    nations = t.nation[t.nation.n_name == "SAUDI ARABIA"]
    joined = joined.merge(nations, left_on="s_nationkey", right_on="n_nationkey")
    orders = t.orders[t.orders.o_orderstatus == "F"]
    joined = joined.merge(orders, left_on="l_orderkey", right_on="o_orderkey")
    found = joined.groupby("s_name").size().rename("numwait").reset_index().compute()
    return found.sort_values(["numwait", "s_name"], ascending=[False, True]).head(100)


QUERIES: Mapping[int, Callable[[Tables[Frame]], Frame]] = {
    1: q1, 3: q3, 5: q5, 6: q6, 9: q9, 10: q10, 12: q12, 13: q13, 18: q18, 21: q21,
}  # fmt: skip
"""By their numbers in PDS-H."""
