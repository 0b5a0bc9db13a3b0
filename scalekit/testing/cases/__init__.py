"""Conformance cases, one module for each family; the table of all is spelled here."""

from __future__ import annotations

from scalekit.testing.case import Case
from scalekit.testing.cases import (
    aggregate,
    arithmetic,
    boolean,
    categorical,
    expression,
    frame,
    hashing,
    horizontal,
    joins,
    listing,
    missing,
    naming,
    replacing,
    reshape,
    rolling,
    rows,
    selectors,
    string,
    struct,
    temporal,
    window,
)

CASES: tuple[Case, ...] = (
    *aggregate.CASES,
    *arithmetic.CASES,
    *boolean.CASES,
    *categorical.CASES,
    *expression.CASES,
    *frame.CASES,
    *hashing.CASES,
    *horizontal.CASES,
    *joins.CASES,
    *listing.CASES,
    *missing.CASES,
    *naming.CASES,
    *replacing.CASES,
    *reshape.CASES,
    *rolling.CASES,
    *rows.CASES,
    *selectors.CASES,
    *string.CASES,
    *struct.CASES,
    *temporal.CASES,
    *window.CASES,
)
"""Every case of the suite."""
