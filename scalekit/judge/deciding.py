"""The rule by which a model takes the place of another (LEARN §4.4): bounds, not point estimates, decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from scalekit.judge.decision import Condition, Decision
from scalekit.judge.differences import SLICE_GUARD
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.report import Finding, Skill

LEAST_ROWS, LEAST_EVENTS = 200, 30
"""Levels of slices with fewer rows, or fewer of the rarest class, decide nothing."""


@dataclass(frozen=True)
class Terms:
    """What a candidate has to show.

    Attributes
    ----------
    margin
        Loss of skill that is tolerated where equal is enough.
    allow_equal
        Whether a candidate may be no worse, rather than better.
    independent
        Whether the rows lie outside of both training sets, where who compares says so; None to find out.
    """

    margin: float = 0.0
    allow_equal: bool = False
    independent: bool | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """What is known of a candidate and the model that it would replace.

    Attributes
    ----------
    name, reference
        Their names; no reference where the candidate replaces none.
    protocol
        By what they were judged; its guards count.
    fingerprints
        Of the test rows of each; equal where both were judged on the same rows.
    independent
        Whether these are known to lie outside of both training sets, and why not where they are not.
    differences
        The rows of a comparison's ``differences`` that are of the candidate.
    scale
        Loss of the dummy by the primary metric: a gain divided by it is a gain of skill; None where there is none.
    skill
        Of the candidate, against the dummy.
    findings
        Of the candidate.
    checks
        What :func:`scalekit.check` said of the rows; None where it was not asked.
    candidate, incumbent
        As in a :class:`~scalekit.judge.decision.Decision`.
    """

    name: str
    reference: str | None
    protocol: Protocol
    fingerprints: tuple[Any, Any]
    independent: tuple[bool, str]
    differences: pl.DataFrame
    scale: float | None = None
    skill: Skill | None = None
    findings: Sequence[Finding] = ()
    checks: Any = None
    candidate: Any = None
    incumbent: str | None = None


def decide(case: Case, terms: Terms) -> Decision:
    """Whether the candidate is promoted, with every condition, met or not.

    The primary metric's gain has a lower bound above 0, or above ``-margin`` where equal is enough; no guard may, at the
    bad end of its interval, be worse than tolerated; no guarded slice may be significantly worse than tolerated; no
    check of the model or of the rows may fail; and both were judged on the same rows, which neither was fitted on. A
    candidate that replaces no model has to be better than the dummy.
    """
    conditions = (
        _independent(case),
        *((_first(case),) if case.reference is None else _against(case, terms)),
        _failed(case.findings),
        *_checks(case),
    )
    return Decision(
        passed=all(condition.met for condition in conditions),
        name=case.name,
        reference=case.reference,
        conditions=conditions,
        independent=case.independent[0],
        candidate=case.candidate,
        incumbent=case.incumbent,
        protocol_id=case.protocol.id,
        fingerprint=case.fingerprints[1],
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _against(case: Case, terms: Terms) -> Iterator[Condition]:
    """What is asked of a model that replaces another."""
    yield _rows(case)
    yield from _primary(case, terms)
    yield from _guards(case)
    yield from _slices(case)


def _first(case: Case) -> Condition:
    """What is asked of a model that replaces none."""
    skill = case.skill
    if skill is None:
        return Condition(
            "skill", met=False, message="there is no skill: the primary metric has no dummy"
        )
    message = (
        f"skill against the dummy {skill.value:+.4f} (from {skill.low:+.4f}) has to be above 0"
    )
    return Condition("skill", bool(skill.low > 0), message, skill.low, 0.0)


def _independent(case: Case) -> Condition:
    met, why = case.independent
    return Condition("independent", met, why)


@dataclass(frozen=True)
class Gain:
    """How much better a candidate is, with bounds: more is better whatever the metric's direction."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, row: Mapping[str, Any], scale: float = 1.0) -> Gain:
        """From a row of differences."""
        ends = (row["low"], row["high"])
        low, high = (float("nan") if end is None else end / scale for end in ends)
        if row["direction"] == "up":
            return cls(row["value"] / scale, low, high)
        return cls(-row["value"] / scale, -high, -low)

    def __str__(self) -> str:
        return f"{self.value:+.4f} ({self.low:+.4f} to {self.high:+.4f})"


