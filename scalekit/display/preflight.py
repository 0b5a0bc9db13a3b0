"""What a look at a query before it runs has found, as a value that reads well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import polars as pl

from scalekit.backends.preflight import Finding
from scalekit.display.text import amount

_ORDER = ("error", "warn", "ok")
_MARKS = {"error": "✗", "warn": "!", "ok": "✓"}


@dataclass(frozen=True, repr=False)
class Preflight:
    """What would stand in the way of a query on a backend; true where nothing would.

    Attributes
    ----------
    backend
        Who would run it.
    reason
        Why.
    findings
        What was looked at: ``check``, ``level`` (``"ok"``, ``"warn"`` or ``"error"``), ``what``, ``way_out``.
    """

    backend: str
    reason: str
    findings: tuple[Finding, ...]

    def __bool__(self) -> bool:
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What would make the query fail."""
        return self._of("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What would let it run otherwise than one might think."""
        return self._of("warn")

    def frame(self) -> pl.DataFrame:
        """A row for each finding."""
        rows = [(f.check, f.level, f.what, f.way_out) for f in self.findings]
        return pl.DataFrame(
            rows,
            schema=dict.fromkeys(("check", "level", "what", "way_out"), pl.String),
            orient="row",
        )

    def _of(self, level: str) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == level)

    def _sorted(self) -> Sequence[Finding]:
        return sorted(self.findings, key=lambda finding: _ORDER.index(finding.level))

    def _title(self) -> str:
        counts = [amount(len(self.errors), "error"), amount(len(self.warnings), "warning")]
        told = ", ".join(counts) if self.errors or self.warnings else "nothing stands in the way"
        return f"preflight on {self.backend} ({self.reason}): {told}"

    def __repr__(self) -> str:
        lines = [self._title()]
        for finding in self._sorted():
            lines.append(f"  {_MARKS[finding.level]} {finding.check}: {finding.what}")
            if finding.way_out:
                lines.append(f"      way out: {finding.way_out}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(_row(finding) for finding in self._sorted())
        return (
            f"{_STYLE}<div class='scalekit-preflight'><b>{escape(self._title())}</b><table><thead><tr><th></th>"
            f"<th>check</th><th>what</th><th>way out</th></tr></thead><tbody>{rows}</tbody></table></div>"
        )


def _row(finding: Finding) -> str:
    cells = (finding.check, finding.what, finding.way_out)
    told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr class='{finding.level}'><td title='{finding.level}'>{_MARKS[finding.level]}</td>{told}</tr>"


# Colours of the page, weakened, as those of a frame: they read in light and dark themes. A class twice goes before what
# Jupyter says of tables.
_STYLE = """<style>
.scalekit-preflight {font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 13px; line-height: 1.4}
.scalekit-preflight table {border-collapse: collapse; margin: 6px 0}
.scalekit-preflight.scalekit-preflight th, .scalekit-preflight.scalekit-preflight td {padding: 2px 10px; text-align: left; vertical-align: top}
.scalekit-preflight thead {border-bottom: 1px solid rgba(128, 128, 128, .5)}
.scalekit-preflight .error td:first-child {color: #d33}
.scalekit-preflight .warn td:first-child {color: #c80}
.scalekit-preflight .ok {opacity: .7}
</style>"""
