"""Rules as they are written - a mapping of columns to rules - read into rules, with errors that say what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from scalekit.checks.arguments import expr_of
from scalekit.checks.kinds import COLUMN_KINDS, TABLE_KINDS, Kind
from scalekit.checks.levels import LEVELS, Threshold
from scalekit.checks.rule import Rule, wrong
from scalekit.errors import ConfigError

TABLE = "table"
"""The key under which rules of the whole frame stand."""

OPTIONS = ("warn", "error", "critical", "level", "when", "name")
"""What every rule may have beside its arguments."""

ALLOWANCES = ("nulls", "nan", "new_values")
"""Rules for which false says that none may be; for all others it says that the rule is not asked for."""

_DRIFT = "drift"
_ALLOWED = "a count of rows (a whole number from 1) or a share (above 0, up to 1.0)"


def rules_of(
    written: Mapping[str, Any], schema: pl.Schema, thresholds: Mapping[str, Any] | None = None
) -> tuple[Rule, ...]:
    """Read rules.

    Parameters
    ----------
    written
        Rules of columns by name, by a pattern ``"^...$"`` or by ``"*"`` for all columns, and rules of the whole
        frame under ``"table"``.
    schema
        The columns that patterns select from.
    thresholds
        Where levels begin for rules that count rows and do not say it themselves.

    Raises
    ------
    ConfigError
        That names the column, the rule and what is allowed.
    """
    if not isinstance(written, Mapping):
        raise ConfigError(
            f"rules are a mapping of columns to rules, such as {{'age': {{'between': [0, 120]}}}}, the path of a file "
            f"with one, or a pandera schema; got {type(written).__name__}"
        )
    common = common_thresholds(thresholds)
    found: dict[Any, Rule] = {}
    for key in sorted(written, key=_narrowness):
        rules = written[key]
        if not isinstance(rules, Mapping):
            raise ConfigError(
                f"column {key!r}: takes a mapping of rules, such as {{'nulls': false}}, got {rules!r}"
            )
        if key == TABLE:
            found |= {(None, rule.name): rule for rule in _table_rules(rules, common)}
        for column in _columns(key, schema):
            found |= {(column, r.kind): r for r in _column_rules(column, rules, schema, common)}
    _check_names(found.values())
    return tuple(found.values())


def _narrowness(key: object) -> int:
    """All columns before those of a pattern before one: the rule of a narrower key takes the place of a wider one's."""
    if not isinstance(key, str):
        raise ConfigError(f"rules stand under names of columns, got {key!r}")
    return 0 if key == "*" else 1 if _is_pattern(key) else 2


def _is_pattern(key: str) -> bool:
    return key.startswith("^") and key.endswith("$")


def common_thresholds(given: Mapping[str, Any] | None) -> tuple[Threshold, ...]:
    """Where levels begin for all rules that count rows."""
    return _thresholds(given or {}, "thresholds=", "thresholds", counts_rows=True)


def rules_of_triples(
    written: Iterable[tuple[str | None, str, Any]], thresholds: Mapping[str, Any] | None
) -> tuple[Rule, ...]:
    """Read rules of which a column may have several of one kind: columns, kinds and what is written behind them.

    Raises
    ------
    ConfigError
        As :func:`rules_of` does.
    """
    common = common_thresholds(thresholds)
    found: dict[str, Rule] = {}
    for column, name, given in written:
        kinds, place = (
            (TABLE_KINDS, TABLE) if column is None else (COLUMN_KINDS, f"column {column!r}")
        )
        rule = _rule(kinds[name], name, column, given, place, common)
        found.setdefault(rule.name, rule)
    return tuple(found.values())


def _columns(key: str, schema: pl.Schema) -> list[str]:
    if key in ("*", TABLE):
        return list(schema) if key == "*" else []
    if not _is_pattern(key):
        return [key]
    try:
        selected = [name for name in schema if re.search(key, name)]
    except re.error as error:
        raise ConfigError(f"column {key!r} is no pattern: {error}") from None
    return selected or [key]


def _column_rules(
    column: str, rules: Mapping[str, Any], schema: pl.Schema, common: Sequence[Threshold]
) -> Iterator[Rule]:
    place = f"column {column!r}"
    for name, given in _spread(rules, schema.get(column), place):
        if name not in COLUMN_KINDS:
            hint = (
                f"; {name!r} is a rule of the whole frame, under 'table'"
                if name in TABLE_KINDS
                else ""
            )
            error = ConfigError.unknown_choice("rule", name, (*COLUMN_KINDS, _DRIFT), origin=place)
            raise ConfigError(f"{error}{hint}")
        if given is not False or name in ALLOWANCES:
            yield _rule(COLUMN_KINDS[name], name, column, given, place, common)


def _spread(
    rules: Mapping[str, Any], dtype: pl.DataType | None, place: str
) -> Iterator[tuple[str, Any]]:
    """The rules, with ``drift`` as the rules that it stands for."""
    for name, given in rules.items():
        if name != _DRIFT:
            yield name, given
            continue
        if not isinstance(given, bool):
            raise wrong(
                place,
                name,
                f"takes true or false, got {given!r}; thresholds are those of psi, new_values, null_jump",
            )
        if given:
            has_labels = dtype in (pl.String, pl.Categorical, pl.Enum, pl.Boolean)
            stands_for = {
                "psi": True,
                "null_jump": True,
                **({"new_values": False} if has_labels else {}),
            }
            yield from ((one, rule) for one, rule in stands_for.items() if one not in rules)


