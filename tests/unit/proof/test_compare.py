from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalekit.proof.compare import compare
from scalekit.proof.terms import ULPS, Terms

STEP = 2.0**-52


def terms(
    table: pl.DataFrame, *, inexact: tuple[str, ...] = (), ordered: bool = False, by: tuple[str, ...] = (), ulps: int = ULPS
) -> Terms:  # fmt: skip
    return Terms(table.schema, ordered, by, frozenset(inexact), ulps)


TABLE = pl.DataFrame(
    {
        "k": ["a", "b", "a", None],
        "x": [1.0, float("nan"), None, 0.0],
        "l": [[1.0, None], [], None, [float("nan")]],
        "s": [{"f": 1.5, "n": 1}, {"f": None, "n": 2}, None, {"f": 0.0, "n": 3}],
        "c": pl.Series(["u", "v", None, "u"], dtype=pl.Categorical),
    }
)


def test_rows_in_any_order_are_the_same() -> None:
    assert compare(TABLE.reverse(), TABLE, terms(TABLE)).mismatch is None
    found = compare(TABLE.reverse(), TABLE, terms(TABLE, ordered=True)).mismatch
    assert found is not None
    assert found.text == "the same rows in another order, from row 0 on"


def test_a_sort_fixes_its_keys_only() -> None:
    table = pl.DataFrame({"k": [1, 1, 2], "x": [1, 2, 3]})
    tied = table[[1, 0, 2]]
    assert compare(tied, table, terms(table, by=("k",))).mismatch is None
    found = compare(table[[2, 0, 1]], table, terms(table, by=("k",))).mismatch
    assert found is not None
    assert found.columns == ("k",)


@pytest.mark.parametrize(
    ("got", "wanted"),
    [(None, float("nan")), (0.0, None), (1.0, 1.0 + STEP), (float("inf"), 1e308), (1.0, 2.0)],
)
def test_exact_floats_are_the_same_to_the_last_bit(got: float | None, wanted: float | None) -> None:
    a, b = (pl.DataFrame({"x": [value]}, schema={"x": pl.Float64}) for value in (got, wanted))
    found = compare(a, b, terms(a)).mismatch
    assert found is not None
    assert found.columns == ("x",)
    assert (found.missing.height, found.extra.height) == (1, 1)


def test_zeros_and_nans_of_either_sign_are_one_value() -> None:
    a = pl.DataFrame({"x": [0.0, float("nan")]})
    b = pl.DataFrame({"x": [-0.0, -float("nan")]})
    assert compare(a, b, terms(a)).mismatch is None


@pytest.mark.parametrize(("steps", "allowed"), [(1, True), (4000, True), (10_000, False)])
def test_inexact_floats_may_differ_by_some_steps(*, steps: int, allowed: bool) -> None:
    table = pl.DataFrame({"k": [1, 2], "x": [1e6, 1.0]})
    near = table.with_columns(x=pl.Series([1e6, 1.0 + steps * STEP]))
    # The largest value of the column allows little more: 16 of its steps would be too much here.
    small = table.with_columns(x=pl.col("x").clip(0, 1.0))
    near_small = near.with_columns(x=pl.col("x").clip(0, 1.5).replace(1.5, 1.0))
    compared = compare(near_small[::-1], small, terms(table, inexact=("x",)))
    assert (compared.mismatch is None) is allowed
    if allowed:
        assert compared.ulps == steps


def test_what_adds_up_to_almost_nothing_goes_by_the_largest_value() -> None:
    a = pl.DataFrame({"x": [1e9, 1e-8, 3.0]})
    b = pl.DataFrame({"x": [1e9, 0.0, 3.0]})
    assert compare(a, b, terms(a, inexact=("x",))).mismatch is None
    assert compare(
        a.with_columns(x=pl.Series([1e9, 1e-3, 3.0])), b, terms(a, inexact=("x",))
    ).mismatch


def test_no_steps_is_to_the_last_bit() -> None:
    a, b = pl.DataFrame({"x": [1.0]}), pl.DataFrame({"x": [1.0 + STEP]})
    assert compare(a, b, terms(a, ulps=0)).mismatch is not None


def test_rows_find_each_other_by_more_than_one_float() -> None:
    """The first float says nothing of which row is which: its last bits would pair them the wrong way round."""
    a = pl.DataFrame({"x": [1.0, 1.0 + STEP], "y": [5.0, 3.0]})
    b = pl.DataFrame({"x": [1.0 + STEP, 1.0], "y": [5.0, 3.0]})
    compared = compare(a, b, terms(a, inexact=("x", "y")))
    assert compared.mismatch is None
    assert compared.ulps == 1


def test_floats_within_lists_and_structs() -> None:
    near = TABLE.with_columns(
        pl.col("l").list.eval(pl.element() * (1 + STEP)), pl.col("s").struct.with_fields(pl.field("f") * (1 + STEP))
    )  # fmt: skip
    assert compare(near, TABLE, terms(TABLE, inexact=("l", "s"))).mismatch is None
    found = compare(near, TABLE, terms(TABLE)).mismatch
    assert found is not None
    assert found.missing.height == 1
    longer = TABLE.with_columns(pl.col("l").list.concat([1.0]))
    assert compare(longer, TABLE, terms(TABLE, inexact=("l",))).mismatch is not None


def test_a_row_too_many_is_found_among_equal_ones() -> None:
    table = pl.DataFrame({"k": [1, 1, 2]})
    found = compare(pl.DataFrame({"k": [2, 1, 2, 1]}), table, terms(table)).mismatch
    assert found is not None
    assert found.missing.height == 0
    assert found.extra["k"].to_list() == [2]
    assert found.text == "it has 4 rows, not 3 rows: 0 are missing, and 1 is there instead"


def test_names_and_types() -> None:
    table = pl.DataFrame({"a": [1], "b": ["x"]})
    wrong = compare(table.select("b", "a"), table, terms(table)).mismatch
    assert wrong is not None
    assert wrong.text == "its columns are ['b', 'a'], not ['a', 'b']"
    wrong = compare(table.cast({"a": pl.Int32}), table, terms(table)).mismatch
    assert wrong is not None
    assert wrong.text == "types differ: a is Int32, not Int64"


@pytest.mark.parametrize("table", [TABLE.clear(), pl.DataFrame(), pl.DataFrame({"x": [None]})])
def test_little_to_compare(table: pl.DataFrame) -> None:
    assert compare(table, table, terms(table)).mismatch is None


values = st.tuples(
    st.integers(0, 3) | st.none(),
    st.sampled_from([0.0, -0.0, 1.5, 1e300, float("nan"), float("inf"), None]),
    st.sampled_from(["", "a", None]),
)
tables = st.lists(values, max_size=12).map(
    lambda rows: pl.DataFrame(
        rows, schema={"n": pl.Int64, "f": pl.Float64, "t": pl.String}, orient="row"
    )
)


@given(tables, st.randoms(use_true_random=False), st.booleans())
def test_a_shuffled_table_is_the_same_and_with_a_row_less_is_not(table, random, inexact) -> None:
    places = list(range(table.height))
    random.shuffle(places)
    how = terms(table, inexact=("f",) if inexact else ())
    assert compare(table[places], table, how).mismatch is None
    if places:
        found = compare(table[places[1:]], table, how).mismatch
        assert found is not None
        assert found.missing.height == 1
        assert found.extra.height == 0
