"""Pages to look at: reports of every task, and a comparison, with long, wide, foreign and hostile names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import polars as pl

from scalekit.judge.pages import comparison_html, report_html, report_snippet
from scalekit.judge.report import Report
from scalekit.judge.statistics import results
from tests.judge.pages import reports

_LEVELS = (
    "north", "south", "a very long name of a region that has no room", "שלום עולם", "🎉 party", "x" * 60,
    "<script>alert(1)</script>", "東京都千代田区丸の内", "(other)",
)  # fmt: skip
_SLICES = {
    "region": _LEVELS,
    "time:month": tuple(f"2024-{month:02}" for month in range(1, 13)),
    "customer_segment_of_the_last_quarter_by_revenue": ("small", "large"),
}

_STEPS = {"horizon": tuple(f"{n:02}" for n in range(1, 25)), "time:month": _SLICES["time:month"]}


def _real(report: Report) -> Report:
    """With the figures of its tally in place of those that are made up, but for slices."""
    found = results(report.tallies["test"])
    made_up = report.results.drop_nulls("slice").with_columns(pl.col("value", "low", "high") + 0.33)
    return replace(report, results=found.select(made_up.columns).vstack(made_up))


def _binary(**more: Any) -> str:
    return report_html(
        _real(reports.binary(("boosted", "linear", "production", "dummy"), slices=_SLICES, **more))
    )


_PAGES: dict[str, Callable[[], str]] = {
    "binary": lambda: _binary(**reports.extras()),
    "multiclass": lambda: report_html(_real(reports.multiclass(4))),
    "many-classes": lambda: report_html(_real(reports.multiclass(30))),
    "regression": lambda: report_html(_real(reports.regression())),
    "regression-large": lambda: report_html(_real(reports.regression(1e6))),
    "skewed": lambda: report_html(_real(reports.skewed())),
    "forecast": lambda: report_html(_real(reports.regression(task="forecast", slices=_STEPS))),
    "quantile": lambda: report_html(_real(reports.quantile())),
    "hostile": lambda: report_html(reports.binary((_LEVELS[6], _LEVELS[3], "x" * 200), ("🎉", "x" * 90), slices=_SLICES)),
    "comparison": lambda: comparison_html(reports.comparison(("production", "candidate", "another one of a long name"))),
    "snippet": lambda: f"<!DOCTYPE html><title>notebook</title><body>{report_snippet(reports.binary())}",
}  # fmt: skip


def sample_pages(only: str = "") -> Iterator[tuple[str, str]]:
    """Names and HTML of pages, of those whose name contains ``only``."""
    yield from ((name, make()) for name, make in _PAGES.items() if only in name)
