"""Checks SKL01 to SKL16 of a model and its data: leaks, drift, calibration, and what else spoils a judgement.

``summaries(protocol, schema, features, rows)`` is what the checks want to be kept in the pass over the rows (for
``judge(ground, models, summaries)``), and ``check(report, evidence)`` asks every check of the table ``FINDINGS``.
Nothing else is read: on a cluster, checks cost no pass of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scalekit.judge.evidence import Evidence
from scalekit.judge.findings import figures, fits, inputs, leaks, outputs
from scalekit.judge.findings.look import Look, Said
from scalekit.judge.findings.summaries import summaries_for as summaries
from scalekit.judge.report import Finding, Report

__all__ = ["FINDINGS", "Check", "check", "summaries"]


@dataclass(frozen=True)
class Check:
    """One check: what it is called, and how often it is raised where nothing is wrong.

    Attributes
    ----------
    code, title
        As findings say them.
    look
        From a report and its evidence to what it says.
    rate
        The chance, at most, that it is raised where nothing is wrong: by the level of its test where there is one, 0
        where it states a fact.
    """

    code: str
    title: str
    look: Callable[[Look], Said]
    rate: float = 0.0


FINDINGS: tuple[Check, ...] = (
    Check("SKL01", "rows of the test set among the training rows", leaks.twins),
    Check("SKL02", "groups in both train and test", leaks.groups),
    Check("SKL03", "training rows later than test rows", leaks.times),
    Check("SKL04", "a single feature that gives the target away", leaks.golden_features),
    Check("SKL05", "features that identify rows", inputs.identifiers),
    Check("SKL06", "preprocessing outside of the model", leaks.preprocessing),
    Check("SKL07", "train and test skill", figures.overfit, 0.025),
    Check("SKL08", "better than the baselines", figures.baselines, 0.025),
    Check("SKL09", "drift from train to test", inputs.drift, 0.05),
    Check("SKL10", "enough rows of each class, in slices too", outputs.events),
    Check("SKL11", "calibration", outputs.calibration, 0.05),
    Check("SKL12", "slices that are worse than the whole", figures.slices, 0.05),
    Check("SKL13", "convergence of the fit", fits.convergence),
    Check("SKL14", "exactness of the fit", fits.exactness),
    Check("SKL15", "how often these test rows were used", fits.reuse),
    Check("SKL16", "predictions that are constant or missing", outputs.degenerate),
)
"""All checks, in the order of their codes."""


def check(report: Report, evidence: Evidence) -> tuple[Finding, ...]:
    """Ask all checks.

    Parameters
    ----------
    report
        The report, whose findings are not there yet.
    evidence
        The rows by their roles, the model, and what :func:`summaries` kept.

    Returns
    -------
    tuple of Finding
        One for each check, in the order of their codes.
    """
    look = Look(report, evidence)
    return tuple(_finding(one, one.look(look)) for one in FINDINGS)


def _finding(one: Check, said: Said) -> Finding:
    return Finding(one.code, one.title, said.status, said.number, said.message, said.fix)
