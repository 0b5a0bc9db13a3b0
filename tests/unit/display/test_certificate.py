from __future__ import annotations

import re

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.errors import ComputeError, InvalidOperationError, UnsupportedError
from scalekit.proof import verification
from scalekit.proof.ways import Way, listed

ROWS = pl.DataFrame({"k": ["a", "b", "a"], "x": [0.1, None, float("nan")]})
FRAME = sk.from_polars(ROWS)


def test_it_says_what_agreed_and_what_that_holds_for() -> None:
    found = FRAME.group_by("k").agg(col("x").sum()).verify(["serial", "polars"], (1, 3), ulps=10)
    lines = repr(found).splitlines()
    assert lines[0] == "verified: serial in 1 and 3 parts = polars (2 rows, in any order)"
    assert lines[1] == "  values, types and columns exactly; floats of x within 10 ulps, 0 seen"
    assert lines[2] == "  input: all 3 rows"
    assert lines[3] == "  not exact: AGGREGATE by col('k'): col('x').sum()  [float-order-sensitive]"
    assert re.fullmatch(
        r"  plan [0-9a-f]{12}; python 3[\d.]+, scalekit [\d.]+, polars [\d.]+; \d{4}-\d\d-\d\d \d\d:\d\d UTC", lines[4]
    )  # fmt: skip
    assert "verified: serial" in found._repr_html_()


def test_it_shows_what_differs_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def drifts(table: pl.DataFrame) -> pl.DataFrame:
        calls.append(1)
        return table.with_columns(pl.col("x") + len(calls) * 2.0**-56)

    found = (
        FRAME.filter(col("k") == "a")
        .map_batches(drifts)
        .verify(["polars", "pandas"], ulps=0, seconds=3)
    )
    (difference,) = found.differences.values()
    assert difference.step == "MAP BATCHES drifts on the whole table"
    assert difference.columns == ("x",)
    assert sum(t.height for t in difference.inputs.values()) == 1
    text, html = repr(found), found._repr_html_()
    assert text.startswith(
        "NOT verified: pandas against polars (2 rows)\n  pandas: of 2 rows 1 is missing"
    )
    shown = re.findall(r"(?:polars|pandas) +a +(0\.1\d+)", text)
    assert len(set(shown)) == 2
    for value in shown:
        assert value in html


def test_it_names_a_backend_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    from scalekit.backends.pandas import lowering

    def refuses(plan: object) -> None:
        raise UnsupportedError("not here <yet>")

    monkeypatch.setattr(lowering, "lower", refuses)
    found = FRAME.verify(partitions=(2,))
    assert found
    assert "not run: pandas (not here <yet>)" in repr(found)
    assert "not here &lt;yet&gt;" in found._repr_html_()
    assert found.backends == ("polars", "serial")
    with pytest.raises(InvalidOperationError, match="nothing to compare"):
        FRAME.verify(["polars", "pandas"])


def test_an_error_on_one_backend_only_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    from scalekit.backends.pandas import execution

    def fails(*_: object) -> None:
        raise ComputeError("lost")

    monkeypatch.setattr(execution, "execute", lambda *_, **__: fails())
    found = FRAME.verify(["polars", "pandas"], seconds=1)
    assert "pandas: it raised ComputeError: lost" in repr(found)


def test_an_error_of_all_is_raised() -> None:
    with pytest.raises(ComputeError):
        FRAME.select(col("k").cast(sk.Int64)).verify()


def test_there_have_to_be_two_ways() -> None:
    with pytest.raises(InvalidOperationError, match="at least two backends, or two numbers"):
        FRAME.verify(["serial"], (3,))
    assert FRAME.verify(["serial"], (1, 3))


def test_ways_of_one_backend_are_listed_together() -> None:
    ways = [Way("polars"), Way("dask", 1), Way("dask", 2), Way("dask", 7), Way("ray", 1)]
    assert listed(ways, " = ") == "polars = dask in 1, 2 and 7 parts = ray in 1 part"


def test_a_plan_has_one_name() -> None:
    one, two = FRAME.filter(col("x") > 1)._plan, FRAME.filter(col("x") > 2)._plan
    assert verification.fingerprint(one) == verification.fingerprint(
        FRAME.filter(col("x") > 1)._plan
    )
    assert verification.fingerprint(one) != verification.fingerprint(two)


def test_a_wide_table_is_not_shown_whole() -> None:
    calls = []

    def drifts(table: pl.DataFrame) -> pl.DataFrame:
        calls.append(1)
        return table.with_columns(c7=pl.lit(len(calls), pl.Int64))

    wide = sk.from_polars(pl.DataFrame({f"c{i}": [i] for i in range(300)}))
    found = wide.map_batches(drifts).verify(["polars", "pandas"], seconds=1)
    assert found.differences["pandas"].rows.width == 10
    assert max(map(len, repr(found).splitlines())) < 300
