"""``sk.suggest_checks``: the rules that a reference keeps, to start from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import polars as pl

from scalekit import run
from scalekit.checks.profile import COUNTED, is_counted
from scalekit.checks.written import SuggestedChecks
from scalekit.config import Config, resolve
from scalekit.display.progress import progress
from scalekit.display.text import type_text
from scalekit.expr.builders import col, lit
from scalekit.expr.expr import Expr
from scalekit.expr.shortcuts import len as count_rows
from scalekit.frame.base import columns_of
from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.io.combine import concat

_ROWS = "rows"


@folded
def suggest_checks(
    reference: Frame,
    *,
    key: str | Sequence[str] | None = None,
    drift: bool = False,
    **settings: Any,
) -> SuggestedChecks:
    """Suggest rules that a reference keeps, in two queries: types, nulls, ranges, sets of values, keys.

    They are a start, not a standard: read them, and take out what is so by accident. Types, missing nulls and
    unique keys are suggested as errors; ranges and sets of values, which a new row may well leave, as warnings.

    Parameters
    ----------
    reference
        Rows that are as they should be.
    key
        The columns that tell one row from another. Without it, no column is called unique.
    drift
        Whether to suggest the comparison with a reference too, for ``sk.check(..., reference=reference)``.
    settings
        Settings for this run alone; see :func:`scalekit.config`.

    Returns
    -------
    SuggestedChecks
        A dict of rules for :func:`scalekit.check`, which prints as Python; ``.to_yaml()`` gives YAML.

    Examples
    --------
    >>> import scalekit as sk
    >>> people = sk.from_dict({"id": [1, 2, 3], "plan": ["a", "b", "a"]})
    >>> rules = sk.suggest_checks(people, key="id")
    >>> rules
    {
        "table": {"rows": [1, None], "columns": ["id", "plan"], "unique": ["id"]},
        "id": {"dtype": "Int64", "nulls": False, "between": {"min": 1, "max": 3, "level": "warn"}},
        "plan": {"dtype": "String", "nulls": False, "in": {"values": ["a", "b"], "level": "warn"}},
    }
    >>> sk.check(people, rules).passed
    True
    """
    config = resolve(**settings)
    schema = reference.schema
    keys = () if key is None else columns_of(reference._plan, key)
    with progress(config):
        facts = _facts(reference, config)
        values = _values(reference, [name for name in schema if schema[name] in _TEXTS], config)
    table: dict[str, Any] = {"rows": [1, None], "columns": list(schema)}
    if keys:
        table["unique"] = list(keys)
    rules: dict[str, Any] = {"table": table}
    for name, dtype in schema.items():
        rules[name] = _of_column(name, dtype, facts, values.get(name), is_drift=drift)
    return SuggestedChecks(rules)


_TEXTS = (pl.String, pl.Categorical)


def _of_column(
    name: str,
    dtype: pl.DataType,
    facts: Mapping[str, Any],
    values: list[str] | None,
    *,
    is_drift: bool,
) -> dict[str, Any]:
    rules: dict[str, Any] = {
        "dtype": type_text(dtype) if not isinstance(dtype, pl.Enum) else "Enum"
    }
    if facts[_ROWS] and not facts[f"nulls:{name}"]:
        rules["nulls"] = False
    if dtype.is_float() and not facts[f"nan:{name}"]:
        rules["nan"] = False
    ends = {end: facts.get(f"{end}:{name}") for end in ("min", "max")}
    ends = {end: value for end, value in ends.items() if _is_bound(value)}
    if ends and not facts.get(f"nan:{name}"):  # NaN lies within no range
        rules["between"] = {**ends, "level": "warn"}
    if values:
        rules["in"] = {"values": values, "level": "warn"}
    if is_drift and (is_counted(dtype) or is_ranged(dtype)):
        rules["drift"] = True
    return rules


def _is_bound(value: Any) -> bool:
    return isinstance(value, _VALUES) and (not isinstance(value, float) or math.isfinite(value))


_VALUES = (int, float, date, datetime, time)


def is_ranged(dtype: pl.DataType) -> bool:
    """Whether a range is suggested for a type."""
    return (dtype.is_numeric() and not dtype.is_decimal()) or dtype in (
        pl.Date,
        pl.Datetime,
        pl.Time,
    )


def _facts(frame: Frame, config: Config) -> dict[str, Any]:
    aggregates: dict[str, Expr] = {_ROWS: count_rows()}
    for name, dtype in frame.schema.items():
        x = col(name)
        aggregates[f"nulls:{name}"] = x.null_count()
        if dtype.is_float():
            aggregates[f"nan:{name}"] = x.is_nan().sum()
        if is_ranged(dtype):
            aggregates |= {f"min:{name}": x.min(), f"max:{name}": x.max()}
    return run.collect(frame.select(**aggregates)._plan, config).row(0, named=True)


def _values(frame: Frame, names: Sequence[str], config: Config) -> dict[str, list[str]]:
    """The values of texts that have few of them, in order."""
    if not names:
        return {}
    distinct = [
        frame.select(value=col(name).cast(pl.String()))
        .drop_nulls()
        .unique()
        .sort("value")
        .head(COUNTED + 1)
        .select("value", column=lit(name))
        for name in names
    ]
    found: dict[str, list[str]] = {name: [] for name in names}
    together = distinct[0] if len(distinct) == 1 else concat(distinct)
    for value, name in run.collect(together._plan, config).iter_rows():
        found[name].append(value)
    return {name: sorted(values) for name, values in found.items() if len(values) <= COUNTED}
