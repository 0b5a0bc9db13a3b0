"""``sk.check``: the rules of a frame, tested in one aggregate query on any backend."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from scalekit import run
from scalekit.checks.drift_kinds import BINS
from scalekit.checks.kinds import COLUMN_KINDS, TABLE_KINDS
from scalekit.checks.notation import rules_of, rules_of_triples
from scalekit.checks.pandera_schema import is_pandera, written_in
from scalekit.checks.profile import profiles_of
from scalekit.checks.report import DataReport
from scalekit.checks.rule import ROWS, Measure, Rule, Subject
from scalekit.config import Config, resolve
from scalekit.display.progress import progress
from scalekit.errors import ColumnNotFoundError, ConfigError, InvalidOperationError, PlanError
from scalekit.expr.builders import col, lit
from scalekit.expr.shortcuts import len as count_rows
from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.io.combine import concat
from scalekit.mapping_files import read_mapping


@folded
def check(
    frame: Frame,
    rules: Any,
    *,
    reference: Frame | None = None,
    others: Mapping[str, Frame] | None = None,
    thresholds: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    name: str = "",
    **settings: Any,
) -> DataReport:
    """Test rules on the rows of a frame: all that can be counted in one aggregate query, on any backend.

    Unique keys, foreign keys and orders are counted in one query more, and what a reference has in at most three
    queries on it. A null keeps every rule but ``nulls``; NaN keeps no range.

    Parameters
    ----------
    frame
        The rows.
    rules
        A mapping of columns to their rules, and of ``"table"`` to those of the whole frame; the path of a YAML,
        TOML or JSON file that holds one; or a pandera ``DataFrameSchema`` or ``DataFrameModel``. The page
        ``docs/checks.md`` lists all rules.
    reference
        Rows that drift is measured against, as by ``psi`` and ``new_values``.
    others
        Frames that foreign keys refer to, by name.
    thresholds
        Where levels begin for rules that count rows and do not say it themselves, such as
        ``{"warn": 1, "error": 0.05}``: whole numbers are counts, others are shares. One row is an error otherwise.
    now
        The time that freshness is measured at, the present one by default; UTC where it has no time zone.
    name
        What reports call the rows.
    settings
        Settings for this run alone, such as ``backend="dask"``; see :func:`scalekit.config`.

    Returns
    -------
    DataReport
        What was found of each rule.

    Raises
    ------
    ConfigError
        For rules that have no meaning; the message names the column, the rule and what is allowed. A column that is
        missing, or of a type that a rule is not for, is a finding, not an error.

    Examples
    --------
    >>> import scalekit as sk
    >>> people = sk.from_dict({"id": [1, 2, 2], "age": [31, None, 230]})
    >>> rules = {"id": {"unique": True}, "age": {"between": [0, 120], "nulls": {"level": "warn"}}}
    >>> sk.check(people, rules, name="people")
    people (3 rows): 0 rules of 3 kept; 2 error, 1 warn
      ✗  error     id: unique                 2 of 3 rows (66.7 %)
      ✗  error     age: between 0 and 120     1 of 3 rows (33.3 %)
      !  warn      age: not null              1 of 3 rows (33.3 %)
    """
    for one, what in (
        (frame, "frame"),
        (reference, "reference"),
        *((f, "others") for f in (others or {}).values()),
    ):
        _check_frame(one, what)
    found = _rules(frame, rules, thresholds)
    _check_reference(found, reference)
    config = resolve(**settings)
    with progress(config):
        subject = _subject(frame, found, reference, others or {}, now, config)
        measures = tuple(_measure(rule, subject) for rule in found)
        return _report(subject, measures, name or "the frame", config)


def _check_frame(frame: object, what: str) -> None:
    if (frame is not None and not isinstance(frame, Frame)) or (frame is None and what == "frame"):
        raise PlanError(
            f"sk.check takes a scalekit Frame as {what}, got {type(frame).__name__}: wrap data in memory with "
            "sk.from_pandas, sk.from_polars or sk.from_dict"
        )


def _rules(frame: Frame, rules: Any, thresholds: Mapping[str, Any] | None) -> tuple[Rule, ...]:
    if isinstance(rules, str | os.PathLike):
        rules = read_mapping(Path(rules), "file of rules", "age: {nulls: false}")
    if is_pandera(rules):
        return rules_of_triples(written_in(rules, frame.schema), thresholds)
    return rules_of(rules, frame.schema, thresholds)


def _check_reference(rules: Sequence[Rule], reference: Frame | None) -> None:
    wanting = [
        rule
        for rule in rules
        if COLUMN_KINDS.get(rule.kind) and COLUMN_KINDS[rule.kind].needs_reference
    ]
    if wanting and reference is None:
        raise ConfigError(
            f"column {wanting[0].column!r}, rule {wanting[0].kind!r}: needs reference=, the frame to compare with"
        )


def _subject(
    frame: Frame,
    rules: Sequence[Rule],
    reference: Frame | None,
    others: Mapping[str, Frame],
    now: datetime | None,
    config: Config,
) -> Subject:
    now = now or datetime.now(UTC)
    now = now if now.tzinfo else now.replace(tzinfo=UTC)
    wanted = [
        (rule.column, rule.arguments.get("bins", BINS))
        for rule in rules
        if rule.column is not None
        and rule.kind in COLUMN_KINDS
        and COLUMN_KINDS[rule.kind].needs_reference
    ]
    profiles = profiles_of(reference, wanted, config) if reference is not None and wanted else {}
    return Subject(frame, frame.schema, now, others, reference, profiles)


def _measure(rule: Rule, subject: Subject) -> Measure:
    """How a rule is measured; where the columns do not allow it, that is what is found."""
    kinds = TABLE_KINDS if rule.column is None else COLUMN_KINDS
    try:
        if rule.column is not None and rule.column not in subject.schema:
            raise ColumnNotFoundError.missing([rule.column], subject.schema)
        if rule.when is not None:
            subject.frame.filter(rule.when)
        measure = kinds[rule.kind].measure(rule, subject)
        subject.frame.select(**measure.aggregates, _=count_rows())
    except (PlanError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        note = str(error)
        return Measure(
            rule, lambda _: rule.untested(note), failing=f"it could not be tested: {note}"
        )
    return measure


def _report(subject: Subject, measures: Sequence[Measure], name: str, config: Config) -> DataReport:
    aggregates = {
        f"{place}:{key}": value
        for place, measure in enumerate(measures)
        for key, value in measure.aggregates.items()
    }
    queries = {place: m.query for place, m in enumerate(measures) if m.query is not None}
    values: dict[str, Any] = {}
    backend = ""
    if aggregates or queries:
        one = subject.frame.select(**{ROWS: count_rows()}, **aggregates)
        values = run.collect(one._plan, config).row(0, named=True)
        backend = run.decide(one._plan, config).backend
    counted = _counted(queries, config)
    outcomes = []
    for place, measure in enumerate(measures):
        own = {key: values[f"{place}:{key}"] for key in measure.aggregates}
        own[ROWS] = values.get(ROWS)
        if place in counted:
            own["failing"] = counted[place]
        outcomes.append(measure.found(own))
    return DataReport(
        outcomes=tuple(outcomes),
        rows=values.get(ROWS),
        queries=bool(values) + bool(queries),
        backend=backend,
        name=name,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        where=FailingRows({measure.rule.name: measure.failing for measure in measures}),
    )


def _counted(queries: Mapping[int, Frame], config: Config) -> dict[int, int]:
    """The failing rows that queries of their own count, all of them in one run."""
    if not queries:
        return {}
    frames = [
        query.select(place=lit(place), failing=col("failing").fill_null(0).cast(pl.Int64()))
        for place, query in queries.items()
    ]
    together = frames[0] if len(frames) == 1 else concat(frames)
    return dict(run.collect(together._plan, config).iter_rows())


@dataclass(frozen=True, eq=False)
class FailingRows:
    """The failing rows of each rule, as lazy frames."""

    by_rule: Mapping[str, Frame | str]

    def __call__(self, rule: str) -> Frame:
        """The rows that break a rule.

        Raises
        ------
        InvalidOperationError
            That says why a rule has none.
        """
        found = self.by_rule[rule]
        if isinstance(found, Frame):
            return found
        raise InvalidOperationError(f"the rule {rule!r} has no failing rows: {found}")
