"""What every test has: settings of its own, whatever the shell or another test has set."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from scalekit.config import Config, configure

# The same examples on every run and machine, and none of them measured by a clock.
settings.register_profile("scalekit", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("scalekit")


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hide ``SCALEKIT_*`` variables from the test, and take back what it configures."""
    for variable in [name for name in os.environ if name.startswith("SCALEKIT_")]:
        monkeypatch.delenv(variable)
    yield
    configure(**dict.fromkeys(Config.__dataclass_fields__))
