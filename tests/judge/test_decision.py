"""When a model takes the place of another: bounds decide, every condition is said, met or not."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from scalekit.judge.deciding import Case, Terms, decide
from scalekit.judge.decision import Decision
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.report import Finding, Skill
from scalekit.tracking.decision import Decision as Protocolled
from scalekit.tracking.decision import objections

PRINT = {"rows": 10, "xor": "aa", "sum": "bb", "schema": "cc"}


def row(
    metric: str, value: float, width: float, direction: str = "down", **more: Any
) -> dict[str, Any]:
    return {
        "metric": metric, "slice": None, "level": None, "value": value, "low": value - width, "high": value + width,
        "direction": direction, "n": 1000, "events": 400, **more,
    }  # fmt: skip


def case(*rows: dict[str, Any], **changes: Any) -> Case:
    guards = changes.pop("guards", {})
    types = {"slice": pl.String, "level": pl.String}
    given = {
        "name": "dev",
        "reference": "prod",
        "protocol": Protocol("binary", "late", key="id", slices="region", guards=guards),
        "differences": pl.DataFrame(rows, schema_overrides=types),
        "scale": 0.5,
        "findings": (),
        "checks": None,
        "fingerprints": (PRINT, PRINT),
        "independent": (True, "the rows are new to both"),
    }
    return Case(**{**given, **changes})


def unmet(found: Decision) -> list[str]:
    return [condition.name for condition in found.unmet]


def test_a_model_that_is_surely_better_is_promoted():
    found = decide(case(row("log_loss", -0.02, 0.01)), Terms())
    assert found
    assert found.passed
    assert unmet(found) == []
    assert [one.name for one in found.conditions] == [
        "independent",
        "rows",
        "skill",
        "better",
        "findings",
    ]
    assert found.reasons[0] == "the rows are new to both: met"
    assert isinstance(found, Protocolled)
    assert objections(found, None) == ()
    assert found.conditions[2].number == pytest.approx(0.01 / 0.5)


@pytest.mark.parametrize(
    ("value", "width", "terms", "promoted"),
    [
        (-0.02, 0.03, Terms(), False),  # better, not surely
        (0.0, 0.0, Terms(), False),  # the same
        (0.0, 0.0, Terms(allow_equal=True), True),
        (0.001, 0.002, Terms(allow_equal=True), False),
        (0.001, 0.002, Terms(margin=0.01, allow_equal=True), True),
        (0.001, 0.002, Terms(margin=0.01), False),  # a margin alone asks for better still
        (0.02, 0.01, Terms(margin=0.01, allow_equal=True), False),
    ],
)
def test_what_better_means(value: float, width: float, terms: Terms, promoted: bool):
    assert decide(case(row("log_loss", value, width)), terms).passed is promoted


def test_a_metric_of_which_more_is_better():
    protocol = Protocol("binary", "late", key="id", primary="roc_auc")
    assert decide(case(row("roc_auc", 0.02, 0.01, "up"), protocol=protocol), Terms())
    assert not decide(case(row("roc_auc", -0.02, 0.01, "up"), protocol=protocol), Terms())


@pytest.mark.parametrize(
    ("metric", "value", "width", "direction", "tolerance", "met"),
    [
        ("roc_auc", -0.003, 0.001, "up", -0.005, True),
        ("roc_auc", -0.003, 0.003, "up", -0.005, False),  # at the bad end of its interval
        ("ece", 0.004, 0.001, "down", 0.01, True),
        ("ece", 0.009, 0.002, "down", 0.01, False),
        ("ece", 0.0, 0.0, "down", 0.0, True),
    ],
)
def test_guards_are_held_at_the_bad_end_of_the_interval(
    metric: str, value: float, width: float, direction: str, tolerance: float, met: bool
):
    better = row("log_loss", -0.02, 0.01)
    guarded = row(metric, value, width, direction)
    found = decide(case(better, guarded, guards={metric: tolerance}), Terms())
    assert unmet(found) == ([] if met else [f"guard {metric}"])
    assert found.passed is met


def test_a_guard_without_a_number_is_not_met():
    found = decide(case(row("log_loss", -0.02, 0.01), guards={"ece": 0.01}), Terms())
    assert unmet(found) == ["guard ece"]


def sliced(
    level: str, value: float, width: float, n: int = 1000, events: int = 400
) -> dict[str, Any]:
    return row("log_loss", value, width, slice="region", level=level, n=n, events=events)


def test_a_guarded_slice_that_is_surely_worse_stops_a_promotion():
    better = row("log_loss", -0.02, 0.01)
    guards = {"slice:region": -0.01}
    fine = decide(case(better, sliced("north", 0.004, 0.1), guards=guards), Terms())
    assert fine.passed  # worse, not surely
    bad = decide(
        case(better, sliced("north", 0.1, 0.05), sliced("south", -0.1, 0.05), guards=guards),
        Terms(),
    )
    assert unmet(bad) == ["slice:region"]
    assert "'north'" in bad.unmet[0].message
    assert "'south'" not in bad.unmet[0].message


def test_small_slices_decide_nothing():
    better = row("log_loss", -0.02, 0.01)
    few = [sliced("isle", 0.3, 0.1, n=150), sliced("rock", 0.3, 0.1, events=20)]
    assert decide(case(better, *few, guards={"slice:region": -0.01}), Terms())


def test_a_check_that_fails_stops_a_promotion():
    findings = (
        Finding("SKL01", "rows in both", "fail", 12.0, "12 rows of the test are in training"),
        Finding("SKL07", "gap", "warn", 0.05, "a gap"),
    )
    found = decide(case(row("log_loss", -0.02, 0.01), findings=findings), Terms())
    assert unmet(found) == ["findings"]
    assert "SKL01 12 rows" in found.unmet[0].message


def test_other_rows_stop_a_promotion():
    found = decide(
        case(row("log_loss", -0.02, 0.01), fingerprints=(PRINT, {**PRINT, "xor": "ff"})), Terms()
    )
    assert unmet(found) == ["rows"]
    unknown = case(row("log_loss", -0.02, 0.01), fingerprints=(None, None))
    assert unmet(decide(unknown, Terms())) == ["rows"]


@pytest.mark.parametrize(
    ("skill", "passed"),
    [(Skill(0.2, 0.1, 0.3), True), (Skill(0.1, -0.1, 0.3), False), (None, False)],
)
def test_the_first_model_has_to_beat_the_dummy(skill: Skill | None, passed: bool):
    assert decide(case(reference=None, skill=skill), Terms()).passed is passed


def test_rows_of_a_training_set_stop_a_promotion():
    better = row("log_loss", -0.02, 0.01)
    found = decide(
        case(better, independent=(False, "nobody knows what prod was fitted on")), Terms()
    )
    assert unmet(found) == ["independent"]
    assert objections(found, None)[0].startswith("the decision did not pass: nobody knows")


def test_a_decision_survives_json():
    found = decide(case(row("log_loss", -0.02, 0.01)), Terms())
    assert Decision.from_dict(json.loads(found.to_json())) == found
    assert repr(found).startswith("promote dev instead of prod\n  ✓ ")
