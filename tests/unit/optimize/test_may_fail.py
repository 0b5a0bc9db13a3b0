"""Which expressions must not see rows that a filter or a join drops."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import scalekit as sk
from scalekit import col, element
from scalekit.optimize.analysis import may_fail

X = col("x")

FAIL = {
    "strict cast": lambda: X.cast(sk.Int64),
    "strict parser": X.str.to_date,
    "position": lambda: X.list.get(0),
    "elements": lambda: X.list.eval(element().cast(sk.Int8)),
    "clock": lambda: X.dt.replace_time_zone("Europe/Vienna"),
    "calendar": lambda: X.dt.offset_by("1d"),
    "business days": lambda: X.dt.add_business_days(1),
    "within": lambda: X.list.get(0) > 1,
}

DO_NOT_FAIL = {
    "cast": lambda: X.cast(sk.Int64, strict=False),
    "parser": lambda: X.str.to_date(strict=False),
    "position": lambda: X.list.get(0, null_on_oob=True),
    "business days": lambda: X.dt.add_business_days(1, roll="forward"),
    "text": lambda: X.str.len_chars() + 1,
}


@pytest.mark.parametrize("build", FAIL.values(), ids=FAIL)
def test_expressions_that_can_fail(build: Callable[[], sk.Expr]):
    assert may_fail(build()._node)


@pytest.mark.parametrize("build", DO_NOT_FAIL.values(), ids=DO_NOT_FAIL)
def test_expressions_that_cannot_fail(build: Callable[[], sk.Expr]):
    assert not may_fail(build()._node)
