"""What every test and every example has: settings and a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scalekit.backends import reachable
from scalekit.config import Settings, configure


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hide ``SCALEKIT_*`` variables from the test, and take back what it configures."""
    shown = "SCALEKIT_FULL_TRACEBACK"  # for whoever looks into a test that fails
    for variable in [name for name in os.environ if name.startswith("SCALEKIT_") and name != shown]:
        monkeypatch.delenv(variable)
    yield
    configure(**dict.fromkeys(Settings.__annotations__))


@pytest.fixture(autouse=True)
def own_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide clusters that tests before it have started in this process: ``auto`` would weigh them too."""
    monkeypatch.setattr(reachable, "_slots", lambda _: None)


@pytest.fixture(autouse=True)
def own_folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run examples in an empty folder, for those that write files."""
    if isinstance(request.node, pytest.DoctestItem):
        folder: Path = request.getfixturevalue("tmp_path")
        monkeypatch.chdir(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test named by an address in memory: parallel workers could not agree on the list."""
    unstable = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if unstable:
        raise pytest.UsageError(f"name these cases with ids=: {', '.join(unstable[:5])}")
