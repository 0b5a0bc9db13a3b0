"""Section 1: whether the model is worth anything, what the checks say, and what has to be known before the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scalekit.display.text import amount
from scalekit.judge.pages.blocks import Block, Column, Section, Sentence, Table, Verdict
from scalekit.judge.pages.figures import figure_text, interval_text, places
from scalekit.judge.pages.lettering import isolated

if TYPE_CHECKING:
    from scalekit.judge.report import Finding, Report

_ORDER = {"fail": 0, "warn": 1, "pass": 2, "n/a": 3}
_COLUMNS = (
    Column("Check"),
    Column("Status"),
    Column("Found"),
    Column("What to do"),
    Column("Number", numeric=True),
)


def section(report: Report) -> Section:
    """The lines that a reader in a hurry reads.

    Parameters
    ----------
    report
        The report.
    """
    return Section(
        "verdict", "1. Verdict", (*verdicts(report), *_reading(report), *_checks(report.findings))
    )


def short(report: Report) -> Section:
    """The same for a terminal: of the checks only those that warn or fail, each with what to do.

    Parameters
    ----------
    report
        The report.
    """
    raised = sorted(
        (one for one in report.findings if one.status in ("warn", "fail")),
        key=lambda one: (_ORDER[one.status], one.code),
    )
    lines = (
        Verdict(
            one.status, f"{one.code} {one.title}: {one.message}{f'; {one.fix}' * bool(one.fix)}"
        )
        for one in raised
    )
    return Section("verdict", "1. Verdict", (*verdicts(report), *lines, *_reading(report)))


def verdicts(report: Report) -> tuple[Verdict, ...]:
    """Skill, checks, and checks of the data, a line each."""
    return (_skill(report), findings_line(report.findings), *_data_checks(report))


def _skill(report: Report) -> Verdict:
    """Whether the interval of the skill is above zero."""
    if report.skill is None:
        return Verdict(
            "n/a", f"Skill: {report.primary} has none against the dummy, or there is no dummy."
        )
    value, low, high = report.skill
    decimals = places(low, high)
    told = f"Skill {figure_text(value, decimals)} {interval_text(low, high, decimals)}".rstrip()
    share = f"of the dummy's {report.primary} that {isolated(report.name)} takes away"
    if low > 0:
        return Verdict(
            "pass", f"{told}: the share {share}; 1 is perfect, 0 no better than the dummy."
        )
    if high < 0:
        return Verdict(
            "fail",
            f"{told}: worse than the dummy by {report.primary}; the share {share} is negative.",
        )
    return Verdict(
        "fail", f"{told}: the interval of the share {share} includes 0, so it may be no better."
    )


def findings_line(findings: Sequence[Finding]) -> Verdict:
    """How many checks failed, and which."""
    if not findings:
        return Verdict("n/a", "Checks: none were run.")
    by_status = {status: [f for f in findings if f.status == status] for status in _ORDER}
    failed, warned = by_status["fail"], by_status["warn"]
    others = f"{len(by_status['pass'])} passed, {len(by_status['n/a'])} not applicable"
    if not failed and not warned:
        return Verdict("pass", f"Checks: {others}.")
    told = "; ".join(f"{finding.code} {finding.title}" for finding in failed + warned)
    counts = f"{len(failed)} failed, {amount(len(warned), 'warning')}, {others}"
    return Verdict("fail" if failed else "warn", f"Checks: {counts}: {told}.")


def _data_checks(report: Report) -> Iterator[Verdict]:
    """What the checks of the rows themselves say, and which of them are not kept."""
    if report.checks is None:
        return
    broken = [one for one in report.checks.outcomes if one.level != "pass"]
    told = "; ".join(f"{isolated(one.rule)} ({one.level})" for one in broken)
    status = "fail" if not report.checks.passed else "warn" if broken else "pass"
    kept = f"{len(report.checks.outcomes) - len(broken)} of {amount(len(report.checks.outcomes), 'rule')} kept"
    yield Verdict(status, f"Data: {kept}: {told}." if told else f"Data: {kept}.")


def _reading(report: Report) -> Iterator[Sentence]:
    """What the intervals cover, and the notes of whoever made the report."""
    level = f"{report.protocol.ci.level:.0%}".replace("%", " %")
    yield Sentence(
        f"Intervals are of {level}: they cover which rows happened to be in the test set, not the "
        "randomness of training."
    )
    yield from (Sentence(note) for note in report.notes)


def _checks(findings: Sequence[Finding]) -> Iterator[Block]:
    """Every check, those that failed first."""
    if not findings:
        return
    rows = tuple(
        (
            f"{finding.code} {finding.title}",
            Verdict(finding.status, ""),
            finding.message,
            finding.fix,
            figure_text(finding.number),
        )
        for finding in sorted(findings, key=lambda one: (_ORDER[one.status], one.code))
    )
    yield Table("Checks of leakage and sanity", _COLUMNS, rows)
