"""A bounded share of the random plans; ``python -m scalekit.testing.fuzz`` runs as many as one likes."""

from __future__ import annotations

import pytest

from scalekit.plan.explain import render
from scalekit.testing.fuzz import check, plan_of

BATCH = 250


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 2000, BATCH))
@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_random_plans_agree(backend: str, first: int) -> None:
    for seed in range(first, first + BATCH):
        assert not check(seed, [backend]), f"seed {seed}:\n{render(plan_of(seed)._plan)}"


def test_a_seed_gives_its_plan_again() -> None:
    assert [render(plan_of(seed)._plan) for seed in range(20)] == [
        render(plan_of(seed)._plan) for seed in range(20)
    ]
