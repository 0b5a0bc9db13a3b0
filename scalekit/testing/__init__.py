"""The conformance suite: data, cases and comparisons, for scalekit's backends and for others'."""
