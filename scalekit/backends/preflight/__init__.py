"""What would go wrong with a query, looked for before anything is sent: one check for each thing, nothing is started."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scalekit.backends.preflight.clusters import looked_at
from scalekit.backends.preflight.credentials import check_credentials
from scalekit.backends.preflight.finding import Finding
from scalekit.backends.preflight.functions import check_functions, check_modules
from scalekit.backends.preflight.order import check_order
from scalekit.backends.preflight.places import check_databases, check_paths, check_target
from scalekit.backends.preflight.query import Query
from scalekit.backends.preflight.sizes import check_memory, check_result

__all__ = ["CHECKS", "Finding", "Query", "look"]

CHECKS: tuple[Callable[[Query], Iterator[Finding]], ...] = (
    check_paths,
    check_databases,
    check_credentials,
    check_functions,
    check_modules,
    check_order,
    check_result,
    check_memory,
    check_target,
)
"""What is looked at after who would run the query."""


def look(query: Query) -> tuple[Finding, ...]:
    """Look at a query before it runs; a cluster that is there is asked, and none is started."""
    found: list[Finding] = []
    query = looked_at(query, found)
    for check in CHECKS:
        found += check(query)
    return tuple(found)
