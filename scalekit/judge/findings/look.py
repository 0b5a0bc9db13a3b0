"""What a check looks at, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scalekit.judge.evidence import Evidence
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.report import Report, Status
from scalekit.judge.statistics import Layout, Tally


@dataclass(frozen=True)
class Said:
    """What one check says; the table of checks has its code and title."""

    status: Status
    number: float | None
    message: str
    fix: str = ""


def fine(number: float | None, message: str) -> Said:
    """Nothing to be done."""
    return Said("pass", number, message)


def not_applicable(why: str) -> Said:
    """There is nothing to look at."""
    return Said("n/a", None, why)


def raised(number: float, message: str, fix: str, *, fails: bool) -> Said:
    """Something to be done: a failure, or a warning."""
    return Said("fail" if fails else "warn", number, message, fix)


@dataclass(frozen=True, eq=False)
class Look:
    """A report and the evidence beside it, as checks read them."""

    report: Report
    evidence: Evidence

    @property
    def protocol(self) -> Protocol:
        """By what was judged."""
        return self.report.protocol

    @property
    def layout(self) -> Layout:
        """Of the tallies."""
        return self.report.layout

    @property
    def test(self) -> Tally:
        """Of the test rows."""
        return self.report.tallies["test"]

    @property
    def train(self) -> Tally | None:
        """Of the training rows, where there were some."""
        return self.report.tallies.get("train")

    @property
    def place(self) -> int:
        """Of the judged model in the layout."""
        return self.layout.model(self.report.name)

    def found(self, name: str) -> Any:
        """What a summary kept; None where there was none."""
        return self.evidence.found.get(name)
