"""Each rule finds the rows that break it, and nothing else; errors say what is allowed."""

from __future__ import annotations

import datetime as dt
import json
import math
import pickle

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalekit as sk
from scalekit import col
from scalekit.checks.kinds import COLUMN_KINDS, TABLE_KINDS
from scalekit.exceptions import ConfigError, DataCheckError, InvalidOperationError, PlanError

NOW = dt.datetime(2026, 1, 10, 12)


def frame() -> sk.Frame:
    return sk.from_polars(
        pl.DataFrame(
            {
                "id": [1, 2, 3, 3, None, None],
                "x": [0.0, 5.0, 10.0, math.nan, math.inf, None],
                "s": ["a1", "b2", "c", "dd", "é", None],
                "d": [dt.date(2026, 1, day) for day in (1, 2, 3, 5, 4)] + [None],
                "t": [dt.datetime(2026, 1, day, 12) for day in range(4, 10)],
                "c": pl.Series(["u", "v", "u", "w", None, "u"], dtype=pl.Categorical()),
                "g": [1, 1, 2, 2, 1, 2],
            }
        )
    )


def only(rules, **settings) -> sk.DataReport:
    return sk.check(frame(), rules, now=NOW, **settings)


BY_ROWS = {
    "nulls": ("id", False, [4, 5]),
    "nan": ("x", False, [3]),
    "nan of integers": ("id", {"nan": False}, []),
    "finite": ("x", True, [3, 4]),
    "min": ("x", 5, [0, 3]),
    "max": ("x", 5, [2, 3, 4]),
    "above": ("x", 5, [0, 1, 3]),
    "below": ("x", 5, [1, 2, 3, 4]),
    "between": ("x", [0, 10], [3, 4]),
    "between, left": ("x", {"between": {"min": 0, "max": 10, "closed": "left"}}, [2, 3, 4]),
    "between, none": ("x", {"between": {"min": 0, "max": 10, "closed": "none"}}, [0, 2, 3, 4]),
    "between, of text": ("s", {"between": ["b", None]}, [0]),
    "between, of dates as text": ("d", {"between": ["2026-01-02", "2026-01-04"]}, [0, 3]),
    "between, of times as dates": ("t", {"between": [dt.date(2026, 1, 5), "2026-01-08T12:00"]}, [0, 5]),
    "between, in another zone": (
        "t", {"min": dt.datetime(2026, 1, 4, 13, tzinfo=dt.UTC)}, [0],
    ),
    "in": ("s", ["a1", "b2", "é"], [2, 3]),
    "in, of numbers": ("id", {"in": [1, 2]}, [2, 3]),
    "in, of dates as text": ("d", {"in": ["2026-01-01"]}, [1, 2, 3, 4]),
    "in, of a categorical": ("c", {"in": ["u", "v"]}, [3]),
    "in nothing": ("s", {"in": []}, [0, 1, 2, 3, 4]),
    "not_in": ("s", ["c"], [2]),
    "matches": ("s", "^[a-z][0-9]$", [2, 3, 4]),
    "matches, anywhere": ("s", {"matches": "d"}, [0, 1, 2, 4]),
    "length": ("s", 2, [2, 4]),
    "length, bounds": ("s", {"length": [2, None]}, [2, 4]),
    "length, of a categorical": ("c", {"length": {"max": 0}}, [0, 1, 2, 3, 5]),
    "expression": ("x", col("x") < col("id") * 3, [2, 3]),
    "expression, SQL": ("x", {"expression": "x < id * 3"}, [2, 3]),
    "unique": ("id", True, [2, 3]),
    "monotone": ("d", "increasing", [4]),
    "monotone, strictly": ("id", {"monotone": "strictly increasing"}, [3]),
    "monotone, decreasing": ("g", {"monotone": "decreasing"}, [2, 5]),
    "monotone, within": ("d", {"monotone": {"direction": "increasing", "within": "g", "along": "t"}}, []),
    "foreign_key": ("id", {"foreign_key": {"frame": sk.from_dict({"key": [1, 3, 9]}), "column": "key"}}, [1]),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_ROWS)
