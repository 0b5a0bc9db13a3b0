"""Compare models on the same rows: differences with intervals, who is tied with the best, and who replaces whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

from scalekit.checks.report import DataReport
from scalekit.errors import InvalidOperationError
from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.judge.compared import Subject, check_comparable, comparison_of
from scalekit.judge.comparison import Comparison
from scalekit.judge.deciding import Terms
from scalekit.judge.entries import Entry, entries_of
from scalekit.judge.examining import examined, wanted_of
from scalekit.judge.judging import dummy, judge, judged_model
from scalekit.judge.preparing import Prepared, prepare
from scalekit.judge.protocol.inferred import protocol_of
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.report import Report
from scalekit.judge.reporting import checks_of, reported
from scalekit.learn.arguments import check_frame
from scalekit.tracking.keeping import untracked


@folded
def compare(
    models: Mapping[str, Any],
    frame: Frame | None = None,
    protocol: Any = None,
    *,
    train: Frame | None = None,
    valid: Frame | None = None,
    features: Any = None,
    data_checks: Any = None,
    margin: float = 0.0,
    allow_equal: bool = False,
    independent: bool | None = None,
    **keywords: Any,
) -> Comparison:
    """Compare models by a protocol, on the same rows: what one has over another, with intervals, and a decision.

    With a frame, one pass asks all models about all rows. Without one, runs and reports that were judged by one protocol on
    the same test rows are compared by what was counted then, and no row is read.

    What both models find hard cancels in a difference on the same rows: it is known several times better than either
    figure, so that two intervals that overlap say nothing.

    Parameters
    ----------
    models
        By name, the reference first: a fitted model; an estimator, which is fitted as by :func:`scalekit.evaluate`; a
        report; a run or its identifier; ``"models:/churn@production"``, a registered version.
    frame, protocol, train, valid, features, keywords
        As for :func:`scalekit.evaluate`.
    data_checks
        Rules for the rows, as for :func:`scalekit.check`, or what that found; a decision asks that they are kept.
    margin
        Loss of skill that a decision tolerates where ``allow_equal``.
    allow_equal
        Whether a model may take the reference's place that is as good, rather than better.
    independent
        Whether the test rows lie outside of what the models were fitted on, where you know; by default that is found
        out from the rows that each was fitted on, and unknown is no.

    Returns
    -------
    Comparison
        ``differences`` of every metric and slice; ``best``, the models tied with the best; ``disagreement``;
        ``decisions``, and ``decision`` of two models.

    Raises
    ------
    InvalidOperationError
        Where there are not two models, or runs without a frame were judged by different protocols or on other rows.
    RunNotFoundError
        Where there is no such run or registered version.

    Notes
    -----
    A p value is two-sided, of no difference, from a delete-a-block jackknife of the difference. Those of guards are
    adjusted together (Holm), and those of all other metrics; those of slices by metric (Benjamini and Hochberg). The
    decision is that of LEARN section 4.4.

    Examples
    --------
    >>> import scalekit as sk
    >>> from sklearn.linear_model import Ridge
    >>> frame = sk.from_dict({"id": list(range(900)), "x": [i % 7 for i in range(900)]})
    >>> frame = frame.with_columns(y=sk.col("x") * 2.0 + sk.col("id") % 3)
    >>> found = sk.compare({"flat": Ridge(1e4), "steep": Ridge()}, frame, target="y", key="id", task="regression")
    >>> found.best, found.decision.passed
    (('steep',), True)
    """
    began = perf_counter()
    entries = entries_of(models)
    terms = Terms(margin, allow_equal, independent)
    with untracked():
        if frame is None:
            _check_stored(entries, protocol, keywords)
            found = _as_stored(entries, terms, data_checks)
        else:
            check_frame(frame, "compare")
            by = protocol_of(frame, _protocol_for(entries, protocol, keywords), **keywords)
            given = {"train": train, "valid": valid, "features": features}
            found = _jointly(entries, (frame, by, given), terms, data_checks)
    return replace(found, provenance={**found.provenance, "seconds": perf_counter() - began})


def _jointly(
    entries: Mapping[str, Entry],
    rows: tuple[Frame, Protocol, Mapping[str, Any]],
    terms: Terms,
    data_checks: Any,
) -> Comparison:
    """Fit what is not fitted, ask all models about all rows in one pass, and compare what was counted."""
    frame, protocol, given = rows
    named = {name: entry.model() for name, entry in entries.items()}
    prepared = prepare(named, frame, protocol, **given)
    ground = prepared.ground
    judged = [judged_model(name, model, ground) for name, model in prepared.models.items()]
    judgement = judge(ground, [*judged, dummy(ground)], wanted_of(ground, judged))
    checks = checks_of(frame, data_checks)
    subjects = [
        Subject(
            _with_fitted(entry, prepared),
            examined(
                reported(prepared, judgement, name, training=entry.training, checks=checks),
                prepared,
                judgement,
            ),
        )
        for name, entry in entries.items()
    ]
    notes = dict.fromkeys(note for subject in subjects for note in subject.report.notes)
    return comparison_of(subjects, terms, judgement.scored.tallies["test"], tuple(notes))


def _with_fitted(entry: Entry, prepared: Prepared) -> Entry:
    """What is handed on of an estimator that was fitted for the comparison."""
    if entry.name not in prepared.fitted_here:
        return entry
    return Entry(entry.name, prepared.final[entry.name])


def _as_stored(entries: Mapping[str, Entry], terms: Terms, data_checks: Any) -> Comparison:
    """Compare what was counted when each was judged; no row is read."""
    if data_checks is not None and not isinstance(data_checks, DataReport):
        raise InvalidOperationError(
            "data_checks= are rules for rows, and there is no frame: give what sk.check(frame, rules) found"
        )
    subjects = [Subject(entry, _checked(entry.report(), data_checks)) for entry in entries.values()]
    check_comparable(subjects)
    notes = [f"{s.name}: {note}" for s in subjects for note in s.report.notes]
    return comparison_of(subjects, terms, None, notes)


def _checked(report: Report, checks: DataReport | None) -> Report:
    return report if checks is None else replace(report, checks=checks)


def _protocol_for(entries: Mapping[str, Entry], protocol: Any, keywords: Mapping[str, Any]) -> Any:
    """The protocol that was given, else that of the first entry that was judged before."""
    if protocol is not None or keywords.get("target") is not None:
        return protocol
    for entry in entries.values():
        if entry.has_report:
            return entry.report().protocol
    return None


def _check_stored(entries: Mapping[str, Entry], protocol: Any, keywords: Mapping[str, Any]) -> None:
    unjudged = [name for name, entry in entries.items() if not entry.has_report]
    if unjudged:
        raise InvalidOperationError(
            f"{', '.join(map(repr, unjudged))}: not judged before, so there is nothing to compare without rows; give the "
            "frame, as in sk.compare(models, frame, protocol)"
        )
    if protocol is not None or keywords:
        raise InvalidOperationError(
            "without a frame, models are compared by the protocol that they were judged by: leave out "
            f"{'protocol' if protocol is not None else ', '.join(keywords)}, or give the frame"
        )
