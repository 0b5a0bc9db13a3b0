"""How generated examples are drawn: the same on every run and machine, and none measured by a clock."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("scalekit", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("scalekit")