def test_a_rule_finds_the_rows_that_break_it(case):
    column, given, broken = BY_ROWS[case]
    kind = case.partition(",")[0].partition(" ")[0]
    rules = given if isinstance(given, dict) and kind in given else {kind: given}
    if case.startswith("between, in another zone"):
        rules = given
    report = only({column: rules})
    (outcome,) = report.outcomes
    assert (outcome.failing, outcome.rows, outcome.note) == (len(broken), 6, "")
    assert outcome.level == ("error" if broken else "pass")
    rows = frame().collect().with_row_index("place")
    failing = sk.check(sk.from_polars(rows), {column: rules}, now=NOW).failing(outcome.rule)
    assert sorted(failing.collect()["place"].to_list()) == broken
    assert failing.columns == rows.columns


def test_every_kind_of_a_column_is_tested():
    elsewhere = {"dtype", "fresh", "psi", "ks", "new_values", "null_jump"}
    assert {case.partition(",")[0].partition(" ")[0] for case in BY_ROWS} | elsewhere == {
        *COLUMN_KINDS
    }


OF_THE_WHOLE = {
    "rows": ([({"rows": 6}, "pass"), ({"rows": [1, 5]}, "error"), ({"rows": {"min": 7}}, "error"),
              ({"rows": {"min": 7, "level": "critical"}}, "critical")]),
    "columns": ([({"columns": ["id", "x"]}, "pass"), ({"columns": ["id", "y"]}, "error"),
                 ({"columns": {"names": ["id"], "exact": True}}, "error"),
                 ({"columns": {"names": ["x", "id"], "ordered": True}}, "error"),
                 ({"columns": {"names": ["id", "g"], "ordered": True}}, "pass")]),
    "unique": ([({"unique": ["id", "g"]}, "error"), ({"unique": [["t"], ["s"]]}, "pass"),
                ({"unique": {"columns": ["id"], "when": "x < 10"}}, "pass"), ({"unique": "t"}, "pass")]),
    "foreign_keys": ([({"foreign_keys": {"columns": ["id", "g"], "frame": "keys", "to": ["a", "b"]}}, "error")]),
    "expressions": ([({"expressions": {"mean": "AVG(g) > 1"}}, "pass"), ({"expressions": {"mean": "AVG(g) > 2"}}, "error"),
                     ({"expressions": {"rows": {"is": col("g") < 2, "error": 0.6}}}, "pass"),
                     ({"expressions": {"rows": {"is": col("g") < 2, "error": 0.5}}}, "error")]),
}  # fmt: skip


@pytest.mark.parametrize("kind", OF_THE_WHOLE)
def test_rules_of_the_whole_frame(kind):
    keys = sk.from_dict({"a": [1, 2], "b": [1, 1]})
    for rules, level in OF_THE_WHOLE[kind]:
        assert only({"table": rules}, others={"keys": keys}).level == level, rules


def test_every_kind_of_the_whole_frame_is_tested():
    assert {*OF_THE_WHOLE} == {*TABLE_KINDS}


@pytest.mark.parametrize(
    ("wanted", "level"),
    [("Float64", "pass"), ("number", "pass"), (sk.Float64, "pass"), (sk.Float64(), "pass"),
     (["Int64", "float"], "pass"), ("Int64", "error"), (sk.Float32, "error"), ("integer", "error")],
)  # fmt: skip
def test_types(wanted, level):
    report = only({"x": {"dtype": wanted}})
    assert report.level == level
    assert report.queries == 0


def test_a_type_with_arguments_is_written_as_frames_show_it():
    assert only({"t": {"dtype": "Datetime[us]"}}).passed
    assert only({"t": {"dtype": "Datetime"}}).passed
    assert not only({"t": {"dtype": "Datetime[us, UTC]"}}).passed


@pytest.mark.parametrize(
    ("within", "level"),
    [("1d", "pass"), ("23h", "error"), (dt.timedelta(days=2), "pass"), ("0.5d", "error")],
)
def test_freshness(within, level):
    (outcome,) = only({"t": {"fresh": within}}).outcomes
    assert outcome.level == level
    assert outcome.value == "newest 2026-01-09 12:00:00, 24 h 0 min old"


