"""Each planted fault is found by the check that should; on clean problems none is raised more often than its rate."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
import pytest
from scipy import stats
from sklearn.linear_model import SGDClassifier

import scalekit as sk
from scalekit import parts
from scalekit.judge.evaluate import evaluate
from scalekit.judge.findings import FINDINGS
from scalekit.judge.findings.fits import OFTEN
from scalekit.judge.report import Finding
from tests.judge.findings.problems import CLEAN, FAULTS, FEATURES, Problem, binary, logistic

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RATES = {one.code: one.rate for one in FINDINGS}


def findings(problem: Problem, **settings: Any) -> dict[str, Finding]:
    return {finding.code: finding for finding in problem.report(**settings).findings}


def raised(found: dict[str, Finding]) -> set[str]:
    return {code for code, finding in found.items() if finding.status in ("warn", "fail")}


def test_the_table_has_sixteen_checks():
    assert [one.code for one in FINDINGS] == [f"SKL{number:02d}" for number in range(1, 17)]
    assert all(0 <= one.rate <= 0.05 for one in FINDINGS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_its_check_and_by_no_other(name):
    fault = FAULTS[name]
    found = findings(fault.problem)
    finding = found[fault.code]
    assert finding.status == fault.status, finding
    assert finding.fix
    assert finding.message
    assert finding.number is not None
    assert raised(found) - {fault.code} <= set(fault.follows), [found[c] for c in raised(found)]


WITHOUT_A_PROBLEM = ("SKL14", "SKL15")
"""Faults of the fit and of the use of the rows, which are planted below."""


def test_every_check_has_its_fault():
    assert {fault.code for fault in FAULTS.values()} | {*WITHOUT_A_PROBLEM} == {*RATES}
    assert len(FAULTS) >= 12


def test_an_approximate_fit():
    rows = binary(20, 2000)
    frame = sk.from_polars(rows)
    model = sk.fit(SGDClassifier(loss="log_loss", max_iter=5, tol=None, random_state=0), sk.split(frame, key="id").train,
                   target="y", features=FEATURES, solver="passes")  # fmt: skip
    assert model.scalekit_fit_.exactness == "approximate"
    with sk.config(track=False):
        report = evaluate(model, frame, target="y", key="id")
        (found,) = [finding for finding in report.findings if finding.code == "SKL14"]
        assert (found.status, found.message) == ("warn", "the fit is approximate")
        exact = sk.fit(logistic(), sk.split(frame, key="id").train, target="y", features=FEATURES)
        report = evaluate(exact, frame, target="y", key="id")
    assert {f.code: f.status for f in report.findings}["SKL14"] == "pass"


@pytest.mark.slow
def test_test_rows_that_are_used_too_often(tmp_path):
    frame = sk.from_polars(binary(21, 1200))
    model = logistic().fit(
        binary(22, 1200).select(FEATURES).to_pandas(), binary(22, 1200)["y"].to_numpy()
    )
    with sk.config(store=str(tmp_path)):
        for number in range(1, OFTEN + 2):
            report = evaluate(
                model, frame, features=FEATURES, target="y", key="id", baselines=["dummy"]
            )
            found = {f.code: f for f in report.findings}["SKL15"]
            assert found.number == number
            assert found.status == ("pass" if number <= OFTEN else "warn")
        other = evaluate(
            model, sk.from_polars(binary(23, 1200)), features=FEATURES, target="y", key="id"
        )
    assert "2.5 standard errors" in found.message
    assert {f.code: f for f in other.findings}["SKL15"].number == 1


def test_copies_across_folds_are_found():
    rows = binary(24, 1500)
    copies = rows.head(300).with_columns(id=pl.col("id") + 10_000)
    with sk.config(track=False):
        clean = evaluate(logistic(), sk.from_polars(rows), features=FEATURES, target="y", key="id")
        copied = evaluate(
            logistic(),
            sk.from_polars(pl.concat([rows, copies])),
            features=FEATURES,
            target="y",
            key="id",
        )
    assert "cross-validation" in copied.provenance["rows_from"]
    by_code = {f.code: f for f in copied.findings}
    assert by_code["SKL01"].status == "fail"
    assert by_code["SKL01"].number == pytest.approx(600 * 0.8 / 1800, abs=0.03)
    assert {f.code: f.status for f in clean.findings}["SKL01"] == "pass"
    assert by_code["SKL07"].status == by_code["SKL09"].status == "n/a"


def same(one: Finding, other: Finding) -> bool:
    """The same but for the last digits of sums, which are added in another order."""
    numbers = (one.number, other.number)
    return (one.code, one.status) == (other.code, other.status) and (
        numbers[0] == numbers[1] or numbers[0] == pytest.approx(numbers[1], rel=1e-6, abs=1e-9)
    )


SOME = {"clean": CLEAN["clean_groups-0"], "copies": FAULTS["duplicate rows"].problem,
        "identifier": FAULTS["an identifier"].problem, "drift": FAULTS["drift that training did not see"].problem,
        "scaled": FAULTS["scaled before the split"].problem}  # fmt: skip


def assert_same_findings(name: str, settings: dict[str, Any]) -> None:
    wanted, found = findings(SOME[name], backend="polars"), findings(SOME[name], **settings)
    assert [code for code in wanted if not same(wanted[code], found[code])] == [], (wanted, found)


@pytest.mark.parametrize("name", SOME)
def test_parts_find_the_same(name):
    assert_same_findings(name, {"backend": "serial", "partitions": 3})


@pytest.mark.parametrize("name", ["clean", "copies"])
def test_pandas_finds_the_same(name):
    assert_same_findings(name, {"backend": "pandas"})


@pytest.mark.dask
def test_dask_finds_the_same(dask_settings):
    assert_same_findings("copies", {**dask_settings, "partitions": 3})


@pytest.mark.ray
def test_ray_finds_the_same():
    settings = {"backend": "ray", "workers": 2, "worker_memory": "1GiB", "progress": False}
    assert_same_findings("copies", {**settings, "partitions": 3})


def test_checks_read_the_rows_once(monkeypatch):
    passes = []
    answers = parts.answers

    def counted(plan: Any, *arguments: Any, **settings: Any) -> Any:
        passes.append(plan)
        return answers(plan, *arguments, **settings)

    monkeypatch.setattr(parts, "answers", counted)
    report = SOME["clean"].report()
    assert len(passes) == 1
    assert report.provenance["passes"] == 1
    assert len(report.findings) == len(FINDINGS)


def most(rate: float, problems: int) -> int:
    """How often a check of this rate is raised on so many problems in all but one of a thousand runs."""
    return int(stats.binom.ppf(0.999, problems, rate)) if rate else 0


@pytest.mark.slow
def test_no_check_is_raised_on_clean_problems_more_often_than_its_rate():
    counts: Counter[str] = Counter()
    told = []
    for name, problem in CLEAN.items():
        found = findings(problem)
        counts.update(raised(found))
        told += [f"{name}: {found[code]}" for code in raised(found)]
    assert len(CLEAN) == 20
    too_often = {code: n for code, n in counts.items() if n > most(RATES[code], len(CLEAN))}
    assert not too_often, told
