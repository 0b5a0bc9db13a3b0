"""What a fit and an evaluation hand over to be kept: the interface between tracking and the layers above it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from scalekit.tracking.record import Measured
from scalekit.tracking.tables import Tables


@dataclass(frozen=True)
class Fitted:
    """A fit that was just done.

    Attributes
    ----------
    model
        The fitted object; its ``scalekit_fit_`` says how it was fitted.
    seconds
        How long it took, where somebody measured.
    training
        What is known of the rows it was fitted on: ``rows``, ``fingerprint``, ``protocol_id``, ``max_time``,
        ``source``; whatever of these is known.
    """

    model: Any
    seconds: float | None = None
    training: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """An evaluation that was just done.

    Attributes
    ----------
    name
        What the judged model is called in the report.
    model
        The judged model, which is saved; None where there is nothing to save.
    metrics
        The judged model's metrics on all test rows, by name.
    results
        Every number: the report's ``frame()``; it has a column ``metric``.
    tallies
        Block statistics as Arrow tables, by role of the rows and name of the table.
    report
        The report as a dictionary of texts, numbers and lists, for ``Report.from_dict``.
    html
        The report as one page.
    protocol, protocol_id
        The protocol as YAML, and its hash.
    fingerprint
        Of the test rows, as text or as a dictionary: equal ones mean equal rows.
    primary
        The name of the primary metric.
    skill
        Of the primary metric against the dummy.
    threshold
        From which score on a row counts as positive.
    findings
        Code of each check and its status.
    provenance
        The report's.
    training
        What is known of the rows that the model was fitted on; as in :class:`Fitted`.
    seconds
        How long the evaluation took.
    """

    name: str
    results: pl.DataFrame
    metrics: Mapping[str, Measured]
    protocol: str
    protocol_id: str
    fingerprint: str | Mapping[str, Any]
    primary: str
    html: str
    report: Mapping[str, Any]
    model: Any = None
    tallies: Tables = field(default_factory=dict)
    skill: Measured | None = None
    threshold: float | None = None
    findings: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
