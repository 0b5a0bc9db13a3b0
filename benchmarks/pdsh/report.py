"""What was measured, for people and for programs: a table, a JSON file and a plot."""

from __future__ import annotations

import json
import math
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import TYPE_CHECKING, Any

import polars as pl
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, NullFormatter

from benchmarks.pdsh.measure import RAW, Measured, contender, overhead, peer_ratio, turn_overhead
from benchmarks.pdsh.peers import PEERS, Peer

if TYPE_CHECKING:
    from pathlib import Path

COLOURS = ("#6b7280", "#1f6feb", "#d97706", "#0f9d58", "#a142f4")
NOTE = "Derived from TPC-H; not comparable to published TPC-H results."


WIDTH = 9
Column = tuple[str, Callable[[Measured], str]]


@dataclass(frozen=True)
class Report:
    """One run of the benchmark."""

    scale: float
    size: int
    backends: list[str]
    checked: bool
    measured: list[Measured]
    peers: bool = False

    @property
    def contenders(self) -> list[str]:
        """Who ran, raw Polars first and peers last."""
        return [RAW, *map(contender, self.backends), *(peer.name for peer in self.others)]

    @property
    def others(self) -> list[Peer]:
        """The peers that share a cluster with one of the backends."""
        return [PEERS[b] for b in self.backends if b in PEERS] if self.peers else []

    @property
    def wrong(self) -> list[str]:
        """Every answer that failed or is not DuckDB's, with what is wrong about it."""
        return [
            f"query {seen.query} on {name}: {text}"
            for seen in self.measured
            for name, texts in seen.wrong.items()
            for text in texts
        ]


def columns(report: Report) -> list[tuple[str, list[Column]]]:
    """The table's columns in groups: a title, and what a query has to say below it."""
    names = report.contenders
    equal: list[Column] = [(_short(name), partial(_verdict, report, name)) for name in names]
    seconds: list[Column] = [(_short(name), partial(_median, name)) for name in names]
    ratios: list[Column] = [(_short(name), partial(_ratio, name)) for name in names[1:]]
    return [
        ("", [("query", _query), ("rows", _rows)]),
        ("equals DuckDB", equal),
        ("median seconds", seconds),
        ("over raw Polars", ratios),
    ]


def heading(report: Report) -> str:
    """The two lines above the table."""
    groups = columns(report)
    above = [f"{title:>{max(WIDTH * len(cells), len(title) + 2)}}" for title, cells in groups]
    below = [_padded([title for title, _ in cells], title) for title, cells in groups]
    return "".join(above) + "\n" + "".join(below)


def line(report: Report, seen: Measured) -> str:
    """A query's line of the table."""
    groups = columns(report)
    return "".join(_padded([cell(seen) for _, cell in cells], title) for title, cells in groups)


def summary(report: Report) -> str:
    """The lines below the table."""
    lines = []
    for name in map(contender, report.backends):
        ratio = overhead(report.measured, name)
        label = f"{name} / raw polars, geometric mean of {len(report.measured)} medians"
        turns = turn_overhead(report.measured, name)
        steadier = f" (ratios taken turn by turn: {turns:.3f})" if turns is not None else ""
        lines.append(f"{label}: {_figure(ratio, 3)}{steadier}")
    for backend in report.backends if report.peers else ():
        if backend in PEERS and (found := peer_ratio(report.measured, backend)) is not None:
            ratio, queries = found
            label = (
                f"{PEERS[backend].name} / {contender(backend)}, geometric mean of {queries} queries"
            )
            lines.append(f"{label}: {ratio:.2f}")
    plans = sorted((median(seen.planning), seen.query) for seen in report.measured if seen.planning)
    if plans:
        middle, (largest, query) = median(seconds for seconds, _ in plans), plans[-1]
        lines.append(
            f"build and plan: median {middle * 1e3:.1f} ms, largest {largest * 1e3:.1f} ms (query {query})"
        )
    return "\n".join([*lines, *report.wrong])


