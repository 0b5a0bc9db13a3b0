"""Gangs on Ray: the same models as on one machine, whatever befalls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.learn.fits import gang_checks as checks

pytestmark = [pytest.mark.ray, pytest.mark.timeout(400)]

SETTINGS: dict[str, Any] = {
    "backend": "ray", "workers": 2, "worker_memory": "1GiB", "progress": False,
}  # fmt: skip


def test_models_are_those_of_one_machine(tmp_path: Path) -> None:
    checks.check_models(tmp_path, SETTINGS, [0, 2])


@pytest.mark.slow
def test_more_models(tmp_path: Path) -> None:
    checks.check_models(tmp_path, SETTINGS, [1, 3])


def test_two_gangs_at_once(tmp_path: Path) -> None:
    checks.check_two_at_once(tmp_path, SETTINGS)


def test_an_interrupt(tmp_path: Path) -> None:
    checks.check_interrupt(tmp_path, SETTINGS)


def test_an_error_of_xgboost(tmp_path: Path) -> None:
    checks.check_own_error(tmp_path, SETTINGS)


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_member_is_killed(tmp_path: Path, victim: int) -> None:
    checks.check_kill(tmp_path, SETTINGS, victim)