def test_freshness_of_dates_zones_and_no_times():
    zoned = sk.from_dict(
        {"t": [dt.datetime(2026, 1, 10, 13, tzinfo=dt.timezone(dt.timedelta(hours=2)))]}
    )
    (outcome,) = sk.check(zoned, {"t": {"fresh": "1h"}}, now=NOW).outcomes
    assert outcome.level == "pass"
    assert outcome.value.endswith("1 h 0 min old")
    assert only({"d": {"fresh": "5d"}}).level == "error"
    assert only({"d": {"fresh": "6d"}}).level == "pass"
    (outcome,) = sk.check(frame().filter(col("g") > 5), {"t": {"fresh": "1d"}}).outcomes
    assert (outcome.level, outcome.value) == ("error", "there is no time")


def test_levels_are_reached_at_counts_and_shares():
    hundred = sk.from_dict({"x": [None] * 7 + [1] * 93})
    levels = {"warn": 1, "error": 0.05, "critical": 0.1}
    assert sk.check(hundred, {"x": {"nulls": levels}}).level == "error"
    assert sk.check(hundred, {"x": {"nulls": {"warn": 8}}}).level == "pass"
    assert sk.check(hundred, {"x": {"nulls": {"critical": 7}}}).level == "critical"
    assert sk.check(hundred, {"x": {"nulls": 0.07}}).level == "pass"
    assert sk.check(hundred, {"x": {"nulls": 0.06}}).level == "error"
    assert sk.check(hundred, {"x": {"nulls": {"allowed": 6, "level": "warn"}}}).level == "warn"
    assert (
        sk.check(hundred, {"x": {"nulls": False}}, thresholds={"warn": 1, "error": 0.2}).level
        == "warn"
    )


def test_a_condition_says_for_which_rows_a_rule_is():
    (outcome,) = only({"x": {"min": {"value": 5, "when": col("g") == 1}}}).outcomes
    assert (outcome.failing, outcome.rows) == (1, 3)
    (outcome,) = only({"x": {"min": {"value": 5, "when": "g = 7", "error": 0.1}}}).outcomes
    assert (outcome.failing, outcome.rows, outcome.level) == (0, 0, "pass")


def test_a_key_stands_for_all_columns_or_those_of_a_pattern_and_a_narrower_one_takes_its_place():
    report = only(
        {"id": {"nulls": 0.5}, "^[xs]$": {"nulls": {"level": "warn"}}, "*": {"nulls": False}}
    )
    levels = {outcome.column: outcome.level for outcome in report.outcomes}
    assert levels == {
        "id": "pass",
        "x": "warn",
        "s": "warn",
        "d": "error",
        "t": "pass",
        "c": "error",
        "g": "pass",
    }


def test_a_frame_with_a_column_called_table():
    found = sk.check(sk.from_dict({"table": [1, None]}), {"^table$": {"nulls": False}})
    assert [outcome.rule for outcome in found.outcomes] == ["table: not null"]


# what cannot be tested


@pytest.mark.parametrize(
    ("rules", "note"),
    [
        ({"agee": {"nulls": False}}, "'agee' not found"),
        ({"s": {"finite": True}}, "only numbers are finite"),
        ({"x": {"matches": "a"}}, "not text"),
        ({"x": {"between": ["a", "b"]}}, ""),
        ({"x": {"fresh": "1d"}}, "only dates and times"),
        ({"c": {"between": [1, 2]}}, "a range is for"),
        ({"table": {"unique": ["id", "nothing"]}}, "'nothing' not found"),
        ({"table": {"expressions": {"sum": "x + 1"}}}, "not true or false"),
        ({"table": {"expressions": {"other": "nothing > 1"}}}, "'nothing' not found"),
        ({"x": {"min": {"value": 1, "when": "nothing > 1"}}}, "'nothing' not found"),
        ({"d": {"min": "not a date"}}, "not a date"),
    ],
)  # fmt: skip
def test_what_the_columns_do_not_allow_is_found_at_the_worst_level_of_the_rule(rules, note):
    (outcome,) = only(rules).outcomes
    assert outcome.level == "error"
    assert outcome.failing is None
    assert note in outcome.note
    assert outcome.note
    with pytest.raises(InvalidOperationError, match="could not be tested"):
        only(rules).failing(outcome.rule)
    assert only(rules, thresholds={"warn": 1, "critical": 0.5}).level == "critical"


