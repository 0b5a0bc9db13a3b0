"""A comparison as a page: the decision and its reasons, metrics, differences, slices, disagreement, checks, provenance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import polars as pl

from scalekit.judge.pages.blocks import (
    Absent,
    Block,
    Cell,
    Column,
    Page,
    Section,
    Sentence,
    Table,
    Verdict,
)
from scalekit.judge.pages.differences import by_metric, by_slice, differences_table
from scalekit.judge.pages.figures import MISSING, count_text, figure_text
from scalekit.judge.pages.lettering import isolated
from scalekit.judge.pages.picture import Picture
from scalekit.judge.pages.sections import calibration, errors, ranking
from scalekit.judge.pages.sections.metrics import metrics_table
from scalekit.judge.pages.sections.provenance import provenance
from scalekit.judge.pages.sections.verdict import findings_line
from scalekit.judge.report import Report

if TYPE_CHECKING:
    from scalekit.judge.comparison import Comparison
    from scalekit.judge.decision import Decision


def comparison_page(
    comparison: Comparison, sections: tuple[Callable[[Comparison], Section], ...] | None = None
) -> Page:
    """A comparison as a page.

    Parameters
    ----------
    comparison
        The comparison.
    sections
        Which of its sections; all by default.
    """
    others = [name for name in comparison.names if name != comparison.reference]
    return Page(
        f"{', '.join(others)} against {comparison.reference}: {comparison.protocol.target}",
        " · ".join(
            filter(None, [comparison.protocol.task, str(comparison.provenance.get("at") or "")])
        ),
        tuple(section(comparison) for section in sections or SECTIONS),
        "Made by scalekit from binned counts: the page is as large for a thousand rows as for a billion.",
    )


def primary_of(comparison: Comparison) -> str:
    """The metric that decides."""
    return str(comparison.protocol.primary)


def _decision(comparison: Comparison) -> Section:
    blocks: list[Block] = [_best(comparison)]
    for decision in comparison.decisions.values():
        blocks += [_verdict(decision), _reasons(decision)]
    blocks += [Sentence(str(note)) for note in comparison.provenance.get("notes", ())]
    return Section("decision", "1. Decision", tuple(blocks))


def _best(comparison: Comparison) -> Block:
    primary = primary_of(comparison)
    names = ", ".join(map(isolated, comparison.best))
    many = len(comparison.best) > 1
    told = f"Tied with the best by {primary}: {names}." if many else f"Best by {primary}: {names}."
    return Sentence(told) if comparison.best else Absent(f"No model has a figure of {primary}.")


def _verdict(decision: Decision) -> Verdict:
    against = f" in place of {isolated(decision.reference)}" if decision.reference else ""
    name = f"{isolated(decision.name)}{against}"
    if decision.passed:
        return Verdict("pass", f"Promote {name}: every condition is met.")
    unmet = "; ".join(reason.message for reason in decision.unmet)
    return Verdict("fail", f"Do not promote {name}: {unmet}")


def _reasons(decision: Decision) -> Table:
    columns = (
        Column("Condition"),
        Column(""),
        Column("Found"),
        Column("Number", numeric=True),
        Column("Limit", numeric=True),
    )
    rows = tuple(
        (
            reason.name,
            Verdict("pass" if reason.met else "fail", "", "met" if reason.met else "not met"),
            reason.message,
            figure_text(reason.number),
            figure_text(reason.limit),
        )
        for reason in decision.conditions
    )
    return Table(f"Conditions for {isolated(decision.name)}", columns, rows)


def _metrics(comparison: Comparison) -> Section:
    known = comparison.results["model"].unique(maintain_order=True)
    models = [*comparison.names, *(name for name in known if name not in comparison.names)]
    table = metrics_table(
        comparison.results, models, primary_of(comparison), comparison.protocol.task
    )
    return Section("metrics", "2. Metrics", (table,))


def _differences(comparison: Comparison) -> Section:
    whole = comparison.differences.filter(pl.col("slice").is_null())
    if whole.is_empty():
        reason = Absent("No differences: the models have no metric in common.")
        return Section("differences", "3. Differences", (reason,))
    names = whole["model"].unique(maintain_order=True)
    pictures = (
        by_metric(whole.filter(model=name), str(name), number) for number, name in enumerate(names)
    )
    return Section("differences", "3. Differences", (*pictures, differences_table(whole)))


def _slices(comparison: Comparison) -> Section:
    primary = primary_of(comparison)
    found = comparison.differences.filter(pl.col("slice").is_not_null())
    if found.is_empty():
        reason = Absent(
            "No slices: name columns in the protocol, such as slices=['region', 'time:month']."
        )
        return Section("slices", "4. Slices", (reason,))
    return Section(
        "slices", "4. Slices", (*by_slice(found.filter(metric=primary)), differences_table(found))
    )


def _curves(comparison: Comparison) -> Section:
    """The pictures of a report, with all models in them."""
    if comparison.tally is None:
        reason = Absent("Not known: curves are drawn where all models are scored in one pass.")
        return Section("curves", "5. Curves", (reason,))
    others = [name for name in comparison.names if name != comparison.reference]
    report = Report(
        (others or [comparison.reference])[-1],
        comparison.protocol,
        comparison.layout,
        {"test": comparison.tally},
        comparison.results,
    )
    pictures = tuple(
        block
        for section in (
            ranking.section(report),
            calibration.section(report),
            errors.section(report),
        )
        for block in section.blocks
        if isinstance(block, Picture)
    )
    return Section("curves", "5. Curves", pictures or (Absent("There are none for this task."),))


def _disagreement(comparison: Comparison) -> Section:
    found = comparison.disagreement
    if found.is_empty():
        reason = Absent(
            "Not known: hard predictions are compared where all models are scored in one pass."
        )
        return Section("disagreement", "6. Disagreement", (reason,))
    columns = (
        Column("Model"),
        *(
            Column(name.replace("_", " "), numeric=True)
            for name in found.columns
            if name not in ("model", "reference")
        ),
    )
    rows = tuple(
        _numbers(row["model"], {k: v for k, v in row.items() if k not in ("model", "reference")})
        for row in found.iter_rows(named=True)
    )
    note = f"Against {isolated(comparison.reference)}; p is McNemar's, psi the population stability index of the scores."
    return Section(
        "disagreement", "6. Disagreement", (Table("Where predictions differ", columns, rows, note),)
    )


def _numbers(name: object, values: dict[str, float | None]) -> tuple[Cell, ...]:
    texts = (
        count_text(value) if isinstance(value, int) else figure_text(value)
        for value in values.values()
    )
    return (str(name), *texts)


def _models(comparison: Comparison) -> Section:
    if comparison.models.is_empty():
        return Section(
            "models", "7. Models", (Absent("Nothing is known of the models beside their scores."),)
        )
    columns = (
        Column("Model"),
        Column("Features", numeric=True),
        Column("Added"),
        Column("Removed"),
        Column("µs a row", numeric=True),
        Column("Bytes", numeric=True),
    )
    rows = tuple(tuple(_model(row)) for row in comparison.models.iter_rows(named=True))
    note = f"Features added and removed are against {isolated(comparison.reference)}."
    return Section("models", "7. Models", (Table("Models", columns, rows, note),))


def _model(row: dict[str, object]) -> Iterator[str]:
    yield str(row["model"])
    yield _count(row["features"])
    yield _listed(row["added"])
    yield _listed(row["removed"])
    micros, size = row["microseconds"], row["bytes"]
    yield figure_text(float(micros)) if isinstance(micros, int | float) else MISSING
    yield count_text(size) if isinstance(size, int | float) else MISSING


def _count(features: object) -> str:
    if isinstance(features, list | tuple | pl.Series):
        return str(len(features))
    return count_text(features) if isinstance(features, int | float) else MISSING


def _listed(names: object) -> str:
    return (
        ", ".join(map(str, names))
        if isinstance(names, list | tuple | pl.Series) and len(names)
        else MISSING
    )


def _checks(comparison: Comparison) -> Section:
    if not comparison.findings:
        return Section("checks", "8. Checks", (Absent("No checks were run."),))
    lines = (
        Verdict(line.status, f"{isolated(name)}: {line.text}")
        for name, found in comparison.findings.items()
        for line in [findings_line(found)]
    )
    return Section("checks", "8. Checks", tuple(lines))


def _provenance(comparison: Comparison) -> Section:
    return Section("provenance", "9. Provenance", tuple(provenance(comparison.provenance)))


SECTIONS: tuple[Callable[[Comparison], Section], ...] = (
    _decision,
    _metrics,
    _differences,
    _slices,
    _curves,
    _disagreement,
    _models,
    _checks,
    _provenance,
)
"""From the decision to where it comes from; LEARN section 4.4."""

IN_SHORT = SECTIONS[:3]
"""What a terminal and a notebook show."""
