"""Plans that pass a small memory budget, in one session; ``make memory`` runs all of them under 2 GB."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.battery.memory import watched

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PLANS = {
    "collect, three times as wide": {"refused"},
    "write, twice as wide": {"finished"},
    "group by unique numbers": {"finished", "stopped"},
    "sort, then running sums": {"finished", "stopped"},
    "self join": {"refused", "stopped"},
    "side by side": {"refused"},
    "a function that hoards": {"stopped"},
    "pandas": {"refused"},
}
"""What may become of them: whether a sort of the whole table fits depends on how many threads there are."""


def test_nobody_dies(tmp_path: Path) -> None:
    budget = 300_000_000
    outcomes = list(watched(tmp_path, 4_500_000, budget, list(PLANS)))
    assert [outcome for outcome in outcomes if outcome.wrong] == []
    assert {outcome.name for outcome in outcomes} == set(PLANS)
    for outcome in outcomes:
        assert outcome.what in PLANS[outcome.name], outcome
        assert outcome.peak < 2 * budget  # how soon a busy machine looks is not for a test to say
