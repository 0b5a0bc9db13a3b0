"""What a comparison found: models on the same rows, their differences with intervals, and who takes whose place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.judge.decision import Decision
from scalekit.judge.report import Finding, Report

if TYPE_CHECKING:
    from scalekit.judge.protocol.protocol import Protocol
    from scalekit.judge.statistics import Layout, Tally


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models on the same rows by one protocol; what :func:`scalekit.compare` gives.

    Attributes
    ----------
    names
        The models that were compared, in the order given.
    reference
        The one that the others are held against: the first.
    protocol, layout
        By what they were judged, and what the tally holds.
    tally
        Of the test rows, of all models jointly; None where models were compared by stored tallies.
    results
        As in a :class:`~scalekit.judge.report.Report`, of every model.
    differences
        Model minus reference, a row for each model, metric and slice: ``model, reference, metric, slice, level,
        value, low, high, p, p_adjusted, direction, verdict, guard``. ``direction`` is ``"up"`` where more is better;
        ``verdict`` is ``"better"``, ``"worse"`` or ``"tied"``, by the interval and, among guards, by Holm's
        adjusted p; ``guard`` is the tolerated change, null for metrics that guard nothing.
    best
        The models that are tied with the best by the primary metric, the best first.
    disagreement
        ``model, reference, both_right, only_reference, only_model, both_wrong, p, correlation, psi``: joint counts of
        hard predictions with McNemar's p, correlation of scores and population stability index between them.
    models
        ``model, features, added, removed, microseconds, bytes``: features that a model has and the reference has not,
        and the other way round; microseconds a row, and bytes of the pickled model, null where they are not known.
    findings
        Of the checks of each model.
    decisions
        For each model but the reference, whether it takes the reference's place.
    provenance
        As in a Report.
    reports
        Of each model, from the same pass, or as they were kept.
    """

    names: tuple[str, ...]
    reference: str
    protocol: Protocol
    layout: Layout
    tally: Tally | None
    results: pl.DataFrame
    differences: pl.DataFrame
    best: tuple[str, ...]
    disagreement: pl.DataFrame
    models: pl.DataFrame
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    reports: Mapping[str, Report] = field(default_factory=dict, repr=False)

    @property
    def decision(self) -> Decision:
        """Of the one model that is held against the reference.

        Raises
        ------
        InvalidOperationError
            Where there are several; ``decisions`` has them by name.
        """
        if len(self.decisions) != 1:
            raise InvalidOperationError(
                f"there are {len(self.decisions)} decisions: take one by name from "
                f"decisions[...]: {', '.join(self.decisions)}"
            )
        (decision,) = self.decisions.values()
        return decision

    def frame(self) -> pl.DataFrame:
        """The differences as a Polars frame."""
        return self.differences

    def to_text(self) -> str:
        """The comparison in a terminal's width."""
        return str(_pages().comparison_text(self))

    def to_markdown(self) -> str:
        """The comparison as Markdown."""
        return str(_pages().comparison_markdown(self))

    def to_html(self, path: str | None = None) -> str:
        """The comparison as one HTML file without anything beside it; it is written where a path is given.

        Parameters
        ----------
        path
            A file; an existing one is replaced.
        """
        return str(_pages().comparison_html(self, path))

    def to_dict(self) -> dict[str, Any]:
        """All but the tally, as JSON can hold it."""
        return {
            "names": list(self.names),
            "reference": self.reference,
            "protocol": self.protocol.to_dict(),
            "results": self.results.to_dicts(),
            "differences": self.differences.to_dicts(),
            "best": list(self.best),
            "disagreement": self.disagreement.to_dicts(),
            "models": self.models.to_dicts(),
            "findings": {name: [asdict(f) for f in found] for name, found in self.findings.items()},
            "decisions": {name: one.to_dict() for name, one in self.decisions.items()},
            "provenance": dict(self.provenance),
        }

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return str(_pages().comparison_snippet(self))


def _pages() -> Any:
    """What draws comparisons: loaded with the first that is drawn."""
    return import_module("scalekit.judge.pages")
