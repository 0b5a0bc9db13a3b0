"""Gangs on Dask: the same models as on one machine, whatever befalls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scalekit.backends.dask.cluster import DaskCluster
from tests.learn.fits import gang_checks as checks

pytestmark = [pytest.mark.dask, pytest.mark.timeout(400)]


def test_models_are_those_of_one_machine(
    dask_settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    gang = DaskCluster.gang

    def counted(cluster: Any, members: Any, tell: Any) -> Any:
        sizes.append(len(members.seats))
        return gang(cluster, members, tell)

    monkeypatch.setattr(DaskCluster, "gang", counted)
    checks.check_models(tmp_path, dask_settings, range(4))
    assert sizes == [2] * 4


@pytest.mark.slow
def test_three_workers_grow_the_same_trees(dask_settings: Any, tmp_path: Path) -> None:
    checks.check_models(tmp_path, {**dask_settings, "workers": 3}, range(4))


def test_two_gangs_at_once(dask_settings: Any, tmp_path: Path) -> None:
    checks.check_two_at_once(tmp_path, dask_settings)


def test_an_interrupt(dask_settings: Any, tmp_path: Path) -> None:
    checks.check_interrupt(tmp_path, dask_settings)


def test_an_error_of_xgboost(dask_settings: Any, tmp_path: Path) -> None:
    checks.check_own_error(tmp_path, dask_settings)


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_member_is_killed(dask_settings: Any, tmp_path: Path, victim: int) -> None:
    checks.check_kill(tmp_path, dask_settings, victim)
