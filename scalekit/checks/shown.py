"""Outcomes of rules as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from scalekit.checks.levels import LEVELS
from scalekit.checks.outcome import Outcome
from scalekit.display.text import amount

_MARKS = {"pass": "✓", "warn": "!", "error": "✗", "critical": "✗✗"}
# Okabe and Ito's colours, which colour-blind readers tell apart; the mark and the word say the same
_COLOURS = {"pass": "#009e73", "warn": "#e69f00", "error": "#d55e00", "critical": "#cc79a7"}

# a class twice goes before what Jupyter says of tables
_STYLE = """<style>
.scalekit-checks {font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 13px; line-height: 1.4}
.scalekit-checks .wide {overflow-x: auto; max-width: 100%}
.scalekit-checks table {border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 4px 0}
.scalekit-checks.scalekit-checks th, .scalekit-checks.scalekit-checks td {padding: 2px 10px; text-align: left; vertical-align: top}
.scalekit-checks th {border-bottom: 1px solid rgba(128, 128, 128, .5)}
.scalekit-checks .level {border-left: 4px solid; padding-left: 6px; white-space: nowrap}
.scalekit-checks .weak {opacity: .7}
</style>"""


def headline(name: str, rows: int | None, outcomes: Sequence[Outcome]) -> str:
    """How many rules are kept, in a line."""
    counts = {level: sum(o.level == level for o in outcomes) for level in reversed(LEVELS[1:])}
    raised = ", ".join(f"{count:,} {level}" for level, count in counts.items() if count)
    kept = f"{amount(sum(o.level == 'pass' for o in outcomes), 'rule')} of {len(outcomes):,} kept"
    size = "" if rows is None else f" ({amount(rows, 'row')})"
    return f"{name}{size}: {kept}{f'; {raised}' if raised else ''}"


def found_text(outcome: Outcome) -> str:
    """What a rule found, in a few words.

    Examples
    --------
    >>> found_text(Outcome("age: not null", "age", "nulls", "error", failing=3, rows=1000))
    '3 of 1,000 rows (0.3 %)'
    """
    parts = []
    if outcome.failing and outcome.rows:
        share = f"{100 * outcome.failing / outcome.rows:.3g}"
        parts.append(f"{outcome.failing:,} of {amount(outcome.rows, 'row')} ({share} %)")
    parts += [text for text in (outcome.value, outcome.note) if text]
    return "; ".join(parts)


def report_lines(name: str, rows: int | None, outcomes: Sequence[Outcome]) -> list[str]:
    """A report as lines of text: the headline, then the rules, the worst first."""
    width = max((len(o.rule) for o in outcomes), default=0)
    lines = [
        f"  {_MARKS[o.level]:<2} {o.level:<8}  {o.rule:<{width}}  {found_text(o)}".rstrip()
        for o in _sorted(outcomes)
    ]
    return [headline(name, rows, outcomes), *lines]


def report_html(name: str, rows: int | None, outcomes: Sequence[Outcome]) -> str:
    """A report as HTML for a notebook or a page; every text is escaped."""
    body = "".join(
        f'<tr><td class="level" style="border-color:{_COLOURS[o.level]}">{_MARKS[o.level]} {o.level}</td>'
        f"<td>{escape(o.rule)}</td><td>{escape(found_text(o))}</td></tr>"
        for o in _sorted(outcomes)
    )
    return (
        f'{_STYLE}<div class="scalekit-checks"><b>{escape(headline(name, rows, outcomes))}</b><div class="wide">'
        f"<table><thead><tr><th>level</th><th>rule</th><th>found</th></tr></thead><tbody>{body}</tbody></table>"
        "</div></div>"
    )


def _sorted(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda o: -LEVELS.index(o.level))
