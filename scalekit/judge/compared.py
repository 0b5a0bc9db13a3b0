"""From reports on the same rows to a comparison of their models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.judge.comparison import Comparison
from scalekit.judge.deciding import Case, Terms, decide
from scalekit.judge.decision import Decision
from scalekit.judge.differences import (
    Scores,
    difference,
    disagreement_of,
    tied_with_best,
    whole_value,
)
from scalekit.judge.entries import Entry
from scalekit.judge.independence import Independence
from scalekit.judge.report import DUMMY, Report
from scalekit.judge.statistics import Tally

MODELS: dict[str, Any] = {
    "model": pl.String,
    "features": pl.Int64,
    "added": pl.List(pl.String),
    "removed": pl.List(pl.String),
    "retyped": pl.List(pl.String),
    "microseconds": pl.Float64,
    "bytes": pl.Int64,
}


@dataclass(frozen=True, eq=False)
class Subject:
    """One of the models that are compared: how it was named, and what was found of it."""

    entry: Entry
    report: Report

    @property
    def name(self) -> str:
        """What it is called in the comparison."""
        return self.entry.name

    @property
    def scores(self) -> Scores:
        """What was counted of it."""
        report = self.report
        return Scores(self.name, report.tallies["test"], report.name, report.threshold)


def comparison_of(
    subjects: Sequence[Subject], terms: Terms, tally: Tally | None, notes: Sequence[str] = ()
) -> Comparison:
    """Compare all others with the first, and decide of each.

    Parameters
    ----------
    subjects
        Judged by one protocol on the same rows.
    terms
        What a decision asks.
    tally
        Of all of them jointly; None where each was judged on its own.
    notes
        What a reader has to know.
    """
    reference, *others = subjects
    protocol = reference.report.protocol
    parts = [difference(reference.scores, other.scores, protocol) for other in others]
    about = reference.report.provenance
    return Comparison(
        names=tuple(subject.name for subject in subjects),
        reference=reference.name,
        protocol=protocol,
        layout=reference.report.layout,
        tally=tally,
        results=_results(subjects),
        differences=pl.concat(parts),
        best=tied_with_best([subject.scores for subject in subjects], protocol),
        disagreement=disagreement_of(reference.scores, [other.scores for other in others]),
        models=_models(reference, subjects),
        findings={subject.name: subject.report.findings for subject in subjects},
        decisions={
            other.name: _decision(reference, other, part, terms)
            for other, part in zip(others, parts, strict=True)
        },
        provenance={**about, "notes": list(notes), "runs": _runs(subjects)},
        reports={subject.name: subject.report for subject in subjects},
    )


def check_comparable(subjects: Sequence[Subject]) -> None:
    """Raise unless all were judged by one protocol, on the same test rows.

    Raises
    ------
    InvalidOperationError
        Naming those that were not.
    """
    first = subjects[0]
    for other in subjects[1:]:
        ids = first.report.protocol.id, other.report.protocol.id
        if ids[0] != ids[1]:
            raise InvalidOperationError(
                f"{first.name!r} was judged by the protocol {ids[0]}, and {other.name!r} by {ids[1]}: their figures do "
                "not compare; give a frame and a protocol, and both are judged by it"
            )
        if fingerprint(first.report) != fingerprint(other.report):
            raise InvalidOperationError(
                f"{first.name!r} and {other.name!r} were judged on other test rows: give a frame, and both are judged on "
                "the same"
            )


def fingerprint(report: Report) -> Mapping[str, Any] | None:
    """Which test rows a report is of."""
    found: Mapping[str, Any] | None = report.provenance.get("fingerprints", {}).get("test")
    return found


def _results(subjects: Sequence[Subject]) -> pl.DataFrame:
    """The figures of each model under its name, and of the baselines once."""
    first = subjects[0].report
    own = [
        s.report.results.filter(model=s.report.name).with_columns(model=pl.lit(s.name))
        for s in subjects
    ]
    baselines = first.results.filter(pl.col("model").is_in([DUMMY]))
    return pl.concat([*own, baselines], how="vertical_relaxed")


def _models(reference: Subject, subjects: Sequence[Subject]) -> pl.DataFrame:
    known = _types(reference)
    rows = []
    for subject in subjects:
        types, about = _types(subject), subject.report.provenance
        latency = about.get("latency", {}).get(subject.report.name)
        shared = [name for name in types if name in known]
        rows.append(
            {
                "model": subject.name,
                "features": len(types) or None,
                "added": [name for name in types if name not in known],
                "removed": [name for name in known if name not in types],
                "retyped": [name for name in shared if types[name] != known[name]],
                "microseconds": None if latency is None else latency * 1e6,
                "bytes": about.get("sizes", {}).get(subject.report.name),
            }
        )
    return pl.DataFrame(rows, schema=MODELS)


def _types(subject: Subject) -> dict[str, str]:
    """The features of a model and their types."""
    return dict(subject.report.provenance.get("feature_types", {}))


def _runs(subjects: Sequence[Subject]) -> dict[str, str]:
    found = {
        s.name: s.entry.run.id if s.entry.run is not None else s.report.provenance.get("run")
        for s in subjects
    }
    return {name: run for name, run in found.items() if run}


def _decision(
    reference: Subject, other: Subject, differences: pl.DataFrame, terms: Terms
) -> Decision:
    case = Case(
        name=other.name,
        reference=reference.name,
        protocol=other.report.protocol,
        fingerprints=(fingerprint(reference.report), fingerprint(other.report)),
        independent=_independent((reference, other), terms),
        differences=differences,
        scale=_scale(other.report),
        skill=other.report.skill,
        findings=other.report.findings,
        checks=other.report.checks,
        candidate=other.entry.candidate,
        incumbent=reference.entry.uri,
    )
    return decide(case, terms)


def _independent(pair: tuple[Subject, Subject], terms: Terms) -> tuple[bool, str]:
    """Whether the test rows lie outside of both training sets."""
    if terms.independent is not None:
        word = "lie" if terms.independent else "do not lie"
        return (
            terms.independent,
            f"who compares says that the rows {word} outside of both training sets",
        )
    known = {s.name: Independence(**_independence(s.report)) for s in pair}
    unknown = {name: one for name, one in known.items() if not one.is_known}
    said = "; ".join(f"{name}: {one.why}" for name, one in (unknown or known).items())
    return (
        not unknown,
        f"the rows {'may not' * bool(unknown)} lie outside of both training sets ({said})".replace(
            "  ", " "
        ),
    )


def _independence(report: Report) -> Mapping[str, Any]:
    found: Mapping[str, Any] = report.provenance.get("independence") or {
        "is_known": False,
        "why": "nothing is known of the rows that it was fitted on",
    }
    return found


def _scale(report: Report) -> float | None:
    """The dummy's loss by the primary metric, by which a gain becomes one of skill."""
    primary = report.primary
    value = whole_value(report.results, DUMMY, primary)
    if value is None:
        return None
    direction = report.layout.metric(primary).direction
    loss = 1.0 - value if direction == "up" else value
    return loss if loss > 0 else None
