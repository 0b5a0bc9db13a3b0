"""Reports to the store of runs, and back: what makes two runs comparable later without scoring again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.judge import statistics
from scalekit.judge.protocol.fingerprint import Fingerprint
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.report import Finding, Report, Skill
from scalekit.judge.statistics import Tally
from scalekit.tracking.keeping import open_evaluation
from scalekit.tracking.record import Measured
from scalekit.tracking.results import Evaluated

TABLES = ("importance", "learning_curve")


def recorded(report: Report, seconds: float) -> Report:
    """The report with the identifier of the run that it leaves; as it is where nothing is kept."""
    opened = open_evaluation(report.model)
    if opened is None:
        return report
    report = replace(report, provenance={**report.provenance, "run": opened.run_id})
    opened.leave(_evaluated(report, seconds))
    return report


def _evaluated(report: Report, seconds: float) -> Evaluated:
    whole = report.results.filter(pl.col("slice").is_null(), model=report.name)
    metrics = {
        row["metric"]: Measured(row["value"], row["low"], row["high"])
        for row in whole.iter_rows(named=True)
        if row["value"] is not None
    }
    return Evaluated(
        name=report.name,
        results=report.results,
        metrics=metrics,
        protocol=report.protocol.to_yaml(),
        protocol_id=report.protocol.id,
        fingerprint=fingerprint_of(report),
        primary=report.primary,
        html=report.to_html(),
        report=report.to_dict(),
        model=report.model,
        tallies=report.tables(),
        skill=None if report.skill is None else Measured(*report.skill),
        threshold=report.threshold,
        findings={finding.code: finding.status for finding in report.findings},
        provenance=report.provenance,
        training=report.provenance.get("training") or {},
        seconds=seconds,
    )


def fingerprint_of(report: Report) -> str:
    """Which test rows a report is of, as one text; empty where it is not known."""
    found = report.provenance.get("fingerprints", {}).get("test")
    return "" if found is None else Fingerprint.from_dict(found).id


def report_of(run: Any, *, with_model: bool = False) -> Report:
    """The report that a run has left.

    Parameters
    ----------
    run
        An opened :class:`~scalekit.tracking.opened.Run`.
    with_model
        Whether to load its model too; a pickle runs code when it is loaded.

    Raises
    ------
    InvalidOperationError
        Where nothing was evaluated in the run.
    """
    stored = run.report()
    if stored is None:
        raise InvalidOperationError(
            f"run {run.id} ({run.record.name}) has no report: nothing was evaluated in it"
        )
    tallies = {role: statistics.from_tables(tables) for role, tables in run.tallies().items()}
    return from_stored(stored, tallies, run.load_model() if with_model else None)


def from_stored(
    stored: Mapping[str, Any], tallies: Mapping[str, Tally], model: Any = None
) -> Report:
    """The report of which :meth:`~scalekit.judge.report.Report.to_dict` has written all but tallies and model."""
    skill = stored.get("skill")
    tables = {
        name: None
        if stored.get(name) is None
        else pl.DataFrame(stored[name], infer_schema_length=None)
        for name in TABLES
    }
    return Report(
        name=stored["name"],
        protocol=Protocol.from_dict(stored["protocol"]),
        layout=tallies["test"].layout,
        tallies=dict(tallies),
        results=pl.DataFrame(stored["results"], infer_schema_length=None),
        threshold=stored["threshold"],
        skill=None if skill is None else Skill(*map(_float, skill)),
        findings=tuple(Finding(**finding) for finding in stored["findings"]),
        model=model,
        provenance=stored["provenance"],
        **tables,
    )


def _float(value: Any) -> float:
    """A number that JSON may have as text, such as ``"nan"``."""
    return float(value)
