"""From what a pass has counted of a model to its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from typing import Any

from scalekit.checks.check import check
from scalekit.checks.report import DataReport
from scalekit.frame.frame import Frame
from scalekit.judge import statistics
from scalekit.judge.judging import Judgement
from scalekit.judge.preparing import Prepared
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.provenance import provenance
from scalekit.judge.report import DUMMY, Report, Skill
from scalekit.judge.statistics import Tally
from scalekit.judge.threshold import choose_threshold


def reported(
    prepared: Prepared,
    judgement: Judgement,
    name: str,
    notes: tuple[str, ...] = (),
    *,
    training: Mapping[str, Any] | None = None,
    checks: DataReport | None = None,
) -> Report:
    """The report of one of the models that a pass has asked, against the baselines among the others.

    Parameters
    ----------
    prepared
        Rows, protocol and models.
    judgement
        What the pass has kept.
    name
        Of the model.
    notes
        What a reader has to know.
    training
        What is known of the rows that it was fitted on, where a run says so.
    checks
        What was found of the rows.
    """
    protocol, tallies = prepared.ground.protocol, judgement.scored.tallies
    in_folds = bool(prepared.ground.rows.folds)
    threshold, origin = choose_threshold(tallies, name, in_folds=in_folds)
    shown = [name, *(one for one in judgement.layout.models if one not in prepared.models)]
    about = provenance(prepared, judgement, name, notes, training)
    return Report(
        name=name,
        protocol=protocol,
        layout=judgement.layout,
        tallies=tallies,
        results=statistics.results(
            tallies["test"], level=protocol.ci.level, threshold=threshold, models=shown
        ),
        threshold=threshold,
        skill=skill_of(tallies["test"], name, protocol),
        model=prepared.final[name],
        checks=checks,
        provenance={**about, "threshold_from": origin},
    )


def skill_of(tally: Tally, name: str, protocol: Protocol) -> Skill | None:
    """Skill of the primary metric against the dummy; None where it does not exist."""
    if DUMMY not in tally.layout.models:
        return None
    found = statistics.skill(tally, name, DUMMY, protocol.primary, protocol.ci.level)
    return Skill(*found) if isfinite(found[0]) else None


def checks_of(frame: Frame, data_checks: Any) -> DataReport | None:
    """What checks of the rows found; rules are tested now."""
    if data_checks is None or isinstance(data_checks, DataReport):
        return data_checks
    return check(frame, data_checks)


def timed(report: Report, seconds: float) -> Report:
    """The report that says how long it took."""
    return replace(report, provenance={**report.provenance, "seconds": seconds})
