"""Conformance cases, one module for each family; the table of all is spelled here."""

from __future__ import annotations

from scalekit.testing.case import Case
from scalekit.testing.cases import aggregate, frame, string

CASES: tuple[Case, ...] = (*aggregate.CASES, *frame.CASES, *string.CASES)
"""Every case of the suite."""
