"""What an evaluation found: tallies of the rows, figures with their intervals, findings, and where all of it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.judge import statistics

if TYPE_CHECKING:
    from scalekit.judge.decision import Decision
    from scalekit.judge.protocol.protocol import Protocol
    from scalekit.judge.statistics import Layout, Tally

Status: TypeAlias = Literal["pass", "warn", "fail", "n/a"]

STATUSES: tuple[Status, ...] = get_args(Status)
"""From harmless to not applicable, as findings are said."""

DUMMY, LINEAR, PRODUCTION = "dummy", "linear", "production"

BASELINES = (DUMMY, LINEAR, "last_value", "seasonal_naive", PRODUCTION)
"""Names of the baselines in a layout's models."""


@dataclass(frozen=True)
class Finding:
    """What one check of a report says.

    Attributes
    ----------
    code
        ``"SKL01"`` to ``"SKL16"``.
    title
        What was looked at, such as ``"rows of the test set in the training rows"``.
    status
        ``"pass"``, ``"warn"``, ``"fail"``, or ``"n/a"`` where the check does not apply.
    number
        What was measured, None where it does not apply.
    message
        What was found, with its unit.
    fix
        What to do about it; empty where nothing is to be done.
    """

    code: str
    title: str
    status: Status
    number: float | None = None
    message: str = ""
    fix: str = ""

    @property
    def is_raised(self) -> bool:
        """Whether it warns or fails."""
        return self.status in ("warn", "fail")


class Skill(NamedTuple):
    """Share of the dummy's loss that a model takes away: 1 is perfect, 0 is no better than the dummy."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Report:
    """An evaluation of one model, on one set of rows, by one protocol; what :func:`scalekit.evaluate` gives.

    It holds binned counts and sums by block, no rows: it is as large for a thousand rows as for a billion.

    Attributes
    ----------
    name
        Of the judged model, one of ``layout.models``; the others there are baselines.
    protocol
        By what it was judged.
    layout
        Models, classes, metrics and slices of the tallies.
    tallies
        By role: ``"test"``, and ``"valid"`` and ``"train"`` where there were such rows; of more than a million training rows
        about a million.
    results
        Of the test rows, a row for each model, metric and slice: ``model, metric, slice, level, value, low, high,
        n, events, bound_low, bound_high, method``. The whole has null as its ``slice`` and ``level``.
    threshold
        From which probability on a row is called positive; None for other tasks than binary.
    skill
        Of the primary metric against the dummy; None where it has none.
    findings
        Of the checks SKL01 to SKL16.
    model
        The fitted model; None where the report comes from a store.
    checks
        What :func:`scalekit.check` said of the rows, where it was asked for.
    importance
        ``feature, importance, low, high, kind``, where it was asked for.
    learning_curve
        ``share, rows, metric, value, low, high``, where it was asked for.
    provenance
        Where the figures come from. Keys: ``protocol_id``; ``fingerprints`` (by role) and ``schema``; ``rows`` (by
        role); ``rows_from`` (how rows were given their roles); ``threshold_from``; ``backend``; ``exactness``;
        ``features`` and ``feature_types``; ``latency`` (seconds a row, by model); ``sizes`` (bytes pickled, by model);
        ``training`` (``rows``, ``fingerprint``, ``protocol_id``, ``by_protocol`` of the model's training rows, where
        they are known); ``independence`` (``is_known``, ``why``: whether test rows lie outside of those);
        ``invalid`` (test rows without a valid prediction, by model); ``versions``; ``code``; ``seconds``; ``passes``; ``at``; ``run``; ``notes`` (texts to be shown).
    """

    name: str
    protocol: Protocol
    layout: Layout
    tallies: Mapping[str, Tally]
    results: pl.DataFrame
    threshold: float | None = None
    skill: Skill | None = None
    findings: tuple[Finding, ...] = ()
    model: Any | None = field(default=None, repr=False)
    checks: Any | None = None
    importance: pl.DataFrame | None = None
    learning_curve: pl.DataFrame | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def baselines(self) -> tuple[str, ...]:
        """Names of the models that the judged one is held against."""
        return tuple(name for name in self.layout.models if name != self.name)

    @property
    def primary(self) -> str:
        """The metric that decides."""
        return str(self.protocol.primary)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know before the figures."""
        return tuple(self.provenance.get("notes", ()))

    @property
    def decision(self) -> Decision:
        """Whether the model may be the first of its name in production; of others :func:`scalekit.compare` decides."""
        found: Decision = import_module("scalekit.judge.first").first_decision(self)
        return found

    def frame(self) -> pl.DataFrame:
        """The figures as a Polars frame, a row for each model, metric and slice; see ``results``."""
        return self.results

    def value(self, metric: str, *, model: str | None = None) -> float:
        """One figure of the whole test set.

        Parameters
        ----------
        metric
            One of ``layout.metrics``.
        model
            The judged one by default.

        Raises
        ------
        InvalidOperationError
            Where there is no such figure; the message has those that there are.
        """
        whole = self.results.filter(
            pl.col("slice").is_null(), model=model or self.name, metric=metric
        )
        if whole.is_empty():
            known = self.results.filter(pl.col("slice").is_null())["metric"].unique(
                maintain_order=True
            )
            raise InvalidOperationError(
                f"no figure {metric!r} of model {model or self.name!r}; metrics: {', '.join(known)}; "
                f"models: {', '.join(self.layout.models)}"
            )
        return float(whole["value"].item())

    def to_text(self) -> str:
        """The report in a terminal's width."""
        return str(_pages().report_text(self))

    def to_markdown(self) -> str:
        """The report as Markdown."""
        return str(_pages().report_markdown(self))

    def to_html(self, path: str | None = None) -> str:
        """The report as one HTML file without anything beside it; it is written where a path is given.

        Parameters
        ----------
        path
            A file; an existing one is replaced.
        """
        return str(_pages().report_html(self, path))

    def to_dict(self) -> dict[str, Any]:
        """All but the model and the tallies, as JSON can hold it; :meth:`tables` has the tallies."""
        return {
            "name": self.name,
            "protocol": self.protocol.to_dict(),
            "results": self.results.to_dicts(),
            "threshold": self.threshold,
            "skill": None if self.skill is None else list(self.skill),
            "findings": [asdict(finding) for finding in self.findings],
            "checks": None if self.checks is None else self.checks.to_dict(),
            "importance": None if self.importance is None else self.importance.to_dicts(),
            "learning_curve": None
            if self.learning_curve is None
            else self.learning_curve.to_dicts(),
            "provenance": dict(self.provenance),
        }

    def tables(self) -> dict[str, dict[str, Any]]:
        """The tallies as Arrow tables, by role and name."""
        return {role: statistics.to_tables(tally) for role, tally in self.tallies.items()}

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return str(_pages().report_snippet(self))


def _pages() -> Any:
    """What draws reports: loaded with the first that is drawn, as most are only asked for figures."""
    return import_module("scalekit.judge.pages")
