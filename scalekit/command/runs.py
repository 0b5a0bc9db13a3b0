"""``scalekit runs``: what is kept, the newest first."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from scalekit.command.exits import Exit
from scalekit.command.output import Output, cut_to_screen, table
from scalekit.command.store import store_of
from scalekit.display.text import amount, duration_text
from scalekit.tracking.listing import runs as list_runs

_SHORT = 10
"""Characters of an identifier that a table shows: its end, which tells runs of one minute apart."""


def runs(arguments: Namespace, output: Output) -> int:
    """List the runs of a store."""
    with store_of(arguments) as root:
        found = list_runs(arguments.project, root=root).collect()
        shown = found.head(arguments.limit)
        if arguments.json:
            output.json([_plain(row) for row in shown.to_dicts()])
            return Exit.GOOD
        if found.is_empty():
            of = f" of project {arguments.project!r}" if arguments.project else ""
            output.note(f"no runs{of} in {root}: sk.evaluate(...) and scalekit run leave some")
            return Exit.GOOD
        listed = table([_row(row) for row in shown.to_dicts()], _HEADER)
        output.write(cut_to_screen(listed, output.out))
        if found.height > shown.height:
            output.note(f"{amount(found.height, 'run')} in all: --limit shows more of them")
    return Exit.GOOD


# what tells most comes first: a narrow screen shows no more
_HEADER = ("run", "started (UTC)", "project", "name", "metric", "value", "skill", "kind", "rows", "estimator", "took", "by")  # fmt: skip


def _row(row: dict[str, Any]) -> list[str]:
    failed = row["status"] == "failed"
    return [
        row["id"][-_SHORT:],
        f"{row['started']:%Y-%m-%d %H:%M}",
        row["project"],
        row["name"],
        row["primary"] or "",
        _interval(row["value"], row["low"], row["high"]),
        _interval(row["skill"], row["skill_low"], row["skill_high"]),
        f"{row['kind']}, failed" if failed else row["kind"],
        "" if row["rows"] is None else f"{row['rows']:,}",
        row["estimator"] or "",
        duration_text(row["seconds"]),
        row["user"] or "",
    ]


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return ""
    bounds = "" if low is None or high is None else f" [{low:.4g}, {high:.4g}]"
    return f"{value:.4g}{bounds}"


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what only other runs have, with its time in ISO 8601."""
    extra = ("tags.", "params.", "metrics.")
    kept = {k: v for k, v in row.items() if not (v is None and k.startswith(extra))}
    return {**kept, "started": row["started"].isoformat()}