# errors


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"x": {"betwen": [1, 2]}}, r"unknown rule 'betwen' \(from column 'x'\) \(did you mean 'between'\?\)"),
        ({"x": {"rows": 3}}, "'rows' is a rule of the whole frame, under 'table'"),
        ({"table": {"between": [1, 2]}}, "'between' is a rule of a column, under its name"),
        ({"table": {"row": 3}}, "did you mean 'rows'"),
        ({"x": [1]}, "column 'x': takes a mapping of rules"),
        ({"x": {"nulls": "none"}}, "column 'x', rule 'nulls': takes false"),
        ({"x": {"nulls": True}}, "takes false"),
        ({"x": {"nulls": {"eror": 1}}}, "unknown option 'eror' .*did you mean 'error'"),
        ({"x": {"nulls": {"error": 0}}}, "error is a count of rows .*got 0"),
        ({"x": {"nulls": {"error": 1.5}}}, "error is a count of rows .*got 1.5"),
        ({"x": {"nulls": {"level": "fatal"}}}, "unknown level 'fatal'.*known: critical, error, warn"),
        ({"x": {"nulls": {"level": "warn", "error": 1}}}, "give one of them"),
        ({"x": {"between": [3, 1]}}, "the lowest, 3, is above the highest, 1"),
        ({"x": {"between": [1, 2, 3]}}, r"takes \[lowest, highest\]"),
        ({"x": {"between": [None, None]}}, "needs min, max or both"),
        ({"x": {"between": {"min": 1, "closed": "open"}}}, "known: both, left, right, none"),
        ({"x": {"between": [1, True]}}, "got True"),
        ({"x": {"between": [1, "b"], "min": [1]}}, "rule 'min': takes a number"),
        ({"s": {"in": "abc"}}, "takes a list of values, got 'abc'"),
        ({"s": {"matches": "(?<=a)b"}}, "Rust's dialect"),
        ({"s": {"matches": "("}}, "Rust's dialect"),
        ({"s": {"matches": 3}}, "as text"),
        ({"s": {"length": 1.5}}, "whole number|lowest"),
        ({"s": {"length": [-1, 2]}}, "whole numbers from 0"),
        ({"x": {"dtype": "Int65"}}, "unknown type 'Int65'"),
        ({"x": {"dtype": 3}}, "takes a type"),
        ({"t": {"fresh": "1 day"}}, "such as '2d' or '1h30m'"),
        ({"x": {"monotone": "up"}}, "one of increasing"),
        ({"x": {"finite": "yes"}}, "takes true"),
        ({"x": {"expression": 3}}, "takes an expression"),
        ({"x": {"expression": "x >"}}, "no SQL expression"),
        ({"x": {"min": {"value": 1, "when": "x >"}}}, "no SQL expression"),
        ({"id": {"foreign_key": 3}}, "its name in others="),
        ({"id": {"foreign_key": "nowhere"}}, "unknown frame 'nowhere'"),
        ({"x": {"psi": True}}, "column 'x', rule 'psi': needs reference="),
        ({"x": {"psi": 0}}, "a number above 0"),
        ({"x": {"psi": {"bins": 1}}}, "from 2 to 100"),
        ({"x": {"drift": 0.2}}, "takes true or false"),
        ({"table": {"columns": []}}, "takes names of columns"),
        ({"table": {"expressions": "x > 1"}}, "a mapping of names to expressions"),
        ({3: {"nulls": False}}, "names of columns, got 3"),
        ({"^(x$": {"nulls": False}}, "is no pattern"),
        ([("x", 1)], "rules are a mapping"),
        ({"x": {"nulls": {"name": "same"}, "nan": {"name": "same"}}}, "two rules are called 'same'"),
    ],
)  # fmt: skip
def test_rules_without_a_meaning_are_refused_by_name(rules, said):
    with pytest.raises(ConfigError, match=said):
        only(rules)


