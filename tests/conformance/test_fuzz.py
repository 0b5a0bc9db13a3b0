"""A bounded share of the random plans; ``make fuzz`` runs ten thousand, ``scalekit.testing.fuzz`` any number."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scalekit.plan.explain import render
from scalekit.testing.fuzz import check, check_plan, plan_of, random_settings, settings_of
from scalekit.testing.in_parts import BROADCASTS, FEW, MANY
from scalekit.testing.random_plans import random_plan

BATCH = 250
IN_PARTS = range(100_000, 100_300)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 2000, BATCH))
@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_random_plans_agree(backend: str, first: int) -> None:
    for seed in range(first, first + BATCH):
        assert not check(seed, [backend]), f"seed {seed}:\n{render(plan_of(seed)._plan)}"


@pytest.mark.parametrize("first", IN_PARTS[::50])
def test_random_plans_agree_in_parts(first: int) -> None:
    for seed in range(first, first + 50):
        shown = f"seed {seed}, {settings_of(seed)}:\n{render(plan_of(seed)._plan)}"
        assert not check(seed, ["serial"]), shown


@settings(suppress_health_check=list(HealthCheck))  # a plan takes many throws, and is worth them
@given(dice=st.randoms(use_true_random=False))
def test_plans_that_hypothesis_finds_agree_in_parts(dice: random.Random) -> None:
    # What differs is shrunk to the shortest plan that does.
    frame, cut = random_plan(dice), random_settings(dice)
    assert not check_plan(frame, cut, ["serial"]), f"{cut}:\n{render(frame._plan)}"


def test_the_plans_are_cut_in_every_way() -> None:
    settings = [settings_of(seed) for seed in IN_PARTS]
    assert {chosen["partitions"] for chosen in settings} == {*FEW, MANY}
    assert {chosen["broadcast_bytes"] for chosen in settings} == {*BROADCASTS, 500}


def test_a_seed_gives_its_plan_again() -> None:
    assert [render(plan_of(seed)._plan) for seed in range(20)] == [
        render(plan_of(seed)._plan) for seed in range(20)
    ]
