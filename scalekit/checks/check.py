"""``sk.check``: the rules of a frame, tested in one aggregate query on any backend."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scalekit.checks.report import DataReport
from scalekit.frame.frame import Frame


def check(
    frame: Frame,
    rules: Any,
    *,
    reference: Frame | None = None,
    others: Mapping[str, Frame] | None = None,
    now: datetime | None = None,
    name: str = "",
    **settings: Any,
) -> DataReport:
    """Test rules on the rows of a frame, in one aggregate query on any backend."""
    raise NotImplementedError
