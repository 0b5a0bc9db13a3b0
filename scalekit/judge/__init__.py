"""Judging models: one protocol, one pass, every number with an interval; reports and comparisons."""
