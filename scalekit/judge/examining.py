"""What the checks of a report want of the pass, and the report with what they found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scalekit.expr.builders import col
from scalekit.judge import findings
from scalekit.judge.census import ROLE
from scalekit.judge.evidence import Evidence, Summary
from scalekit.judge.judged import Judged
from scalekit.judge.judging import Ground, Judgement
from scalekit.judge.preparing import Prepared
from scalekit.judge.report import Report
from scalekit.learn.arguments import schema


def wanted_of(ground: Ground, judged: Sequence[Judged]) -> tuple[Summary, ...]:
    """What the checks of all judged models want to be kept in their pass.

    Parameters
    ----------
    ground
        What models are judged on.
    judged
        The models that get a report.
    """
    features = tuple(dict.fromkeys(name for one in judged for name in one.inputs))
    return findings.summaries(
        ground.protocol, schema(ground.rows.frame), features, ground.census.rows
    )


def examined(report: Report, prepared: Prepared, judgement: Judgement) -> Report:
    """The report with the findings of SKL01 to SKL16.

    Parameters
    ----------
    report
        Without findings.
    prepared
        Rows, protocol and models.
    judgement
        What the pass has kept, with the summaries of :func:`wanted_of`.
    """
    ground = prepared.ground
    inputs = {one.name: one.inputs for one in judgement.models}
    evidence = Evidence(
        frame=ground.rows.frame,
        role=col(ROLE),
        features=inputs.get(report.name, ()),
        model=report.model,
        config=ground.config,
        found=judgement.scored.found,
    )
    return replace(report, findings=findings.check(report, evidence))
