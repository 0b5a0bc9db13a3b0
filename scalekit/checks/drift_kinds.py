"""Rules that compare a column with that of a reference: its distribution, its values, its nulls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from scalekit.checks.distance import (
    ks,
    ks_by_chance,
    psi,
    psi_by_chance,
    rate_by_chance,
)
from scalekit.checks.key_kinds import missing_in
from scalekit.checks.levels import level_by_number
from scalekit.checks.outcome import Outcome
from scalekit.checks.profile import COUNTED, Profile, at_most, in_bins, of_values
from scalekit.checks.row_kinds import is_labels
from scalekit.checks.rule import ROWS, Measure, Rule, Subject, by_rows
from scalekit.errors import SchemaError
from scalekit.expr.builders import col
from scalekit.expr.expr import Expr

BINS = 10
"""Bins of a distribution, unless ``bins`` says otherwise."""

Distance = Callable[[Sequence[int], Sequence[int]], float]


def distribution(
    distance: Distance, by_chance: Distance, *, ordered: bool
) -> Callable[[Rule, Subject], Measure]:
    """The measure of a distance between the bins of a column and those of the reference.

    It reaches a level where it is as large as the threshold, and larger than what chance gives in one of a
    thousand comparisons: few rows differ by chance.
    """

    def measure(rule: Rule, subject: Subject) -> Measure:
        profile, x = profile_of(rule, subject), column(rule)
        if ordered and not profile.is_ordered:
            raise SchemaError("its values have no order: use psi")
        counted = {**bin_aggregates(x, profile), "values": x.count()}

        def found(values: Mapping[str, Any]) -> Outcome:
            counts = bin_counts(values, profile)
            number, chance = distance(profile.counts, counts), by_chance(profile.counts, counts)
            level = level_by_number(rule.thresholds, number) if not number <= chance else "pass"
            return rule.outcome(level, value=f"{number:.3g} (up to {chance:.2g} by chance)")

        return Measure(rule, found, counted, failing="it measures the distribution of all rows")

    return measure


psi_measure = distribution(psi, psi_by_chance, ordered=False)
ks_measure = distribution(ks, ks_by_chance, ordered=True)


def bin_aggregates(x: Expr, profile: Profile) -> dict[str, Expr]:
    """The aggregates that count a column in the bins of a profile."""
    if profile.is_ordered:
        return at_most(x, profile.edges, "")
    return of_values(x, profile.values[:COUNTED])


def bin_counts(values: Mapping[str, Any], profile: Profile) -> tuple[int, ...]:
    """The counts of a column in the bins of a profile; ``"values"`` counts what is not null."""
    rows = values["values"]
    if profile.is_ordered:
        return in_bins(values, len(profile.edges), rows)
    first = [values[str(i)] or 0 for i in range(len(profile.values[:COUNTED]))]
    return (*first, rows - sum(first))


def new_values(rule: Rule, subject: Subject) -> Measure:
    """Rows whose value the reference does not have."""
    assert rule.column is not None
    profile, x = profile_of(rule, subject), column(rule)
    if profile.is_ordered:
        raise SchemaError("numbers and times are new at any time: use psi, min and max")
    if profile.complete:
        text = x.cast(pl.String())
        kept = text.is_in(list(profile.values)) if profile.values else x.is_null()
        return by_rows(rule, subject, kept)
    assert subject.reference is not None
    if is_labels(subject.schema[rule.column]):
        raise SchemaError("more values than can be compared: cast both columns to String")
    return missing_in(rule, subject, [rule.column], subject.reference, [rule.column])


def null_jump(rule: Rule, subject: Subject) -> Measure:
    """The rise of the share of nulls over that of the reference."""
    profile, x = profile_of(rule, subject), column(rule)

    def found(values: Mapping[str, Any]) -> Outcome:
        nulls, rows = values["nulls"], values[ROWS]
        before = profile.nulls / profile.rows if profile.rows else 0.0
        now = nulls / rows if rows else 0.0
        chance = rate_by_chance(nulls, rows, profile.nulls, profile.rows)
        jumped = now - before > chance
        level = level_by_number(rule.thresholds, now - before) if jumped else "pass"
        return rule.outcome(level, value=f"{100 * before:.3g} % then, {100 * now:.3g} % now")

    return Measure(
        rule, found, {"nulls": x.null_count()}, failing=subject.frame.filter(x.is_null())
    )


def column(rule: Rule) -> Expr:
    """The column of a rule."""
    assert rule.column is not None
    return col(rule.column)


def profile_of(rule: Rule, subject: Subject) -> Profile:
    """What is known of its column in the reference.

    Raises
    ------
    SchemaError
        Where nothing is, or the types do not go together.
    """
    assert rule.column is not None
    assert subject.reference is not None
    schema = subject.reference.schema
    if rule.column not in schema:
        raise SchemaError("the reference has no such column")
    profile = subject.profiles.get((rule.column, rule.arguments.get("bins", BINS)))
    if profile is None:
        raise SchemaError(f"of type {schema[rule.column]}, whose distribution is not measured")
    found, before = subject.schema[rule.column], schema[rule.column]
    same = found == before or (found.is_numeric() and before.is_numeric())
    if not same and (profile.is_ordered or found.is_numeric()):
        raise SchemaError(f"it is of type {found}, and {before} in the reference")
    return profile
