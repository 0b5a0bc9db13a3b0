"""A pandera schema, of pandas' or Polars' flavour, compiled to rules; what has no counterpart is named in an error.

Pandera is not imported: whoever passes a schema has done so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from scalekit.errors import ConfigError

Written = tuple[str | None, str, Any]
"""A column (None for the table), the kind of a rule, and what is written behind it."""


def is_pandera(rules: object) -> bool:
    """Whether rules are a pandera schema or model."""
    kind = rules if isinstance(rules, type) else type(rules)
    return any(base.__module__.partition(".")[0] == "pandera" for base in kind.__mro__)


def written_in(schema: Any, columns: pl.Schema) -> list[Written]:
    """The rules of a ``DataFrameSchema`` or ``DataFrameModel``.

    Parameters
    ----------
    schema
        The schema, or the class of a model.
    columns
        The columns that patterns of names select from.

    Raises
    ------
    ConfigError
        That names everything in the schema that has no counterpart, and what to do about it.
    """
    if isinstance(schema, type) and hasattr(schema, "to_schema"):
        schema = schema.to_schema()
    if not hasattr(schema, "columns"):
        raise ConfigError(
            f"of pandera, sk.check takes a DataFrameSchema or a DataFrameModel, got {type(schema).__name__}"
        )
    compiler = _Compiler(columns)
    found = [*compiler.of_table(schema)]
    for name, column in schema.columns.items():
        found += compiler.of_column(name, column, schema)
    if compiler.refused:
        label = f" {schema.name!r}" if schema.name else ""
        raise ConfigError(
            f"the pandera schema{label} has what sk.check cannot compile: {'; '.join(compiler.refused)}. Leave it "
            "out of the schema, and write it as a rule: 'expression' takes any condition"
        )
    return found


@dataclass
class _Compiler:
    """Compiles one schema, and notes what it cannot."""

    columns: pl.Schema
    refused: list[str] = field(default_factory=list)

    def of_table(self, schema: Any) -> Iterator[Written]:
        """Rules of the whole frame."""
        for name, reason in _CHANGES.items():
            if getattr(schema, name, None):
                self.refused.append(f"{name}={getattr(schema, name)!r} ({reason})")
        if schema.strict == "filter":
            self.refused.append("strict='filter' (it drops columns: use select())")
        for check in schema.checks:
            self.refused.append(f"the check {check.name!r} of the frame")
        if schema.index is not None:
            self.refused.append("index (a frame has none: check it as a column)")
        names = [name for name, one in schema.columns.items() if one.required and not one.regex]
        if schema.strict is True:
            names = [n for name, one in schema.columns.items() for n in self.named(name, one)]
        if names and (schema.strict is True or schema.ordered):
            exact = {"exact": schema.strict is True, "ordered": bool(schema.ordered)}
            yield None, "columns", {"names": names, **exact}
        unique = schema.unique
        if unique:
            yield None, "unique", {"columns": [unique] if isinstance(unique, str) else list(unique)}

    def named(self, name: Any, column: Any) -> list[str]:
        """The columns that a column of the schema stands for; none for an optional one that is not there."""
        if not column.regex:
            return [name] if column.required or name in self.columns else []
        found = [one for one in self.columns if re.match(name, one)]
        return found or ([name] if column.required else [])

    def of_column(self, name: Any, column: Any, schema: Any) -> Iterator[Written]:
        """Rules of one column of the schema."""
        if not isinstance(name, str):
            self.refused.append(f"column {name!r} (names are text)")
            return
        for option, reason in _CHANGES.items():
            if getattr(column, option, None):
                self.refused.append(f"column {name!r}: {option} ({reason})")
        rules = [*self.rules(name, column, column.dtype or schema.dtype)]
        for one in self.named(name, column):
            yield from ((one, kind, given) for kind, given in rules)

    def rules(self, name: str, column: Any, dtype: Any) -> Iterator[tuple[str, Any]]:
        """Kinds of rules and what is written behind them."""
        if dtype is not None:
            wanted = _type_of(dtype)
            if wanted is None:
                self.refused.append(f"column {name!r}: dtype {dtype}")
            else:
                yield "dtype", wanted
            categories = getattr(dtype, "categories", None)
            if categories is not None:
                yield "in", list(categories)
        if not column.nullable:
            yield "nulls", False
            if dtype is not None and "float" in str(dtype).lower():
                yield "nan", False
        if column.unique:
            yield "unique", True
        for check in column.checks:
            yield from self.check(name, check, nullable=column.nullable)

    def check(self, name: str, check: Any, *, nullable: bool) -> Iterator[tuple[str, Any]]:
        """One check of a column."""
        compiled = CHECKS.get(check.name)
        statistics = check.statistics or {}
        if compiled is None or not statistics or check.groupby is not None:
            self.refused.append(f"column {name!r}: the check {check.error or check.name!r}")
        elif nullable and not check.ignore_na:
            self.refused.append(f"column {name!r}: ignore_na=False of {check.name!r} (use 'nulls')")
        else:
            kind, given = compiled(statistics)
            yield kind, {**given, **({"level": "warn"} if check.raise_warning else {})}


_CHANGES = {
    "coerce": "it changes the data: cast() the frame before",
    "parsers": "they change the data: with_columns() before",
    "default": "it changes the data: fill_null() before",
    "drop_invalid_rows": "it drops rows: use report.failing()",
    "add_missing_columns": "it changes the data: with_columns() before",
}

Statistics = Mapping[str, Any]


def _in_range(found: Statistics) -> tuple[str, dict[str, Any]]:
    ends = (found.get("include_min", True), found.get("include_max", True))
    closed = {(True, True): "both", (True, False): "left", (False, True): "right"}.get(ends, "none")
    return "between", {"min": found["min_value"], "max": found["max_value"], "closed": closed}


def _length(found: Statistics) -> tuple[str, dict[str, Any]]:
    exact = found.get("exact_value")
    low, high = (exact, exact) if exact is not None else (found["min_value"], found["max_value"])
    return "length", {"min": low, "max": high}


CHECKS: Mapping[str, Callable[[Statistics], tuple[str, dict[str, Any]]]] = {
    "equal_to": lambda s: ("in", {"values": [s["value"]]}),
    "not_equal_to": lambda s: ("not_in", {"values": [s["value"]]}),
    "greater_than": lambda s: ("above", {"value": s["min_value"]}),
    "greater_than_or_equal_to": lambda s: ("min", {"value": s["min_value"]}),
    "less_than": lambda s: ("below", {"value": s["max_value"]}),
    "less_than_or_equal_to": lambda s: ("max", {"value": s["max_value"]}),
    "in_range": _in_range,
    "isin": lambda s: ("in", {"values": list(s["allowed_values"])}),
    "notin": lambda s: ("not_in", {"values": list(s["forbidden_values"])}),
    "str_matches": lambda s: ("matches", {"pattern": f"^(?:{_pattern(s['pattern'])})"}),
    "str_contains": lambda s: ("matches", {"pattern": _pattern(s["pattern"])}),
    "str_startswith": lambda s: ("matches", {"pattern": f"^{pl.escape_regex(s['string'])}"}),
    "str_endswith": lambda s: ("matches", {"pattern": f"{pl.escape_regex(s['string'])}$"}),
    "str_length": _length,
}
"""Pandera's own checks, by name."""