def test_thresholds_for_all_rules_are_validated():
    with pytest.raises(ConfigError, match="unknown level 'warning'"):
        only({"x": {"nulls": False}}, thresholds={"warning": 1})


def test_other_things_than_frames_are_refused():
    with pytest.raises(PlanError, match="takes a scalekit Frame as frame, got DataFrame"):
        sk.check(pl.DataFrame({"x": [1]}), {})
    with pytest.raises(PlanError, match="as reference"):
        only({}, reference=pl.DataFrame())


# reports


def test_a_report_is_a_value():
    report = only(
        {"id": {"nulls": {"level": "warn"}, "unique": True}, "x": {"nan": {"level": "critical"}}},
        name="t",
    )
    assert (report.passed, report.level, report.rows, report.queries) == (False, "critical", 6, 2)
    assert dict(report.counts) == {"pass": 0, "warn": 1, "error": 1, "critical": 1}
    assert [outcome.rule for outcome in report.at_level("error")] == ["id: unique", "x: not NaN"]
    with pytest.raises(
        DataCheckError, match=r"2 rules of 3 not kept by t: id: unique .error. 2 of 6 rows"
    ):
        report.raise_for("error")
    with pytest.raises(DataCheckError, match="1 rule of 3"):
        report.raise_for("critical")
    with pytest.raises(ConfigError, match="unknown level 'bad'"):
        report.raise_for("bad")
    with pytest.raises(ConfigError, match="did you mean 'id: unique'"):
        report.failing("id: uniqe")
    with pytest.raises(AttributeError):
        report.name = "other"
    fine = only({"id": {"nulls": {"level": "warn"}}})
    assert fine.passed
    assert fine.raise_for("error") is fine


def test_a_report_goes_into_a_store_and_comes_back():
    report = only({"id": {"nulls": False}, "x": {"finite": True}})
    kept = json.loads(json.dumps(report.to_dict()))
    back = sk.DataReport.from_dict(kept)
    assert back == report
    assert back.frame().equals(report.frame())
    with pytest.raises(InvalidOperationError, match="keeps no rows"):
        back.failing("x: finite")
    assert pickle.loads(pickle.dumps(report)) == report


def test_a_report_is_a_frame_and_html_with_all_text_escaped():
    found = sk.check(sk.from_dict({"<b>": [None, 1]}), {"<b>": {"nulls": False}}, name="<i>")
    table = found.frame()
    assert table.columns == [
        "rule",
        "column",
        "kind",
        "level",
        "failing",
        "rows",
        "share",
        "value",
        "note",
    ]
    assert table.row(0) == ("<b>: not null", "<b>", "nulls", "error", 1, 2, 0.5, "", "")
    html = found._repr_html_()
    assert "<i>" not in html
    assert "&lt;b&gt;: not null" in html
    assert "<script" not in html


def test_no_rules_and_no_rows():
    assert only({}).outcomes == ()
    assert only({}).queries == 0
    empty = sk.check(
        frame().filter(col("g") > 9), {"x": {"nulls": False, "min": 3}, "id": {"unique": True}}
    )
    assert [(o.level, o.failing, o.rows, o.share) for o in empty.outcomes] == [
        ("pass", 0, 0, 0.0)
    ] * 3


numbers = st.one_of(st.none(), st.floats(-3, 3), st.just(math.nan), st.integers(-3, 3).map(float))


@given(st.lists(numbers, max_size=12), st.floats(-3, 3), st.floats(-3, 3))
def test_a_range_is_what_python_says(values, one, other):
    low, high = sorted([one, other])
    found = sk.check(
        sk.from_polars(pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)})),
        {"x": {"between": [low, high]}},
    )
    expected = sum(v is not None and not low <= v <= high for v in values)
    assert found.outcomes[0].failing == expected
