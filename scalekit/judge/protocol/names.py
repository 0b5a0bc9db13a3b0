"""Names of the columns that a forecast's rows are given before they are judged."""

from __future__ import annotations

WINDOW = "__scalekit_window"
"""The number of the window of periods that a row is forecast in, Int32; the first of the test is 0."""

HORIZON = "__scalekit_horizon"
"""How many periods after the last known one a row is, from 1, Int32."""
