"""Checks find the same on every backend, in any partitions, on awkward data; in one query where that is possible."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

import scalekit as sk
from scalekit import run
from scalekit.testing.data import DATASETS, dataset

NOW = datetime(2024, 12, 1)
BY_KEYS = ("unique", "monotone", "foreign_key", "foreign_keys")

RULES: dict[str, Any] = {
    "*": {"nulls": {"warn": 1, "error": 0.2}},
    "o": {"unique": True, "monotone": "strictly increasing", "min": 0},
    "k": {"in": ["a", "b"], "matches": "^[ab]", "length": 1, "new_values": False, "drift": True},
    "i": {"between": [-5, 5], "psi": True, "ks": {"bins": 4, "warn": 0.1}, "unique": True, "foreign_key": "other"},
    "i8": {"above": -3, "below": 4},
    "f": {"between": {"min": -3, "max": 3, "closed": "left"}, "nan": False, "finite": True, "psi": True,
          "min": {"value": 0, "when": "k = 'a'"}},
    "f32": {"max": {"value": 2.5, "level": "warn"}, "drift": True},
    "b": {"in": [True], "drift": True},
    "s": {"not_in": ["007"], "length": [1, 6], "new_values": False},
    "d": {"between": ["2024-02-01", "2024-11-30"], "fresh": "30d", "drift": True,
          "monotone": {"direction": "increasing", "within": "k", "along": "o"}},
    "t": {"max": "2024-07-01", "fresh": "90d", "unique": {"when": "k = 'a'"}, "psi": True},
    "tz": {"min": "2024-03-01", "fresh": "90d"},
    "dec": {"min": 0, "psi": True},
    "c": {"in": ["red", "blue"], "drift": True},
    "e": {"in": ["low", "mid"], "drift": True},
    "li": {"dtype": "List"},
    "table": {
        "rows": [1, 100], "unique": [["k", "b"], ["o", "k"]],
        "foreign_keys": {"columns": ["k", "b"], "frame": "other"},
        "expressions": {"sum": "i + i8 < 8", "average": "AVG(i) < 100", "largest": sk.col("f").max() < 100},
    },
}  # fmt: skip


def outcomes(data: str, **settings: Any) -> tuple[Any, ...]:
    """What all rules find on a data set, and which rows they say fail."""
    frame = sk.from_polars(dataset(data))
    reference = sk.from_polars(dataset("ordinary")).filter(sk.col("o") < 5)
    with sk.config(**settings):
        report = sk.check(frame, RULES, reference=reference, others={"other": reference}, now=NOW)
        rows = {
            outcome.rule: sorted(
                report.failing(outcome.rule).collect()["o"].fill_null(-1).to_list()
            )
            for outcome in report.outcomes
            if outcome.failing and outcome.kind in BY_KEYS
        }
    return report.outcomes, rows


def assert_same(settings: dict[str, Any], data: str) -> None:
    wanted, wanted_rows = outcomes(data, backend="polars")
    found, rows = outcomes(data, **settings)
    assert len(found) > 60
    assert found == wanted
    assert rows == wanted_rows


@pytest.mark.parametrize("data", DATASETS)
def test_pandas(data):
    assert_same({"backend": "pandas"}, data)


@pytest.mark.parametrize(
    ("data", "partitions"), [*((data, 3) for data in DATASETS), ("ordinary", 129)]
)
def test_parts(data, partitions):
    assert_same({"backend": "serial", "partitions": partitions}, data)


def test_the_rules_are_tested_not_refused():
    found, _ = outcomes("ordinary", backend="polars")
    assert [outcome.rule for outcome in found if outcome.note] == []
    assert {outcome.level for outcome in found} == {"pass", "warn", "error"}


@pytest.mark.dask
@pytest.mark.parametrize("data", ["ordinary", "nan_null"])
def test_dask(data, dask_settings):
    assert_same({**dask_settings, "partitions": 3}, data)


@pytest.mark.ray
def test_ray():
    settings = {"backend": "ray", "workers": 2, "worker_memory": "1GiB", "progress": False}
    assert_same({**settings, "partitions": 3}, "ordinary")


# how often rows are read


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The plans that ran."""
    ran: list[Any] = []
    prepare = run.prepare

    def noted(plan: Any, *arguments: Any, **settings: Any) -> Any:
        ran.append(plan)
        return prepare(plan, *arguments, **settings)

    monkeypatch.setattr(run, "prepare", noted)
    return ran


def scans(plan: Any, **settings: Any) -> int:
    """How often a program reads its source."""
    return str(sk.Frame(plan).explain("physical", **settings)).count("rows.parquet")


def without_keys(rules: Any) -> Any:
    return {
        column: {kind: rule for kind, rule in kinds.items() if kind not in BY_KEYS}
        for column, kinds in rules.items()
    }


@pytest.mark.parametrize(
    "settings",
    [{"backend": "polars"}, {"backend": "pandas"}, {"backend": "serial", "partitions": 3}],
    ids=lambda s: s["backend"],
)
def test_all_that_can_be_counted_is_counted_in_one_pass(plans, settings, tmp_path):
    path = str(tmp_path / "rows.parquet")
    dataset("ordinary").write_parquet(path)
    reference = sk.from_polars(dataset("ordinary"))
    rules = without_keys(RULES)
    report = sk.check(sk.scan_parquet(path), rules, reference=reference, now=NOW, **settings)
    assert report.queries == 1
    of_the_frame = [plan for plan in plans if path in sk.Frame(plan).explain("logical")]
    assert len(of_the_frame) == 1
    assert len(plans) - len(of_the_frame) == 3  # quantiles, values and counts of the reference
    assert scans(of_the_frame[0], **settings) == 1


def test_keys_are_counted_in_one_query_more(plans):
    frame = sk.from_polars(dataset("ordinary"))
    rules = {
        "o": {"unique": True, "monotone": "increasing"},
        "i": {"unique": True, "foreign_key": "other"},
        "f": {"min": 1},
    }
    report = sk.check(frame, rules, others={"other": frame})
    assert (report.queries, len(plans)) == (2, 2)


def test_types_and_columns_are_checked_without_reading(plans):
    frame = sk.from_polars(dataset("ordinary"))
    report = sk.check(frame, {"o": {"dtype": "Int64"}, "table": {"columns": ["o"]}})
    assert (report.queries, plans, report.rows) == (0, [], None)


def test_nothing_runs_for_failing_rows_before_they_are_collected(plans):
    report = sk.check(sk.from_polars(dataset("ordinary")), {"i": {"min": 0}, "k": {"unique": True}})
    plans.clear()
    frames = [report.failing(outcome.rule) for outcome in report.outcomes]
    assert plans == []
    assert [frame.collect().height for frame in frames] == [1, 6]


# suggestions


@pytest.mark.parametrize("data", DATASETS)
@pytest.mark.parametrize(
    "settings",
    [{"backend": "pandas"}, {"backend": "serial", "partitions": 3}],
    ids=lambda s: s["backend"],
)
def test_suggestions_are_the_same_everywhere_and_are_kept_by_their_reference(data, settings):
    frame = sk.from_polars(dataset(data))
    suggested = sk.suggest_checks(frame, drift=True, backend="polars")
    assert sk.suggest_checks(frame, drift=True, **settings) == suggested
    report = sk.check(frame, suggested, reference=frame, **settings)
    assert report.level == ("error" if data == "empty" else "pass"), (
        report
    )  # a frame without rows is no frame to keep