def _rows(case: Case) -> Condition:
    here, there = case.fingerprints
    is_same = here is not None and here == there
    message = (
        "both were judged on the same test rows"
        if is_same
        else "they were judged on other test rows"
    )
    return Condition("rows", is_same, message)


def _primary(case: Case, terms: Terms) -> Iterator[Condition]:
    name = str(case.protocol.primary)
    row = _whole(case, name)
    if row is None:
        yield Condition("skill", met=False, message=f"there is no difference of {name}")
        return
    gain = Gain.of(row, case.scale or 1.0)
    what = f"skill by {name}" if case.scale else name
    limit = 0.0 - terms.margin
    not_worse = gain.low >= limit
    yield Condition(
        "skill", not_worse,
        f"gain of {what} {gain}, of which the lower bound has to be {limit:+.4f} or more", gain.low, limit,
    )  # fmt: skip
    if not terms.allow_equal:
        yield Condition(
            "better", gain.low > 0,
            f"gain of {what} {gain}, of which the lower bound has to be above 0 (allow_equal=True asks for less)",
            gain.low, 0.0,
        )  # fmt: skip


def _guards(case: Case) -> Iterator[Condition]:
    for name, tolerance in case.protocol.guards.items():
        if name.startswith(SLICE_GUARD):
            continue
        row, limit = _whole(case, name), 0.0 - abs(tolerance)
        if row is None or row["low"] is None:
            yield Condition(
                f"guard {name}",
                met=False,
                message=f"guard {name}: there is no interval of its change",
            )
            continue
        gain = Gain.of(row)
        yield Condition(
            f"guard {name}", gain.low >= limit,
            f"guard {name}: gain {gain}, of which the lower bound has to be {limit:+.4f} or more",
            gain.low, limit,
        )  # fmt: skip


def _slices(case: Case) -> Iterator[Condition]:
    for name, tolerance in case.protocol.guards.items():
        if not name.startswith(SLICE_GUARD):
            continue
        slice_name, limit = name.removeprefix(SLICE_GUARD), 0.0 - abs(tolerance)
        rows = case.differences.filter(
            pl.col("slice") == slice_name, metric=str(case.protocol.primary)
        )
        levels = [row for row in rows.iter_rows(named=True) if _is_enough(row)]
        gains = {str(row["level"]): Gain.of(row, case.scale or 1.0) for row in levels}
        worse = {level: gain for level, gain in gains.items() if gain.high < limit}
        if not gains:
            message = (
                f"{name}: no level has {LEAST_ROWS} rows and {LEAST_EVENTS} of the rarest class"
            )
        elif worse:
            listed = ", ".join(f"{level!r} {gain}" for level, gain in worse.items())
            message = f"{name}: significantly worse than {limit:+.4f} in {listed}"
        else:
            message = (
                f"{name}: none of {len(gains)} levels is significantly worse than {limit:+.4f}"
            )
        least = min((gain.value for gain in gains.values()), default=None)
        yield Condition(name, not worse, message, least, limit)


def _failed(findings: Sequence[Finding]) -> Condition:
    failed = [finding for finding in findings if finding.status == "fail"]
    if failed:
        listed = "; ".join(f"{finding.code} {finding.message}" for finding in failed)
        return Condition(
            "findings",
            met=False,
            message=f"checks fail: {listed}",
            number=float(len(failed)),
            limit=0.0,
        )
    return Condition(
        "findings", met=True, message=f"none of {len(findings)} checks fails", number=0.0, limit=0.0
    )


def _checks(case: Case) -> Iterator[Condition]:
    if case.checks is None:
        return
    met = bool(case.checks.passed)
    yield Condition(
        "checks", met, "the rows pass their checks" if met else "checks of the rows fail"
    )


def _whole(case: Case, metric: str) -> dict[str, Any] | None:
    found = case.differences.filter(pl.col("slice").is_null(), metric=metric)
    return found.row(0, named=True) if found.height else None


def _is_enough(row: Mapping[str, Any]) -> bool:
    events = row.get("events")
    return (
        row.get("low") is not None
        and row.get("n", LEAST_ROWS) >= LEAST_ROWS
        and (events is None or events >= LEAST_EVENTS)
    )
