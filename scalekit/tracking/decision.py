"""What a promotion needs to know of a decision, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

PRODUCTION = "production"
PREVIOUS = "previous"


@runtime_checkable
class Decision(Protocol):
    """A comparison's verdict on one model; what ``sk.compare(...)`` gives has these attributes.

    Attributes
    ----------
    passed
        Whether the model may take the place of what is in production.
    reasons
        One sentence for each rule: what was asked, what was measured, whether it is kept.
    independent
        Whether every row that was judged on lies outside the training sets of both models.
    candidate
        The model that may be promoted: the object itself, or the text ``"runs:/<id>"``; None where neither is
        known any more.
    incumbent
        The registered version that it was compared with, as ``"models:/churn/3"``; None where it was compared
        with something that is not registered.
    """

    @property
    def passed(self) -> bool:
        """Whether the model may take the place of what is in production."""

    @property
    def reasons(self) -> Sequence[str]:
        """One sentence for each rule."""

    @property
    def independent(self) -> bool:
        """Whether the rows lie outside both training sets."""

    @property
    def candidate(self) -> Any:
        """The model that may be promoted."""

    @property
    def incumbent(self) -> str | None:
        """The registered version that it was compared with."""

    def to_dict(self) -> Mapping[str, Any]:
        """The decision as texts, numbers and lists, which the version keeps."""


def objections(decision: Decision | None, in_production: str | None) -> tuple[str, ...]:
    """Why a model may not be promoted by this decision; empty where it may.

    Parameters
    ----------
    decision
        What was decided, if anything.
    in_production
        The version in production now, as ``"models:/churn/3"``; None where there is none.
    """
    if decision is None:
        return (
            "there is no decision: compare the model with the one in production, and pass the decision",
        )
    found: list[str] = []
    if decision.passed is not True:
        why = "; ".join(decision.reasons) or "no reasons are given"
        found.append(f"the decision did not pass: {why}")
    if decision.independent is not True:
        found.append(
            "it stands on rows that a model was trained on, or may have been: decide on the protocol's test rows"
        )
    if in_production is not None and decision.incumbent != in_production:
        compared = decision.incumbent or "something that is not registered"
        found.append(
            f"{in_production} is in production, and the decision compares with {compared}: compare again"
        )
    return tuple(found)
