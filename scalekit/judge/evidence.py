"""What the checks of a report look at beside it: the rows by their roles, the model, and summaries of the same pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from typing import Protocol as Interface

from scalekit.config import Config
from scalekit.expr.expr import Expr
from scalekit.frame.frame import Frame
from scalekit.kernels.hashed_rows import HashedRows

if TYPE_CHECKING:
    import numpy as np

ROLES = ("train", "valid", "test")
"""The roles of rows, as the numbers 0, 1 and 2 in a pass."""


class Summary(Interface):
    """Something that a check wants to know of the rows, made in the pass that scores the models; picklable.

    Attributes
    ----------
    name
        Under which :class:`Evidence` has what was found.
    columns
        The columns that it looks at.
    """

    name: str
    columns: tuple[str, ...]

    def of(self, hashed: HashedRows, role: np.ndarray[Any, np.dtype[np.int8]]) -> Any:
        """What is kept of some rows, which have more columns than these; their roles are places in :data:`ROLES`."""
        ...

    def joined(self, left: Any, right: Any) -> Any:
        """What is kept of both."""
        ...


@dataclass(frozen=True, eq=False)
class Evidence:
    """What ``scalekit.judge.findings`` is given with a report.

    Attributes
    ----------
    frame
        All rows that were given, those of ``train=`` and ``valid=`` too.
    role
        An expression on ``frame``: ``"train"``, ``"valid"``, ``"test"``, or null for a row in a gap of time.
    features
        The columns that the judged model reads.
    model
        The judged model, fitted.
    found
        By name, what each :class:`Summary` kept of all rows; empty where there were no summaries.
    config
        Settings whose backend is decided.
    """

    frame: Frame
    role: Expr
    features: tuple[str, ...]
    model: Any
    config: Config
    found: Mapping[str, Any] = field(default_factory=dict)
