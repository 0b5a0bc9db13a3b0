"""Whether test rows are known to lie outside of the rows that a model was fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Independence(NamedTuple):
    """Whether it is known, and how, or why not."""

    is_known: bool
    why: str


def independence_of(
    model: Any, training: Mapping[str, Any] | None, rows: Mapping[str, int], protocol_id: str
) -> Independence:
    """What is known of a model's training rows and the test rows of a protocol.

    Parameters
    ----------
    model
        The fitted object; its ``scalekit_fit_`` counts the rows that it was fitted on.
    training
        What a run or an evaluation says of them: ``rows``, ``protocol_id``, ``by_protocol``.
    rows
        Rows by role.
    protocol_id
        Of the protocol that judges.
    """
    known = training or {}
    if known.get("by_protocol"):
        if known.get("protocol_id") == protocol_id:
            return Independence(is_known=True, why="fitted on the protocol's train rows")
        return _unknown("it was fitted on the train rows of another protocol")
    count = known.get("rows", getattr(getattr(model, "scalekit_fit_", None), "rows", None))
    if count is None:
        return _unknown("nothing is known of the rows that it was fitted on")
    train, valid = rows.get("train", 0), rows.get("valid", 0)
    if not train:
        return _unknown(
            "the frame has test rows alone, and nothing says which rows it was fitted on"
        )
    if count in (train, train + valid):
        with_valid = " and valid" * (count != train)
        why = f"fitted on {count:,} rows, as many as there are train{with_valid} rows"
        return Independence(is_known=True, why=why)
    return _unknown(f"it was fitted on {count:,} rows, and the protocol has {train:,} train rows")


def _unknown(why: str) -> Independence:
    return Independence(is_known=False, why=f"{why}: test rows may be among them")
