"""The checks of an experiment's data: before anything is fitted on rows that should not be fitted on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scalekit.checks.check import check
from scalekit.checks.levels import LEVELS
from scalekit.checks.report import DataReport
from scalekit.command.experiment.data import data_of
from scalekit.command.experiment.imports import imported
from scalekit.command.experiment.section import Section
from scalekit.errors import ConfigError
from scalekit.frame.frame import Frame

_KEYS = ("file", "rules", "value", "reference", "stop")
_NEVER = "never"

_NAMED = re.compile(
    r"column '(?P<column>[^']*)', rule '(?P<rule>[^']*)'|.*rule '(?P<unknown>[^']*)' \(from column '(?P<of>[^']*)'\)"
)
"""Which rule an error of :func:`scalekit.check` is about."""


def checked(section: Section, frames: Mapping[str, Frame]) -> dict[str, DataReport]:
    """Check the rows of an experiment by ``[checks]``: nothing where there is no such table.

    Parameters
    ----------
    section
        ``file``, ``rules`` or ``value`` (a ``module:name`` of rules or a pandera schema); ``reference``, a table as
        ``[data]``; ``stop``, the level at which nothing is fitted.
    frames
        The rows, by the name of the split.

    Raises
    ------
    ConfigError
        Where a rule has no meaning.
    """
    if not section.values:
        return {}
    section.only(*_KEYS)
    stop_level(section)
    rules, key = _rules(section)
    reference = (
        data_of(section.section("reference")).open()["all"] if "reference" in section else None
    )
    try:
        return {
            name: check(rows, rules, reference=reference, name=name)
            for name, rows in frames.items()
        }
    except ConfigError as error:
        raise _at(section, key, error) from error


def _at(section: Section, key: str, error: ConfigError) -> ConfigError:
    """The same error with the place of the rule that it names."""
    named = _NAMED.match(str(error)) if key == "rules" else None
    rules = section.section("rules") if named else section
    column = named["column"] or named["of"] if named else ""
    if named is None or not isinstance(rules.values.get(column), dict):
        return section.wrong(key, str(error))
    return rules.section(column).wrong(named["rule"] or named["unknown"], str(error))


def stop_level(section: Section) -> str:
    """The level from which on nothing is fitted: ``"error"`` by default."""
    return section.choice("stop", (*LEVELS[1:], _NEVER)) or "error"


def is_stopped(section: Section, reports: Mapping[str, DataReport]) -> bool:
    """Whether a rule reached the level at which nothing is fitted."""
    level = stop_level(section)
    return level != _NEVER and any(report.at_level(level) for report in reports.values())


def _rules(section: Section) -> tuple[Any, str]:
    given = [key for key in ("file", "rules", "value") if key in section]
    if len(given) != 1:
        raise section.wrong(
            given[1] if given else "",
            'expected one of file = "checks.yaml", value = "module:name" and a table [checks.rules]',
        )
    if given == ["file"]:
        return Path(section.document.folder / section.needed("file", '"checks.yaml"')), "file"
    if given == ["value"]:
        return imported(section, "value", section.needed("value", '"module:rules"')), "value"
    return section.section("rules").values, "rules"
