"""Rows whose key is among few others: as a semi join on one integer, and before a join that drops the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.tasks import join
from scalekit.config import config
from scalekit.errors import ComputeError
from scalekit.expr.node import Cast, Column, ExprNode
from scalekit.kernels.compile import to_lazy
from scalekit.kernels.schema import schema_of
from scalekit.physical.joins import sieved
from scalekit.plan.nodes import Among, Input, Join, Plan
from scalekit.testing.compare import assert_conforms
from scalekit.tree import walk

INTEGERS = (
    pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128,
    pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64,
)  # fmt: skip
SIEVED = (pl.Int16, pl.Int32, pl.Int64, pl.UInt16, pl.UInt32, pl.UInt64)

KEYS = [5, None, 1, 1, 7, 9, None, 3, 0]
OTHERS = [1, None, 3, 3, 100, 0]


def table(
    name: str, keys: list[int | None], dtype: pl.DataType | type[pl.DataType]
) -> pl.DataFrame:
    """Keys of one type, a second key, and the places of the rows."""
    places = list(range(len(keys)))
    columns = {"k": pl.Series(keys, dtype=dtype), "j": [n % 2 for n in places], name: places}
    return pl.DataFrame(columns, schema_overrides={"j": pl.Int64, name: pl.Int64})


def leaf(frame: pl.DataFrame, place: int) -> Input:
    return Input(place, tuple(frame.schema.items()))


def joined(a: pl.DataFrame, b: pl.DataFrame, *on: str, how: str = "inner", **more: object) -> Join:
    keys: tuple[ExprNode, ...] = tuple(map(Column, on or ("k",)))
    return Join(leaf(a, 0), leaf(b, 1), keys, keys, how=how, **more)  # type: ignore[arg-type]


def rows(plan: Plan, *tables: pl.DataFrame) -> pl.DataFrame:
    return to_lazy(plan, [frame.lazy() for frame in tables]).collect(engine="in-memory")


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
@pytest.mark.parametrize("keys", [KEYS, [5], [None, None], []], ids=str)
@pytest.mark.parametrize("others", [OTHERS, [5], [None], []], ids=str)
def test_what_is_among_others_is_what_a_semi_join_keeps(
    dtype: type[pl.DataType], keys: list[int | None], others: list[int | None]
) -> None:
    a, b = table("v", keys, dtype), table("w", others, dtype)
    plan = Among(leaf(a, 0), leaf(b, 1), Column("k"), Column("k"))
    expected = a.join(b, on="k", how="semi", maintain_order="left")
    assert rows(plan, a, b).equals(expected)
    assert schema_of(plan) == a.schema


def test_the_ends_of_a_type_are_found() -> None:
    for dtype in SIEVED:
        low, high = (pl.select(end).item() for end in (dtype.min(), dtype.max()))
        a, b = table("v", [low, 2, high, 1], dtype), table("w", [high, low], dtype)
        plan = Among(leaf(a, 0), leaf(b, 1), Column("k"), Column("k"))
        assert rows(plan, a, b)["v"].to_list() == [0, 2]


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
@pytest.mark.parametrize(("how", "small"), [("inner", 0), ("inner", 1), ("semi", 1)])
def test_a_sieved_join_gives_the_same_rows(dtype: type[pl.DataType], how: str, small: int) -> None:
    a, b = table("v", KEYS, dtype), table("w", OTHERS, dtype)
    for on in (("k",), ("k", "j"), ("j", "k")):
        for order in ("left", "right", "left_right", "right_left")[: 1 if how == "semi" else 4]:
            plan = joined(a, b, *on, how=how, maintain_order=order)
            found = sieved(plan, small)
            assert rows(found, a, b).equals(rows(plan, a, b))
            assert rows(found, a.clear(), b).equals(rows(plan, a.clear(), b))
            assert rows(found, a, b.clear()).equals(rows(plan, a, b.clear()))
            assert schema_of(found) == schema_of(plan)
            assert (found != plan) == (dtype in SIEVED or "j" in on)


def test_the_first_integer_of_several_keys_tells() -> None:
    a = table("v", KEYS, pl.Int64).with_columns(s=pl.lit("x"))
    b = table("w", OTHERS, pl.Int64).with_columns(s=pl.lit("x"))
    found = sieved(joined(a, b, "s", "j", "k"), 1)
    (among,) = (plan for plan in walk(found) if isinstance(plan, Among))
    assert among == Among(leaf(a, 0), leaf(b, 1), Column("j"), Column("j"))
    assert isinstance(found, Join)
    assert found == replace(joined(a, b, "s", "j", "k"), left=among)


def test_a_semi_join_on_one_integer_is_no_join_any_more() -> None:
    a, b = table("v", KEYS, pl.Int64), table("w", OTHERS, pl.Int64)
    assert isinstance(sieved(joined(a, b, how="semi"), 1), Among)
    assert isinstance(sieved(joined(a, b, "k", "j", how="semi"), 1), Join)


def test_a_sieve_of_a_computed_key() -> None:
    a, b = table("v", KEYS, pl.Int32), table("w", OTHERS, pl.Int64)
    own: ExprNode = Cast(Column("k"), pl.Int64())
    plan = replace(joined(a, b, maintain_order="left"), left_on=(own,), coalesce=False)
    assert sieved(plan, 1) != plan
    assert rows(sieved(plan, 1), a, b).equals(rows(plan, a, b))


@pytest.mark.parametrize("how", ["left", "right", "full", "anti", "semi"])
def test_rows_that_match_nothing_stay_where_they_are_wanted(how: str) -> None:
    a, b = table("v", KEYS, pl.Int64), table("w", OTHERS, pl.Int64)
    for small in (0,) if how == "semi" else (0, 1):
        plan = joined(a, b, how=how)
        assert sieved(plan, small) is plan


@pytest.mark.parametrize("small", [0, 1])
@pytest.mark.parametrize("case", ["nulls", "checked", "types", "text", "floats"])
def test_what_is_not_sieved(small: int, case: str) -> None:
    a, b = table("v", KEYS, pl.Int64), table("w", OTHERS, pl.Int64)
    other = {"types": pl.Int32, "text": pl.String, "floats": pl.Float64}.get(case, pl.Int64)
    b = b.with_columns(pl.col("k").cast(other))
    a = a if case == "types" else a.with_columns(pl.col("k").cast(other))
    more = {"nulls": {"nulls_equal": True}, "checked": {"validate": "m:1"}}.get(case, {})
    plan = joined(a, b, **more)  # type: ignore[arg-type]
    assert sieved(plan, small) is plan


# Where queries are run


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The fragments that were sieved; tables are cut by tiny sizes."""
    found: list[Plan] = []

    def sieve(plan: Join, small: int) -> Plan:
        made = sieved(plan, small)
        if made is not plan:
            found.append(made)
        return made

    monkeypatch.setattr(join, "sieved", sieve)
    monkeypatch.setattr("scalekit.backends.tasks.scan.SMALL", 0)
    monkeypatch.setattr("scalekit.backends.tasks.parts.SMALL", 0)
    return found


