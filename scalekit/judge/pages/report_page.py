"""A report as a page: its ten sections in order, each there or a sentence why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scalekit.judge.pages.blocks import Page, Section
from scalekit.judge.pages.figures import count_text
from scalekit.judge.pages.lettering import isolated
from scalekit.judge.pages.sections import (
    calibration,
    decisions,
    errors,
    importance,
    learning,
    metrics,
    provenance,
    ranking,
    slices,
    verdict,
)

if TYPE_CHECKING:
    from scalekit.judge.report import Report

SECTIONS: tuple[Callable[[Report], Section], ...] = (
    verdict.section,
    metrics.section,
    ranking.section,
    calibration.section,
    decisions.section,
    errors.section,
    slices.section,
    importance.section,
    learning.section,
    provenance.section,
)
"""From what a reader in a hurry wants to what somebody who repeats it needs; LEARN section 4.3."""

IN_SHORT = (verdict.short, metrics.section)
"""What a terminal and a notebook show."""


def report_page(
    report: Report, sections: tuple[Callable[[Report], Section], ...] = SECTIONS
) -> Page:
    """A report as a page.

    Parameters
    ----------
    report
        The report.
    sections
        Which of its sections; all by default.
    """
    return Page(
        f"{report.name}: {report.protocol.target}",
        _lead(report),
        tuple(section(report) for section in sections),
        "Made by scalekit from binned counts: the page is as large for a thousand rows as for a billion.",
    )


def _lead(report: Report) -> str:
    rows = report.provenance.get("rows") or {}
    told = ", ".join(f"{count_text(count)} {role} rows" for role, count in rows.items())
    parts = [report.protocol.task, told, str(report.provenance.get("at") or "")]
    return " · ".join(isolated(part) for part in parts if part)