def write(report: Report, out: Path) -> list[Path]:
    """Write the JSON file and the plot (PNG and SVG) into a folder, and say where."""
    out.mkdir(parents=True, exist_ok=True)
    stem = out / f"pdsh-scale-{report.scale:g}"
    data, drawings = stem.with_name(f"{stem.name}.json"), []
    data.write_text(json.dumps(as_data(report), indent=1) + "\n", encoding="utf-8")
    figure = draw(report)
    for ending in ("png", "svg"):
        drawings.append(stem.with_name(f"{stem.name}.{ending}"))
        figure.savefig(drawings[-1], dpi=150)
    return [data, *drawings]


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain data: every run, not only the medians."""
    return {
        "benchmark": "PDS-H",
        "note": NOTE,
        "scale": report.scale,
        "bytes": report.size,
        "checked_against_duckdb": report.checked,
        "machine": _machine(),
        "versions": _versions(),
        "geometric_mean_over_raw_polars": {
            name: overhead(report.measured, name) for name in map(contender, report.backends)
        },
        "geometric_mean_turn_by_turn": {
            name: turn_overhead(report.measured, name) for name in map(contender, report.backends)
        },
        "peers": {
            PEERS[name].name: peer_ratio(report.measured, name)
            for name in report.backends
            if report.peers and name in PEERS
        },
        "queries": [
            {
                "query": seen.query,
                "rows": seen.rows,
                "equal": {name: not texts for name, texts in seen.wrong.items()},
                "wrong": {name: texts for name, texts in seen.wrong.items() if texts},
                "median_seconds": {name: seen.median(name) for name in seen.seconds},
                "plan_median_seconds": median(seen.planning) if seen.planning else None,
                "seconds": seen.seconds,
                "plan_seconds": seen.planning,
            }
            for seen in report.measured
        ],
    }


def draw(report: Report) -> Figure:
    """Medians of every contender, query by query, on a logarithmic scale."""
    figure = Figure(figsize=(12, 4.5), layout="constrained")
    axes = figure.subplots()
    names = report.contenders
    for place, name in enumerate(names):
        shift = (place - (len(names) - 1) / 2) * 0.22
        at = [x + shift for x in range(len(report.measured))]
        seconds = [seen.median(name) or math.nan for seen in report.measured]  # NaN draws nothing
        axes.plot(at, seconds, "o", label=name, color=COLOURS[place % len(COLOURS)], markersize=6)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(EngFormatter(unit="s"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(range(len(report.measured)), [str(seen.query) for seen in report.measured])
    axes.set_xlabel("query")
    axes.set_ylabel("median time")
    axes.set_title(f"PDS-H at scale {report.scale:g}", loc="left")
    axes.legend(frameon=False, ncols=len(names), loc="lower right", bbox_to_anchor=(1, 1))
    axes.grid(axis="y", which="both", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(NOTE, fontsize=7, x=0.01, ha="left")
    return figure


def _padded(cells: list[str], title: str) -> str:
    joined = "".join(f"{cell:>{WIDTH}}" for cell in cells)
    return f"{joined:>{len(title) + 2}}"


def _short(name: str) -> str:
    return (
        name.removeprefix("scalekit ")
        .removesuffix(" polars")
        .replace("dask dataframe", "dd")
        .removesuffix(" on ray")
    )


def _query(seen: Measured) -> str:
    return str(seen.query)


def _rows(seen: Measured) -> str:
    return "?" if seen.rows is None else str(seen.rows)


def _verdict(report: Report, name: str, seen: Measured) -> str:
    if not report.checked or name not in seen.wrong:
        return "-"
    return "no" if seen.wrong[name] else "yes"


def _median(name: str, seen: Measured) -> str:
    return _figure(seen.median(name), 4) if name in seen.wrong else "-"


def _ratio(name: str, seen: Measured) -> str:
    return _figure(seen.ratio(name), 3) if name in seen.wrong else "-"


def _figure(value: float | None, digits: int) -> str:
    return "failed" if value is None else f"{value:.{digits}f}"


def _machine() -> dict[str, Any]:
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "polars_threads": pl.thread_pool_size(),
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in (
        "scalekit",
        "polars",
        "pandas",
        "narwhals",
        "pyarrow",
        "dask",
        "ray",
        "daft",
        "duckdb",
        "tpchgen-cli",
    ):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # scalekit runs from a checkout; another may not be installed
            found[name] = None
    return found