def _table_rules(rules: Mapping[str, Any], common: Sequence[Threshold]) -> Iterator[Rule]:
    place = "table"
    for name, given in rules.items():
        if name not in TABLE_KINDS:
            hint = (
                f"; {name!r} is a rule of a column, under its name" if name in COLUMN_KINDS else ""
            )
            error = ConfigError.unknown_choice("rule", name, TABLE_KINDS, origin=place)
            raise ConfigError(f"{error}{hint}")
        for label, one in _several(name, given, place):
            rule = _rule(TABLE_KINDS[name], name, None, one, place, common)
            yield replace(rule, name=label) if label else rule


def _several(name: str, given: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Rules of which a frame can have several: keys as lists of columns, expressions by name."""
    if name == "expressions":
        if not isinstance(given, Mapping):
            raise wrong(place, name, f"takes a mapping of names to expressions, got {given!r}")
        yield from ((str(label), one) for label, one in given.items())
    elif isinstance(given, list | tuple) and _has_several(name, given):
        yield from (("", one) for one in given)
    else:
        yield "", given


def _has_several(name: str, given: Sequence[Any]) -> bool:
    """Whether a list is one of rules: for keys, ``["a", "b"]`` is one key, and ``[["a"], ["b"]]`` are two."""
    is_one_key = name == "unique" and all(isinstance(one, str) for one in given)
    return name in ("unique", "foreign_keys") and not is_one_key


def _rule(
    kind: Kind, name: str, column: str | None, given: Any, place: str, common: Sequence[Threshold]
) -> Rule:
    options = {}
    if isinstance(given, Mapping):
        options = {key: value for key, value in given.items() if key in OPTIONS}
        given = {key: value for key, value in given.items() if key not in OPTIONS}
        _check_keys(given, kind, name, place)
        if not given and not kind.keys:
            given = True
    try:
        arguments = kind.read(given)
        when = None if options.get("when") is None else expr_of(options["when"])
    except ValueError as error:
        raise wrong(place, name, str(error)) from None
    for level in LEVELS[1:]:  # a number alone, as in psi: 0.2, is that of "error"
        if level in arguments:
            options.setdefault(level, arguments.pop(level))
    thresholds = _of_rule(options, arguments, kind, name, place, common)
    label = f"{column}: {kind.label(arguments)}" if column else kind.label(arguments)
    if when is not None:
        label = f"{label} where {when!r}"
    return Rule(name, column, str(options.get("name") or label), arguments, thresholds, when)


def _check_keys(given: Mapping[str, Any], kind: Kind, name: str, place: str) -> None:
    unknown = [key for key in given if key not in kind.keys]
    if unknown:
        raise ConfigError.unknown_choice(
            "option", unknown[0], (*kind.keys, *OPTIONS), origin=f"{place}, rule {name!r}"
        )


def _of_rule(
    options: Mapping[str, Any],
    arguments: Mapping[str, Any],
    kind: Kind,
    name: str,
    place: str,
    common: Sequence[Threshold],
) -> tuple[Threshold, ...]:
    level = options.get("level", "error")
    if level not in LEVELS[1:]:
        raise ConfigError.unknown_choice(
            "level", level, LEVELS[1:], origin=f"{place}, rule {name!r}"
        )
    own = {key: options[key] for key in LEVELS[1:] if options.get(key) is not None}
    if own and "level" in options:
        raise wrong(place, name, f"level={level!r} stands for {level}: 1; give one of them")
    if own:
        return _thresholds(own, place, name, counts_rows=kind.counts_rows)
    if arguments.get("allowed"):
        return (Threshold(level, arguments["allowed"], above=True),)
    if "level" in options:
        at = kind.thresholds[-1].at
        return (Threshold(level, at),)
    return tuple(common) if common and kind.counts_rows else kind.thresholds


def _thresholds(
    given: Mapping[str, Any], place: str, name: str, *, counts_rows: bool
) -> tuple[Threshold, ...]:
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"{place} takes a mapping of levels, such as {{'warn': 1, 'error': 0.05}}"
        )
    for level, at in given.items():
        if level not in LEVELS[1:]:
            raise ConfigError.unknown_choice("level", level, LEVELS[1:], origin=place)
        if not _is_threshold(at, counts_rows=counts_rows):
            allowed = _ALLOWED if counts_rows else "a number above 0"
            raise wrong(place, name, f"{level} is {allowed}, got {at!r}")
    return tuple(Threshold(level, given[level]) for level in LEVELS[1:] if level in given)


def _is_threshold(at: Any, *, counts_rows: bool) -> bool:
    if isinstance(at, bool) or not isinstance(at, int | float):
        return False
    if not counts_rows:
        return at > 0
    return at >= 1 if isinstance(at, int) else 0 < at <= 1


def _check_names(rules: Iterable[Rule]) -> None:
    names = [rule.name for rule in rules]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ConfigError(f"two rules are called {twice[0]!r}: give one of them name=")
