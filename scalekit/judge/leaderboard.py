"""The runs that were judged alike, in order of what they have lost; the others beside them, without a rank."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError, RunNotFoundError
from scalekit.frame.tracebacks import folded
from scalekit.judge.differences import Scores, tied_with_best
from scalekit.judge.recorded import report_of
from scalekit.judge.report import Report
from scalekit.tracking.opened import Run
from scalekit.tracking.store import RunStore

SCHEMA: dict[str, Any] = {
    "rank": pl.Int64,
    "run": pl.String,
    "project": pl.String,
    "name": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "skill": pl.Float64,
    "tied": pl.Boolean,
    "failed": pl.List(pl.String),
    "user": pl.String,
    "started": pl.Datetime("us", "UTC"),
    "protocol_id": pl.String,
    "fingerprint": pl.String,
    "why": pl.String,
}

_SHOWN = ("rank", "name", "value", "low", "high", "skill", "tied", "failed", "run", "why")


@dataclass(frozen=True)
class Leaderboard:
    """Runs in the order of their primary metric; what :func:`scalekit.leaderboard` gives.

    Attributes
    ----------
    table
        A row for each run: ``rank`` (null for those that do not compare, ``why`` says why not), ``run``, ``project``,
        ``name``, ``metric`` with ``value``, ``low`` and ``high``, ``skill``, ``tied`` (with the best), ``failed`` (checks),
        ``user``, ``started``, ``protocol_id``, ``fingerprint``.
    protocol_id
        By what those with a rank were judged.
    fingerprint
        Of the test rows that they were judged on.
    """

    table: pl.DataFrame
    protocol_id: str
    fingerprint: str

    def frame(self) -> pl.DataFrame:
        """The table as a Polars frame."""
        return self.table

    @property
    def ranked(self) -> pl.DataFrame:
        """The runs that compare, the best first."""
        return self.table.filter(pl.col("rank").is_not_null())

    @property
    def evaluations(self) -> int:
        """How often this test set was looked at: each look makes its figures a little too good."""
        return int(self.table.filter(fingerprint=self.fingerprint).height)

    @property
    def people(self) -> int:
        """How many people looked at it."""
        return int(self.table.filter(fingerprint=self.fingerprint)["user"].n_unique())

    @property
    def caption(self) -> str:
        """What a reader has to know of it."""
        ranked = self.ranked.height
        looks = f"their test rows were used {_times(self.evaluations)} by {_people(self.people)}"
        return f"{ranked} of {self.table.height} runs by protocol {self.protocol_id}; {looks}"

    def __repr__(self) -> str:
        rows = [dict.fromkeys(_SHOWN), *self.table.select(_SHOWN).iter_rows(named=True)]
        cells = [[_cell(value) for value in row.values()] for row in rows]
        cells[0] = list(_SHOWN)
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)
        return "\n".join([self.caption, *lines])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in _SHOWN)
        rows = "".join(_html_row(row) for row in self.table.select(_SHOWN).iter_rows(named=True))
        return f"<table><caption>{escape(self.caption)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


@folded
def leaderboard(
    project: str | None = None,
    *,
    protocol: Any = None,
    root: str | os.PathLike[str] | None = None,
    storage_options: Mapping[str, object] | None = None,
) -> Leaderboard:
    """Rank the evaluations that compare: of one protocol, on the same test rows.

    All others stand below without a rank, with the reason. Models whose paired difference from the best may be chance
    are ``tied`` with it; that is found from what each run has counted, and no row is read.

    Parameters
    ----------
    project
        By default all projects.
    protocol
        A :class:`scalekit.Protocol` or its id; by default the one of most runs, of these the latest.
    root, storage_options
        The store; by default the setting ``store``.

    Raises
    ------
    RunNotFoundError
        Where nothing was evaluated.
    InvalidOperationError
        Where nothing was evaluated by that protocol; the message has those that there are.

    Examples
    --------
    >>> import scalekit as sk
    >>> from sklearn.linear_model import Ridge
    >>> frame = sk.from_dict({"id": list(range(900)), "x": [i % 7 for i in range(900)]})
    >>> frame = frame.with_columns(y=sk.col("x") * 2.0 + sk.col("id") % 3)
    >>> for name, alpha in (("flat", 1e4), ("steep", 1.0)):
    ...     _ = sk.evaluate({name: Ridge(alpha)}, frame, target="y", key="id", task="regression")
    >>> sk.leaderboard().ranked["name"].to_list()
    ['steep', 'flat']
    """
    store = RunStore(root, storage_options)
    runs = [store.open(run_id, owner) for owner, run_id in store.ids(project)]
    judged = [run for run in runs if run.record.evaluation is not None]
    if not judged:
        raise RunNotFoundError(
            f"no run in {store.root} was evaluated: sk.evaluate(model, frame, protocol) leaves one"
        )
    protocol_id = _chosen_protocol(judged, protocol)
    fingerprint = _most(
        [_about(run)["fingerprint"] for run in judged if _about(run)["protocol_id"] == protocol_id]
    )
    reports = {
        run.id: report_of(run) for run in judged if _why_not(run, protocol_id, fingerprint) == ""
    }
    ranks = _ranked(reports)
    tied = _tied(reports)
    rows = [_row(run, ranks, tied, (protocol_id, fingerprint)) for run in judged]
    table = pl.DataFrame(rows, schema=SCHEMA).sort(
        "rank", "started", descending=[False, True], nulls_last=True
    )
    return Leaderboard(table, protocol_id, fingerprint)


def _about(run: Run) -> Mapping[str, Any]:
    return run.record.evaluation or {}


def _chosen_protocol(runs: Sequence[Run], protocol: Any) -> str:
    ids = [str(_about(run)["protocol_id"]) for run in runs]
    if protocol is None:
        return _most(ids)
    wanted = str(getattr(protocol, "id", protocol))
    if wanted not in ids:
        raise InvalidOperationError(
            f"no run was evaluated by the protocol {wanted}; protocols of runs: {', '.join(sorted(set(ids)))}"
        )
    return wanted


def _most(values: Sequence[str]) -> str:
    """What is there most often; of equals, what came last."""
    counts = Counter(values)
    return max(reversed(values), key=lambda value: counts[value])


def _why_not(run: Run, protocol_id: str, fingerprint: str) -> str:
    """Why a run has no rank; empty where it has one."""
    about = _about(run)
    if about["protocol_id"] != protocol_id:
        return f"judged by another protocol, {about['protocol_id']}"
    if about["fingerprint"] != fingerprint:
        return "judged on other test rows"
    if run.record.metrics.get(str(about["primary"])) is None:
        return f"has no {about['primary']}"
    return ""


def _ranked(reports: Mapping[str, Report]) -> dict[str, int]:
    """Run -> rank by the primary metric; equal values share one."""
    losses = {
        run: report.layout.metric(report.primary).loss(report.value(report.primary))
        for run, report in reports.items()
    }
    ordered = sorted(losses.values())
    return {run: 1 + ordered.index(loss) for run, loss in losses.items()}


def _tied(reports: Mapping[str, Report]) -> tuple[str, ...]:
    if not reports:
        return ()
    scores = [
        Scores(run, report.tallies["test"], report.name, report.threshold)
        for run, report in reports.items()
    ]
    return tied_with_best(scores, next(iter(reports.values())).protocol)


def _row(
    run: Run, ranks: Mapping[str, int], tied: Sequence[str], by: tuple[str, str]
) -> dict[str, Any]:
    record, about = run.record, _about(run)
    primary = record.metrics.get(str(about["primary"]))
    skill = about.get("skill") or {}
    is_ranked = run.id in ranks
    return {
        "rank": ranks.get(run.id),
        "run": run.id,
        "project": record.project,
        "name": record.name,
        "metric": about["primary"],
        "value": getattr(primary, "value", None),
        "low": getattr(primary, "low", None),
        "high": getattr(primary, "high", None),
        "skill": None if skill.get("value") is None else float(skill["value"]),
        "tied": run.id in tied if is_ranked else None,
        "failed": [code for code, status in about.get("findings", {}).items() if status == "fail"],
        "user": record.machine.get("user"),
        "started": record.started,
        "protocol_id": about["protocol_id"],
        "fingerprint": about["fingerprint"],
        "why": _why_not(run, *by),
    }


def _html_row(row: Mapping[str, Any]) -> str:
    """A row of the table; grey where it has no rank."""
    style = "" if row["rank"] is not None else ' style="color:#888"'
    cells = "".join(f"<td>{escape(_cell(value))}</td>" for value in row.values())
    return f"<tr{style}>{cells}</tr>"


def _cell(value: Any) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}"
        case list():
            return ", ".join(value) or "-"
    return str(value)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _people(count: int) -> str:
    return "one person" if count == 1 else f"{count} people"
