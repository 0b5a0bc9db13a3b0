"""Loads Ray without what it tells notebooks about widgets that it misses; imported before all else of Ray."""

from __future__ import annotations

import logging
import warnings

logging.getLogger("ray.widgets.util").setLevel(logging.WARNING)
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="IProgress not found")
    import ray  # noqa: F401 - for its effect
