"""Whether a model takes the place of another: every condition with its number, met or not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Reason:
    """One condition of a decision.

    Attributes
    ----------
    condition
        What was asked: ``"skill"``, ``"better"``, ``"guard roc_auc"``, ``"slice region"``, ``"findings"``, ``"checks"``,
        ``"fingerprint"``, ``"schema"``.
    met
        Whether it holds.
    message
        The numbers, in one sentence.
    number
        What was measured, such as the bound of an interval.
    limit
        What it was held against.
    """

    condition: str
    met: bool
    message: str
    number: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class Decision:
    """Whether to promote a model, and why; true where it says so. What ``sk.promote`` asks for.

    Attributes
    ----------
    promote
        Whether every condition is met.
    candidate, reference
        Names of the model and of the one that it would replace; no reference where there is none yet.
    reasons
        Every condition, met or not.
    protocol_id
        By what was judged.
    fingerprint
        Of the test rows.
    at
        When, in UTC, ISO 8601.
    """

    promote: bool
    candidate: str
    reference: str | None
    reasons: tuple[Reason, ...]
    protocol_id: str = ""
    fingerprint: Mapping[str, Any] | None = None
    at: str = ""

    def __bool__(self) -> bool:
        return self.promote

    @property
    def unmet(self) -> tuple[Reason, ...]:
        """The conditions that speak against it."""
        return tuple(reason for reason in self.reasons if not reason.met)

    def to_dict(self) -> dict[str, Any]:
        """The decision as JSON can hold it."""
        return asdict(self)

    def to_json(self) -> str:
        """The decision as a JSON text."""
        return json.dumps(self.to_dict(), indent=2)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """The decision that :meth:`to_dict` has written."""
        reasons = tuple(Reason(**reason) for reason in given["reasons"])
        return cls(**{**given, "reasons": reasons})

    def __repr__(self) -> str:
        against = f" instead of {self.reference}" if self.reference else ""
        first = f"{'promote' if self.promote else 'do not promote'} {self.candidate}{against}"
        return "\n".join([first, *(f"  {'✓' if r.met else '✗'} {r.message}" for r in self.reasons)])
