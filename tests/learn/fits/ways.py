"""What most families of estimators are asked: the same as scikit-learn's own fit, in so many passes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.learn.fits.harness import Case, Roles, assert_same, over_parts, plain, scattered


def named(case: Case) -> str:
    """What a test of a case is called."""
    return f"{worded(case[0])}-{case[1].target or case[1].weight or 'X'}"


def worded(estimator: Any) -> str:
    """An estimator in words that are the same in every session."""
    return re.sub(r"<function (\w+) at 0x\w+>", r"\1", " ".join(str(estimator).split()))


def assert_equals_plain(case: Case, rows: pl.DataFrame, way: str, folder: Path) -> Any:
    """Fit over partitions, compare, and give the model."""
    estimator, roles, rtol, how = case
    with scattered(rows, way, folder) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, rows, roles), rtol, **how)
    return found


def assert_raises_as_plain(
    estimator: Any, rows: pl.DataFrame, roles: Roles, folder: Path, match: str
) -> None:
    """Both fits refuse the data, with the same class of error and words."""
    with pytest.raises(Exception, match=match) as wanted:
        plain(estimator, rows, roles)
    with scattered(rows, "serial-3", folder) as frame, pytest.raises(wanted.type, match=match):
        over_parts(estimator, frame, roles)