LARGE = sk.from_dict({"k": [n % 50 if n % 9 else None for n in range(900)], "v": list(range(900))})
FEW = sk.from_dict({"k": [3, 3, None, 7, 49, 80], "w": [0, 1, 2, 3, 4, 5]})


@pytest.mark.parametrize("how", ["inner", "semi"])
@pytest.mark.parametrize("order", [None, "left"])
def test_a_join_with_few_selected_rows_is_sieved(
    how: str, order: str | None, seen: list[Plan]
) -> None:
    frame = LARGE.join(FEW.filter(col("w") != 1), on="k", how=how, maintain_order=order)
    with config(partition_bytes=1_000, broadcast_bytes=2**16):
        assert_conforms(frame, "serial")
    assert len(seen) == 1


def test_the_few_may_be_on_the_left(seen: list[Plan]) -> None:
    frame = FEW.filter(col("w") != 1).join(LARGE, on="k", maintain_order="left_right")
    with config(partition_bytes=1_000, broadcast_bytes=2**16):
        assert_conforms(frame, "serial")
    assert len(seen) == 1


@pytest.mark.parametrize(
    "frame",
    [
        LARGE.join(FEW, on="k"),
        LARGE.join(FEW.filter(col("w") != 1), on="k", nulls_equal=True),
        LARGE.join(FEW.filter(col("w") != 1), on="k", how="left"),
        LARGE.join(FEW.filter(col("w") != 1), on="k", how="anti"),
        LARGE.join(FEW.filter(col("w") != 1).with_columns(col("k").cast(pl.Int32)), on="k"),
    ],
    ids=["all rows", "nulls", "left", "anti", "other types"],
)
def test_other_joins_are_not(frame: sk.Frame, seen: list[Plan]) -> None:
    with config(partition_bytes=1_000, broadcast_bytes=2**16):
        assert_conforms(frame, "serial")
    assert not seen


def test_an_error_beside_a_sieve_names_its_operator(tmp_path: Path, seen: list[Plan]) -> None:
    texts = ["x" if n == 853 else str(n) for n in range(900)]
    rows = pl.DataFrame({"k": [n % 50 for n in range(900)], "s": texts})
    rows.write_parquet(tmp_path / "a.parquet", row_group_size=100)
    bad = sk.scan_parquet(tmp_path / "a.parquet").filter(col("s").cast(int) >= 0)
    few = FEW.filter(col("w") != 5)
    with (
        config(partition_bytes=1_000, broadcast_bytes=2**16),
        pytest.raises(ComputeError) as caught,
    ):
        bad.join(few, on="k").collect(backend="serial")
    assert seen
    assert '["x"]' in str(caught.value)
    assert "in FILTER (col('s').cast(Int64) >= 0), in part " in str(caught.value)


def test_an_error_of_a_function_beside_a_sieve_has_its_name(seen: list[Plan]) -> None:
    def wrong(rows: pl.DataFrame) -> pl.DataFrame:
        raise ValueError("not today")

    schema = {"k": pl.Int64, "v": pl.Int64}
    bad = LARGE.map_batches(wrong, schema=schema, whole=False)
    with (
        config(partition_bytes=1_000, broadcast_bytes=2**16),
        pytest.raises(sk.errors.ExecutionError, match=r"function wrong failed .*not today"),
    ):
        bad.join(FEW.filter(col("w") != 5), on="k").collect(backend="serial")
    assert seen


def test_a_function_sees_the_rows_that_are_dropped_behind_it(seen: list[Plan]) -> None:
    def all_seen(rows: pl.DataFrame) -> pl.DataFrame:
        assert not rows["k"].is_in([3, 7, 49]).all()
        return rows

    schema = {"k": pl.Int64, "v": pl.Int64}
    frame = LARGE.map_batches(all_seen, schema=schema, whole=False)
    with config(partition_bytes=1_000, broadcast_bytes=2**16):
        assert_conforms(frame.join(FEW.filter(col("w") != 5), on="k"), "serial")
    assert seen
