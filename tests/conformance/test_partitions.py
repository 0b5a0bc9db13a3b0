"""Every case gives the reference's answer in parts; ``make battery`` runs all that only a share of is run here."""

from __future__ import annotations

from collections import Counter

import pytest

from scalekit.testing.case import Case
from scalekit.testing.cases import CASES
from scalekit.testing.in_parts import BROADCASTS, FEW, MANY, differences, everything, share


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case_in_parts(case: Case) -> None:
    assert not differences(case, share(case))


def test_the_share_leaves_nothing_out() -> None:
    for case in CASES:
        few = [parts for parts in share(case) if parts.partitions != MANY]
        assert [parts.partitions for parts in few] == list(FEW)
        assert len({parts.data for parts in few}) == len(FEW)
        assert {parts.broadcast_bytes for parts in few} == set(BROADCASTS)
    met = Counter(parts for case in CASES for parts in share(case))
    assert set(met) == set(everything())
