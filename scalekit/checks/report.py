"""What checks of data found: a frozen value that reads well, and that production code can act on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Self

import polars as pl

from scalekit.checks.levels import LEVELS, worst
from scalekit.checks.outcome import Outcome
from scalekit.checks.shown import found_text, report_html, report_lines
from scalekit.display.text import amount
from scalekit.errors import ConfigError, DataCheckError, InvalidOperationError
from scalekit.frame.frame import Frame

_SCHEMA = {
    "rule": pl.String, "column": pl.String, "kind": pl.String, "level": pl.String, "failing": pl.Int64,
    "rows": pl.Int64, "share": pl.Float64, "value": pl.String, "note": pl.String,
}  # fmt: skip


_MOST_NAMED = 5
"""Rules that an error names; more are counted."""


@dataclass(frozen=True, repr=False)
class DataReport:
    """What :func:`scalekit.check` found; frozen.

    Attributes
    ----------
    outcomes
        What each rule found, in the order of the rules.
    rows
        Rows of the frame; None where no rule had to count them.
    queries
        Queries that ran on the frame: one aggregate of all rules, and one more where there are keys.
    backend
        Who ran them.
    name
        What was checked.
    at
        When, as UTC in ISO format.

    Examples
    --------
    >>> import scalekit as sk
    >>> report = sk.check(sk.from_dict({"age": [31, 47, 230]}), {"age": {"between": [0, 120]}})
    >>> report.passed, report.level, report.frame()["failing"].to_list()
    (False, 'error', [1])
    >>> report.failing("age: between 0 and 120").collect().rows()
    [(230,)]
    """

    outcomes: tuple[Outcome, ...]
    rows: int | None = None
    queries: int = 0
    backend: str = ""
    name: str = ""
    at: str = ""
    where: Callable[[str], Frame] | None = field(default=None, compare=False)

    @property
    def level(self) -> str:
        """The most severe level that a rule reached; ``"pass"`` where all are kept."""
        return worst(outcome.level for outcome in self.outcomes)

    @property
    def passed(self) -> bool:
        """Whether no rule reached ``"error"`` or ``"critical"``: warnings pass."""
        return not self.at_level("error")

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rules are at each level, from best to worst."""
        found = [outcome.level for outcome in self.outcomes]
        return MappingProxyType({level: found.count(level) for level in LEVELS})

    def at_level(self, level: str) -> tuple[Outcome, ...]:
        """The rules that reached a level or a worse one.

        Parameters
        ----------
        level
            ``"warn"``, ``"error"`` or ``"critical"``.

        Raises
        ------
        ConfigError
            For another level.
        """
        if level not in LEVELS[1:]:
            raise ConfigError.unknown_choice("level", level, LEVELS[1:], origin="level=")
        least = LEVELS.index(level)
        return tuple(o for o in self.outcomes if LEVELS.index(o.level) >= least)

    def raise_for(self, level: str = "error") -> Self:
        """Give this report back, for production code, unless a rule reached a level.

        Parameters
        ----------
        level
            ``"warn"``, ``"error"`` or ``"critical"``.

        Raises
        ------
        DataCheckError
            Where a rule reached that level or a worse one; the message names the rules.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2]})
        >>> sk.check(frame, {"x": {"min": 0}}).raise_for("error").passed
        True
        """
        broken = self.at_level(level)
        if broken:
            raise DataCheckError(_broken_text(self, broken))
        return self

    def failing(self, rule: str) -> Frame:
        """The rows that break a rule, as a lazy frame with all columns; nothing runs.

        Parameters
        ----------
        rule
            Its name, as in ``frame()["rule"]``.

        Raises
        ------
        InvalidOperationError
            For a name that no rule has, and for a rule that has no rows of its own: of the number of rows, of
            types, of freshness, of drift.
        """
        names = [outcome.rule for outcome in self.outcomes]
        if rule not in names:
            raise ConfigError.unknown_choice("rule", rule, names, origin="failing()")
        if self.where is None:
            raise InvalidOperationError(
                "this report was read from a store, which keeps no rows: run sk.check() again for them"
            )
        return self.where(rule)

    def frame(self) -> pl.DataFrame:
        """A row for each rule: its name, column, kind, level, failing rows, rows, share, value and note."""
        rows = [{**asdict(outcome), "share": outcome.share} for outcome in self.outcomes]
        return pl.DataFrame(rows, schema=_SCHEMA)

    def to_dict(self) -> dict[str, Any]:
        """All but the failing rows, as values that JSON has; see :meth:`from_dict`."""
        facts = {name: getattr(self, name) for name in _FACTS}
        return {**facts, "outcomes": [asdict(outcome) for outcome in self.outcomes]}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Self:
        """The report that :meth:`to_dict` wrote, without its failing rows."""
        outcomes = tuple(Outcome(**outcome) for outcome in kept["outcomes"])
        return cls(outcomes, **{name: kept[name] for name in _FACTS})

    def __repr__(self) -> str:
        return "\n".join(report_lines(self.name, self.rows, self.outcomes))

    def _repr_html_(self) -> str:
        return report_html(self.name, self.rows, self.outcomes)


_FACTS = ("rows", "queries", "backend", "name", "at")


def _broken_text(report: DataReport, broken: tuple[Outcome, ...]) -> str:
    shown = "; ".join(f"{o.rule} [{o.level}] {found_text(o)}" for o in broken[:_MOST_NAMED])
    more = f"; ... {len(broken) - _MOST_NAMED:,} more" if len(broken) > _MOST_NAMED else ""
    return (
        f"{amount(len(broken), 'rule')} of {len(report.outcomes):,} not kept by {report.name}: {shown}{more}. "
        "report.failing(rule) has the rows"
    )
