"""Whether a model takes the place of another: every condition with its number, met or not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self


@dataclass(frozen=True)
class Condition:
    """One condition of a decision.

    Attributes
    ----------
    name
        What was asked: ``"rows"``, ``"independent"``, ``"skill"``, ``"better"``, ``"guard roc_auc"``, ``"slice:region"``,
        ``"findings"``, ``"checks"``.
    met
        Whether it holds.
    message
        The numbers, in one sentence.
    number
        What was measured, such as the bound of an interval.
    limit
        What it was held against.
    """

    name: str
    met: bool
    message: str
    number: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class Decision:
    """Whether to promote a model, and why; true where it says so. What ``sk.promote`` asks for.

    Attributes
    ----------
    passed
        Whether every condition is met.
    name, reference
        Names of the model and of the one that it would replace; no reference where there is none yet.
    conditions
        Every condition, met or not.
    independent
        Whether the rows that were judged on are known to lie outside of both training sets.
    candidate
        The model: the fitted object, or ``"runs:/<id>"``; None where the decision comes from a store.
    incumbent
        The registered version that it was compared with, as ``"models:/churn/3"``; None where that is not registered.
    protocol_id
        By what was judged.
    fingerprint
        Of the test rows.
    at
        When, in UTC, ISO 8601.
    """

    passed: bool
    name: str
    reference: str | None
    conditions: tuple[Condition, ...]
    independent: bool = False
    candidate: Any = field(default=None, repr=False, compare=False)
    incumbent: str | None = None
    protocol_id: str = ""
    fingerprint: Mapping[str, Any] | None = None
    at: str = ""

    def __bool__(self) -> bool:
        return self.passed

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence for each condition: what was asked, what was measured, whether it is met."""
        return tuple(
            f"{condition.message}: {'met' if condition.met else 'not met'}"
            for condition in self.conditions
        )

    @property
    def unmet(self) -> tuple[Condition, ...]:
        """The conditions that speak against it."""
        return tuple(condition for condition in self.conditions if not condition.met)

    def to_dict(self) -> dict[str, Any]:
        """The decision as JSON can hold it, without the model."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        found["conditions"] = [asdict(condition) for condition in self.conditions]
        found["candidate"] = self.candidate if isinstance(self.candidate, str) else None
        return found

    def to_json(self) -> str:
        """The decision as a JSON text."""
        return json.dumps(self.to_dict(), indent=2)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """The decision that :meth:`to_dict` has written."""
        conditions = tuple(Condition(**condition) for condition in given["conditions"])
        return cls(**{**given, "conditions": conditions})

    def __repr__(self) -> str:
        against = f" instead of {self.reference}" if self.reference else ""
        first = f"{'promote' if self.passed else 'do not promote'} {self.name}{against}"
        lines = (f"  {'✓' if one.met else '✗'} {one.message}" for one in self.conditions)
        return "\n".join([first, *lines])
