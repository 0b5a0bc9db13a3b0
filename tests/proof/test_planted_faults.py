"""verify() finds every planted fault, names its step and shows the rows; without the fault it says that all agree."""

from __future__ import annotations

import pytest

from tests.proof.faults import FAULTS, Fault

each = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@each
def test_a_planted_fault_is_found(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    fault.plant(monkeypatch)
    found = fault.frame.verify(seconds=10)
    assert not found
    assert found.differences
    for way, difference in found.differences.items():
        assert way.startswith(fault.backend)
        assert difference.step.startswith(fault.step), difference.step
        assert sum(table.height for table in difference.inputs.values()) <= fault.most
        assert fault.only_in in repr(found)
    assert "NOT verified" in repr(found)
    assert fault.backend in found._repr_html_()


@each
def test_there_is_no_alarm_without_it(fault: Fault) -> None:
    found = fault.frame.verify()
    assert found, found
    assert not found.found.refused
    assert found.backends == ("polars", "pandas", "serial")
