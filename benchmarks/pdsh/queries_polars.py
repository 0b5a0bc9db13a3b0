"""The 22 queries as a Polars user writes them: the yardstick for what scalekit's layer costs.

``queries_scalekit`` is the same text with ``sk`` in place of ``pl``; a test holds the two together, so that
the overhead compares equal queries. The conditions, and the answers, are those of ``sql/``.
"""

from __future__ import annotations

from datetime import date

import polars as pl
from polars import col

from benchmarks.pdsh.tables import Tables

REVENUE = col("l_extendedprice") * (1 - col("l_discount"))


def q1(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Pricing summary."""
    return (
        t.lineitem.filter(col("l_shipdate") <= date(1998, 9, 2))
        .group_by("l_returnflag", "l_linestatus")
        .agg(
            sum_qty=col("l_quantity").sum(),
            sum_base_price=col("l_extendedprice").sum(),
            sum_disc_price=REVENUE.sum(),
            sum_charge=(REVENUE * (1 + col("l_tax"))).sum(),
            avg_qty=col("l_quantity").mean(),
            avg_price=col("l_extendedprice").mean(),
            avg_disc=col("l_discount").mean(),
            count_order=pl.len(),
        )
        .sort("l_returnflag", "l_linestatus")
    )


def q2(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Cheapest supplier."""
    offers = (
        t.part.filter(col("p_size") == 15, col("p_type").str.ends_with("BRASS"))
        .join(t.partsupp, left_on="p_partkey", right_on="ps_partkey")
        .join(t.supplier, left_on="ps_suppkey", right_on="s_suppkey")
        .join(t.nation, left_on="s_nationkey", right_on="n_nationkey")
        .join(
            t.region.filter(col("r_name") == "EUROPE"),
            left_on="n_regionkey",
            right_on="r_regionkey",
        )
    )
    cheapest = offers.group_by("p_partkey").agg(ps_supplycost=col("ps_supplycost").min())
    return (
        offers.join(cheapest, on=["p_partkey", "ps_supplycost"])
        .select(
            "s_acctbal",
            "s_name",
            "n_name",
            "p_partkey",
            "p_mfgr",
            "s_address",
            "s_phone",
            "s_comment",
        )
        .sort(
            "s_acctbal",
            "n_name",
            "s_name",
            "p_partkey",
            descending=[True, False, False, False],
        )
        .head(100)
    )


def q3(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Shipping priority."""
    return (
        t.customer.filter(col("c_mktsegment") == "BUILDING")
        .join(
            t.orders.filter(col("o_orderdate") < date(1995, 3, 15)),
            left_on="c_custkey",
            right_on="o_custkey",
        )
        .join(
            t.lineitem.filter(col("l_shipdate") > date(1995, 3, 15)),
            left_on="o_orderkey",
            right_on="l_orderkey",
        )
        .group_by("o_orderkey", "o_orderdate", "o_shippriority")
        .agg(revenue=REVENUE.sum())
        .select(col("o_orderkey").alias("l_orderkey"), "revenue", "o_orderdate", "o_shippriority")
        .sort("revenue", "o_orderdate", descending=[True, False])
        .head(10)
    )


def q4(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Order priority."""
    return (
        t.orders.filter(
            col("o_orderdate") >= date(1993, 7, 1), col("o_orderdate") < date(1993, 10, 1)
        )
        .join(
            t.lineitem.filter(col("l_commitdate") < col("l_receiptdate")),
            left_on="o_orderkey",
            right_on="l_orderkey",
            how="semi",
        )
        .group_by("o_orderpriority")
        .agg(order_count=pl.len())
        .sort("o_orderpriority")
    )


def q5(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Local supplier volume."""
    return (
        t.region.filter(col("r_name") == "ASIA")
        .join(t.nation, left_on="r_regionkey", right_on="n_regionkey")
        .join(t.customer, left_on="n_nationkey", right_on="c_nationkey")
        .join(
            t.orders.filter(
                col("o_orderdate") >= date(1994, 1, 1), col("o_orderdate") < date(1995, 1, 1)
            ),
            left_on="c_custkey",
            right_on="o_custkey",
        )
        .join(t.lineitem, left_on="o_orderkey", right_on="l_orderkey")
        .join(
            t.supplier,
            left_on=["l_suppkey", "n_nationkey"],
            right_on=["s_suppkey", "s_nationkey"],
        )
        .group_by("n_name")
        .agg(revenue=REVENUE.sum())
        .sort("revenue", descending=True)
    )


def q6(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Revenue change."""
    return t.lineitem.filter(
        col("l_shipdate") >= date(1994, 1, 1),
        col("l_shipdate") < date(1995, 1, 1),
        col("l_discount").is_between(0.05, 0.07),
        col("l_quantity") < 24,
    ).select(revenue=(col("l_extendedprice") * col("l_discount")).sum())


def q7(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Volume shipping."""
    nations = t.nation.filter(col("n_name").is_in(["FRANCE", "GERMANY"]))
    return (
        t.lineitem.filter(col("l_shipdate").is_between(date(1995, 1, 1), date(1996, 12, 31)))
        .join(
            t.supplier.join(
                nations.select("n_nationkey", supp_nation="n_name"),
                left_on="s_nationkey",
                right_on="n_nationkey",
            ),
            left_on="l_suppkey",
            right_on="s_suppkey",
        )
        .join(t.orders, left_on="l_orderkey", right_on="o_orderkey")
        .join(
            t.customer.join(
                nations.select("n_nationkey", cust_nation="n_name"),
                left_on="c_nationkey",
                right_on="n_nationkey",
            ),
            left_on="o_custkey",
            right_on="c_custkey",
        )
        .filter(col("supp_nation") != col("cust_nation"))
        .with_columns(l_year=col("l_shipdate").dt.year())
        .group_by("supp_nation", "cust_nation", "l_year")
        .agg(revenue=REVENUE.sum())
        .sort("supp_nation", "cust_nation", "l_year")
    )


def q8(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """National market share."""
    american = t.nation.join(
        t.region.filter(col("r_name") == "AMERICA"), left_on="n_regionkey", right_on="r_regionkey"
    )
    volume = pl.when(col("n_name") == "BRAZIL").then(REVENUE).otherwise(0.0)
    return (
        t.part.filter(col("p_type") == "ECONOMY ANODIZED STEEL")
        .join(t.lineitem, left_on="p_partkey", right_on="l_partkey")
        .join(
            t.orders.filter(col("o_orderdate").is_between(date(1995, 1, 1), date(1996, 12, 31))),
            left_on="l_orderkey",
            right_on="o_orderkey",
        )
        .join(t.customer, left_on="o_custkey", right_on="c_custkey")
        .join(american, left_on="c_nationkey", right_on="n_nationkey", how="semi")
        .join(t.supplier, left_on="l_suppkey", right_on="s_suppkey")
        .join(t.nation, left_on="s_nationkey", right_on="n_nationkey")
        .with_columns(o_year=col("o_orderdate").dt.year())
        .group_by("o_year")
        .agg(mkt_share=volume.sum() / REVENUE.sum())
        .sort("o_year")
    )


def q9(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Product type profit."""
    return (
        t.part.filter(col("p_name").str.contains("green", literal=True))
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
            nation="n_name",
            o_year=col("o_orderdate").dt.year(),
            amount=REVENUE - col("ps_supplycost") * col("l_quantity"),
        )
        .group_by("nation", "o_year")
        .agg(sum_profit=col("amount").sum())
        .sort("nation", "o_year", descending=[False, True])
    )


def q10(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Returned items."""
    return (
        t.customer.join(
            t.orders.filter(
                col("o_orderdate") >= date(1993, 10, 1), col("o_orderdate") < date(1994, 1, 1)
            ),
            left_on="c_custkey",
            right_on="o_custkey",
        )
        .join(
            t.lineitem.filter(col("l_returnflag") == "R"),
            left_on="o_orderkey",
            right_on="l_orderkey",
        )
        .join(t.nation, left_on="c_nationkey", right_on="n_nationkey")
        .group_by("c_custkey", "c_name", "c_acctbal", "c_phone", "n_name", "c_address", "c_comment")
        .agg(revenue=REVENUE.sum())
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
        .sort("revenue", descending=True)
        .head(20)
    )


def q11(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Important stock."""
    german = t.supplier.join(
        t.nation.filter(col("n_name") == "GERMANY"), left_on="s_nationkey", right_on="n_nationkey"
    )
    return (
        t.partsupp.join(german, left_on="ps_suppkey", right_on="s_suppkey", how="semi")
        .group_by("ps_partkey")
        .agg(value=(col("ps_supplycost") * col("ps_availqty")).sum())
        .filter(col("value") > col("value").sum() * (0.0001 / t.scale))
        .sort("value", descending=True)
    )


def q12(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Shipping modes."""
    urgent = col("o_orderpriority").is_in(["1-URGENT", "2-HIGH"])
    return (
        t.orders.join(
            t.lineitem.filter(
                col("l_shipmode").is_in(["MAIL", "SHIP"]),
                col("l_commitdate") < col("l_receiptdate"),
                col("l_shipdate") < col("l_commitdate"),
                col("l_receiptdate") >= date(1994, 1, 1),
                col("l_receiptdate") < date(1995, 1, 1),
            ),
            left_on="o_orderkey",
            right_on="l_orderkey",
        )
        .group_by("l_shipmode")
        .agg(high_line_count=urgent.sum(), low_line_count=(~urgent).sum())
        .sort("l_shipmode")
    )


def q13(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Customer distribution."""
    return (
        t.customer.join(
            t.orders.filter(~col("o_comment").str.contains("special.*requests")),
            left_on="c_custkey",
            right_on="o_custkey",
            how="left",
        )
        .group_by("c_custkey")
        .agg(c_count=col("o_orderkey").count())
        .group_by("c_count")
        .agg(custdist=pl.len())
        .sort("custdist", "c_count", descending=True)
    )


def q14(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Promotion effect."""
    promoted = pl.when(col("p_type").str.starts_with("PROMO")).then(REVENUE).otherwise(0.0)
    return (
        t.lineitem.filter(
            col("l_shipdate") >= date(1995, 9, 1), col("l_shipdate") < date(1995, 10, 1)
        )
        .join(t.part, left_on="l_partkey", right_on="p_partkey")
        .select(promo_revenue=100.0 * promoted.sum() / REVENUE.sum())
    )


def q15(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Top supplier."""
    revenue = (
        t.lineitem.filter(
            col("l_shipdate") >= date(1996, 1, 1), col("l_shipdate") < date(1996, 4, 1)
        )
        .group_by("l_suppkey")
        .agg(total_revenue=REVENUE.sum())
        .filter(col("total_revenue") == col("total_revenue").max())
    )
    return (
        t.supplier.join(revenue, left_on="s_suppkey", right_on="l_suppkey")
        .select("s_suppkey", "s_name", "s_address", "s_phone", "total_revenue")
        .sort("s_suppkey")
    )


def q16(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Parts and suppliers."""
    complaints = t.supplier.filter(col("s_comment").str.contains("Customer.*Complaints"))
    return (
        t.part.filter(
            col("p_brand") != "Brand#45",
            ~col("p_type").str.starts_with("MEDIUM POLISHED"),
            col("p_size").is_in([49, 14, 23, 45, 19, 3, 36, 9]),
        )
        .join(t.partsupp, left_on="p_partkey", right_on="ps_partkey")
        .join(complaints, left_on="ps_suppkey", right_on="s_suppkey", how="anti")
        .group_by("p_brand", "p_type", "p_size")
        .agg(supplier_cnt=col("ps_suppkey").n_unique())
        .sort(
            "supplier_cnt",
            "p_brand",
            "p_type",
            "p_size",
            descending=[True, False, False, False],
        )
    )


def q17(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Small orders."""
    lines = t.part.filter(col("p_brand") == "Brand#23", col("p_container") == "MED BOX").join(
        t.lineitem, left_on="p_partkey", right_on="l_partkey"
    )
    usual = lines.group_by("p_partkey").agg(usual_quantity=col("l_quantity").mean())
    return (
        lines.join(usual, on="p_partkey")
        .filter(col("l_quantity") < 0.2 * col("usual_quantity"))
        .select(avg_yearly=col("l_extendedprice").sum() / 7.0)
    )


def q18(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Large orders."""
    large = (
        t.lineitem.group_by("l_orderkey")
        .agg(sum_quantity=col("l_quantity").sum())
        .filter(col("sum_quantity") > 300)
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
        .sort("o_totalprice", "o_orderdate", descending=[True, False])
        .head(100)
    )


def q19(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Discounted revenue."""
    small = (
        (col("p_brand") == "Brand#12")
        & col("p_container").is_in(["SM CASE", "SM BOX", "SM PACK", "SM PKG"])
        & col("l_quantity").is_between(1, 11)
        & col("p_size").is_between(1, 5)
    )
    medium = (
        (col("p_brand") == "Brand#23")
        & col("p_container").is_in(["MED BAG", "MED BOX", "MED PKG", "MED PACK"])
        & col("l_quantity").is_between(10, 20)
        & col("p_size").is_between(1, 10)
    )
    large = (
        (col("p_brand") == "Brand#34")
        & col("p_container").is_in(["LG CASE", "LG BOX", "LG PACK", "LG PKG"])
        & col("l_quantity").is_between(20, 30)
        & col("p_size").is_between(1, 15)
    )
    return (
        t.part.join(
            t.lineitem.filter(
                col("l_shipmode").is_in(["AIR", "AIR REG"]),
                col("l_shipinstruct") == "DELIVER IN PERSON",
            ),
            left_on="p_partkey",
            right_on="l_partkey",
        )
        .filter(small | medium | large)
        .select(revenue=REVENUE.sum())
    )


def q20(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Potential promotion."""
    sold = (
        t.lineitem.filter(
            col("l_shipdate") >= date(1994, 1, 1), col("l_shipdate") < date(1995, 1, 1)
        )
        .group_by("l_partkey", "l_suppkey")
        .agg(sold_quantity=col("l_quantity").sum())
    )
    forest = t.part.filter(col("p_name").str.starts_with("forest"))
    surplus = (
        t.partsupp.join(forest, left_on="ps_partkey", right_on="p_partkey", how="semi")
        .join(sold, left_on=["ps_partkey", "ps_suppkey"], right_on=["l_partkey", "l_suppkey"])
        .filter(col("ps_availqty") > 0.5 * col("sold_quantity"))
    )
    return (
        t.supplier.join(
            t.nation.filter(col("n_name") == "CANADA"),
            left_on="s_nationkey",
            right_on="n_nationkey",
        )
        .join(surplus, left_on="s_suppkey", right_on="ps_suppkey", how="semi")
        .select("s_name", "s_address")
        .sort("s_name")
    )


def q21(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Suppliers who kept orders waiting."""
    several = (
        t.lineitem.group_by("l_orderkey")
        .agg(suppliers=col("l_suppkey").n_unique())
        .filter(col("suppliers") > 1)
    )
    late = t.lineitem.filter(col("l_receiptdate") > col("l_commitdate"))
    one_late = (
        late.group_by("l_orderkey")
        .agg(late_suppliers=col("l_suppkey").n_unique())
        .filter(col("late_suppliers") == 1)
    )
    return (
        late.join(several, on="l_orderkey", how="semi")
        .join(one_late, on="l_orderkey", how="semi")
        .join(t.supplier, left_on="l_suppkey", right_on="s_suppkey")
        .join(
            t.nation.filter(col("n_name") == "SAUDI ARABIA"),
            left_on="s_nationkey",
            right_on="n_nationkey",
        )
        .join(
            t.orders.filter(col("o_orderstatus") == "F"),
            left_on="l_orderkey",
            right_on="o_orderkey",
        )
        .group_by("s_name")
        .agg(numwait=pl.len())
        .sort("numwait", "s_name", descending=[True, False])
        .head(100)
    )


def q22(t: Tables[pl.LazyFrame]) -> pl.LazyFrame:
    """Global sales opportunity."""
    customers = t.customer.select(
        "c_custkey", "c_acctbal", cntrycode=col("c_phone").str.slice(0, 2)
    ).filter(col("cntrycode").is_in(["13", "31", "23", "29", "30", "18", "17"]))
    average = customers.filter(col("c_acctbal") > 0.0).select(
        average_balance=col("c_acctbal").mean()
    )
    return (
        customers.join(t.orders, left_on="c_custkey", right_on="o_custkey", how="anti")
        .join(average, how="cross")
        .filter(col("c_acctbal") > col("average_balance"))
        .group_by("cntrycode")
        .agg(numcust=pl.len(), totacctbal=col("c_acctbal").sum())
        .sort("cntrycode")
    )


QUERIES = {
    1: q1,
    2: q2,
    3: q3,
    4: q4,
    5: q5,
    6: q6,
    7: q7,
    8: q8,
    9: q9,
    10: q10,
    11: q11,
    12: q12,
    13: q13,
    14: q14,
    15: q15,
    16: q16,
    17: q17,
    18: q18,
    19: q19,
    20: q20,
    21: q21,
    22: q22,
}
