"""Pages: a report or a comparison as text, as Markdown, and as one HTML file with pictures and without scripts.

In processing order:

``sections``         from a report to what is said of it: sentences, tables, facts, pictures (``blocks``, ``picture``)
``report_page``      the ten sections of a report; ``comparison_page`` those of a comparison
``marks``            what is drawn within axes, as values; ``axes`` what axes span and where their ticks are
``plot``             a plot as SVG; ``row_plot``, ``drawing``, ``labels`` and ``shades`` are its parts
``html``             a page as HTML (``style`` has its style sheet), ``markdown`` and ``text`` as those

All of it is made of tallies and figures, never of rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scalekit.judge.pages import comparison_page, report_page
from scalekit.judge.pages.blocks import Page
from scalekit.judge.pages.html import page_fragment, page_html
from scalekit.judge.pages.markdown import page_markdown
from scalekit.judge.pages.text import page_text

if TYPE_CHECKING:
    from scalekit.judge.comparison import Comparison
    from scalekit.judge.report import Report

__all__ = [
    "comparison_html",
    "comparison_markdown",
    "comparison_snippet",
    "comparison_text",
    "report_html",
    "report_markdown",
    "report_snippet",
    "report_text",
]


def report_text(report: Report) -> str:
    """Verdict, checks and metrics of a report for a terminal."""
    return page_text(report_page.report_page(report, report_page.IN_SHORT))


def report_markdown(report: Report) -> str:
    """All sections of a report as Markdown; pictures become sentences."""
    return page_markdown(report_page.report_page(report))


def report_html(report: Report, path: str | Path | None = None) -> str:
    """All sections of a report as one HTML file without anything beside it.

    Parameters
    ----------
    report
        The report.
    path
        Where to write it; an existing file is replaced.
    """
    return _written(report_page.report_page(report), path)


def report_snippet(report: Report) -> str:
    """Verdict, checks and metrics of a report for a notebook."""
    return page_fragment(report_page.report_page(report, report_page.IN_SHORT))


def comparison_text(comparison: Comparison) -> str:
    """Decision, metrics and differences of a comparison for a terminal."""
    return page_text(comparison_page.comparison_page(comparison, comparison_page.IN_SHORT))


def comparison_markdown(comparison: Comparison) -> str:
    """All sections of a comparison as Markdown; pictures become sentences."""
    return page_markdown(comparison_page.comparison_page(comparison))


def comparison_html(comparison: Comparison, path: str | Path | None = None) -> str:
    """All sections of a comparison as one HTML file without anything beside it.

    Parameters
    ----------
    comparison
        The comparison.
    path
        Where to write it; an existing file is replaced.
    """
    return _written(comparison_page.comparison_page(comparison), path)


def comparison_snippet(comparison: Comparison) -> str:
    """Decision, metrics and differences of a comparison for a notebook."""
    return page_fragment(comparison_page.comparison_page(comparison, comparison_page.IN_SHORT))


def _written(page: Page, path: str | Path | None) -> str:
    text = page_html(page)
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text