def _pattern(given: Any) -> str:
    """A pattern as text, whose flags stand in it."""
    if not isinstance(given, re.Pattern):
        return str(given)
    flags = "".join(c for flag, c in _FLAGS.items() if given.flags & flag)
    return f"(?{flags}){given.pattern}" if flags else str(given.pattern)


_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x"}

_NAMES = (
    (r"(u?)int(8|16|32|64|128)", lambda m: f"{'U' * bool(m[1])}Int{m[2]}"),
    (r"float(16|32|64)", lambda m: f"Float{m[1]}"),
    (r"double", lambda _: "Float64"),
    (r"(str|string|large_string)", lambda _: "String"),
    (r"(bool|boolean)", lambda _: "Boolean"),
    (r"(category|categorical)", lambda _: ["Categorical", "Enum"]),
    (r"datetime64", lambda _: "Datetime"),
    (r"timedelta64", lambda _: "Duration"),
    (r"date(32|64)?", lambda _: "Date"),
)
"""Types of pandas and of Arrow by their names, without what stands in brackets."""


def _type_of(dtype: Any) -> Any:
    """A type as rules write it; None where there is none."""
    own = getattr(dtype, "type", None)
    if isinstance(own, pl.DataType) or (isinstance(own, type) and issubclass(own, pl.DataType)):
        return own
    text = str(dtype).lower()
    zone = re.fullmatch(r"datetime64\[\w+, (.+)\]", str(dtype))
    if zone:
        return [f"Datetime[{unit}, {zone[1]}]" for unit in ("ns", "us", "ms")]
    base = text.partition("[")[0]
    for pattern, name in _NAMES:
        found = re.fullmatch(pattern, base)
        if found:
            return name(found)
    return None
