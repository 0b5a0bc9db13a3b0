"""Rules compiled from a pandera schema find the rows that pandera finds; what has no counterpart is named."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd
import polars as pl
import pytest

import scalekit as sk
from scalekit.checks.pandera_schema import CHECKS
from scalekit.exceptions import ConfigError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pandera.pandas as pa
    import pandera.polars as pp

ROWS = {
    "i": [1, 5, 10, 10, -3],
    "x": [0.5, None, 3.0, 7.5, 3.0],
    "s": ["abc", "b.c", "xyzzy", "", "abc"],
    "k": ["u", "v", "u", "w", "u"],
}

PER_COLUMN: dict[str, tuple[str, Any]] = {
    "equal_to": ("i", lambda c: c.equal_to(10)),
    "not_equal_to": ("i", lambda c: c.not_equal_to(10)),
    "greater_than": ("i", lambda c: c.greater_than(1)),
    "greater_than_or_equal_to": ("i", lambda c: c.greater_than_or_equal_to(1)),
    "less_than": ("x", lambda c: c.less_than(3.0)),
    "less_than_or_equal_to": ("x", lambda c: c.less_than_or_equal_to(3.0)),
    "in_range": ("i", lambda c: c.in_range(1, 10, include_max=False)),
    "isin": ("k", lambda c: c.isin(["u", "v"])),
    "notin": ("k", lambda c: c.notin(["u"])),
    "str_matches": ("s", lambda c: c.str_matches("b|xy")),
    "str_contains": ("s", lambda c: c.str_contains("b")),
    "str_startswith": ("s", lambda c: c.str_startswith("b.")),
    "str_endswith": ("s", lambda c: c.str_endswith("c")),
    "str_length": ("s", lambda c: c.str_length(1, 3)),
}

TYPES = {"pandas": {"i": "int64", "x": "float64", "s": str, "k": str},
         "polars": {"i": pl.Int64, "x": pl.Float64, "s": pl.String, "k": pl.String}}  # fmt: skip


def test_every_check_that_is_compiled_is_compared():
    assert {*PER_COLUMN} == {*CHECKS}


def failing_rows(flavour: str, schema: Any, column: str) -> int:
    """The rows that pandera itself finds."""
    data = pd.DataFrame(ROWS) if flavour == "pandas" else pl.DataFrame(ROWS)
    package: Any = pa if flavour == "pandas" else pp
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            schema.validate(data, lazy=True)
    except package.errors.SchemaErrors as error:
        cases = error.failure_cases
        return len(cases) if flavour == "pandas" else cases.height
    return 0


@pytest.mark.parametrize("flavour", ["pandas", "polars"])
@pytest.mark.parametrize("name", PER_COLUMN)
def test_a_check_finds_the_rows_that_pandera_finds(flavour, name):
    column, check = PER_COLUMN[name]
    package: Any = pa if flavour == "pandas" else pp
    one = package.Column(TYPES[flavour][column], check(package.Check), nullable=column == "x")
    schema = package.DataFrameSchema({column: one})
    report = sk.check(sk.from_polars(pl.DataFrame(ROWS)), schema)
    expected = failing_rows(flavour, schema, column)
    assert expected > 0
    assert sum(outcome.failing or 0 for outcome in report.outcomes) == expected
    assert report.outcomes[0].level == "pass"  # the type


def test_a_model_of_polars_flavour():
    class Flights(pp.DataFrameModel):
        i: int = pp.Field(ge=1, lt=10, unique=True)
        x: float = pp.Field(nullable=True, raise_warning=True, le=3)
        s: str = pp.Field(str_length={"max_value": 4})
        extra: str | None

        class Config:
            strict = True
            unique = ["i", "k"]

    report = sk.check(sk.from_polars(pl.DataFrame(ROWS)), Flights)
    levels = {outcome.rule: (outcome.level, outcome.failing) for outcome in report.outcomes}
    assert levels == {
        "columns i, x, s and no others": ("error", None),
        "unique i + k": ("pass", 0),
        "i: of type Int64": ("pass", None),
        "i: not null": ("pass", 0),
        "i: unique": ("error", 2),
        "i: at least 1": ("error", 1),
        "i: below 10": ("error", 2),
        "x: of type Float64": ("pass", None),
        "x: at most 3": ("warn", 1),
        "s: of type String": ("pass", None),
        "s: not null": ("pass", 0),
        "s: length at most 4": ("error", 1),
    }


def test_a_schema_of_pandas_flavour():
    schema = pa.DataFrameSchema(
        {
            "^[ik]$": pa.Column(regex=True),
            "x": pa.Column(float, nullable=True),
            "t": pa.Column("datetime64[ns, UTC]", required=False),
            "c": pa.Column(pd.CategoricalDtype(["u", "v"]), required=False),
            "s": pa.Column(str, pa.Check.str_matches("(?i)A")),
        },
        ordered=True,
    )
    frame = sk.from_pandas(pd.DataFrame(ROWS).assign(c=pd.Categorical(ROWS["k"])))
    report = sk.check(frame, schema)
    levels = {outcome.rule: outcome.level for outcome in report.outcomes}
    assert levels["k: not null"] == levels["x: of type Float64"] == "pass"
    assert levels["c: of type Categorical or Enum"] == "pass"
    assert levels["c: one of u, v"] == "error"
    assert levels["s: matches ^(?:(?i)A)"] == "error"
    assert (
        levels["columns x, s in this order"] == "pass"
        if "columns x, s in this order" in levels
        else True
    )
    assert not any(rule.startswith("t:") for rule in levels)


def test_a_missing_column_is_found():
    report = sk.check(sk.from_dict({"a": [1]}), pa.DataFrameSchema({"b": pa.Column(int)}))
    assert not report.passed
    assert "'b' not found" in report.outcomes[0].note


def test_what_has_no_counterpart_is_named_all_at_once():
    schema = pa.DataFrameSchema(
        {
            "i": pa.Column(
                int, [pa.Check(lambda s: s > 0, name="positive"), pa.Check.gt(0)], coerce=True
            ),
            "s": pa.Column(object, pa.Check.unique_values_eq(["a"]), default="a"),
            "x": pa.Column(float, pa.Check.gt(0, ignore_na=False), nullable=True),
        },
        checks=pa.Check(lambda frame: True, name="whole"),
        index=pa.Index(int),
        strict="filter",
        name="flights",
    )
    with pytest.raises(ConfigError) as raised:
        sk.check(sk.from_polars(pl.DataFrame(ROWS)), schema)
    text = str(raised.value)
    for part in ("'flights'", "'positive'", "coerce", "dtype object", "unique_values_eq", "default", "ignore_na=False",
                 "'whole'", "index", "strict='filter'", "'expression'"):  # fmt: skip
        assert part in text, part


def test_a_pattern_that_rust_does_not_have_is_named():
    schema = pa.DataFrameSchema({"s": pa.Column(str, pa.Check.str_contains("(?<=a)b"))})
    with pytest.raises(ConfigError, match=r"column 's', rule 'matches': .*look-around"):
        sk.check(sk.from_polars(pl.DataFrame(ROWS)), schema)


def test_other_things_of_pandera_are_refused():
    with pytest.raises(
        ConfigError, match="takes a DataFrameSchema or a DataFrameModel, got SeriesSchema"
    ):
        sk.check(sk.from_dict({"a": [1]}), pa.SeriesSchema(int))
