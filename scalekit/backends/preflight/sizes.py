"""Sizes: of the result against the memory of this process, and of what one task holds against that of a worker."""

from __future__ import annotations

from collections.abc import Iterator

from scalekit.backends.budget import budget_of
from scalekit.backends.preflight.finding import Finding, failure, ok, warning
from scalekit.backends.preflight.query import Query
from scalekit.estimate import Span, estimate
from scalekit.estimate.peak import peaks
from scalekit.physical.nodes import (
    Concat,
    Counted,
    Gather,
    HashExchange,
    MapPartitions,
    Physical,
    RangeExchange,
    ScanPartitions,
)
from scalekit.plan.nodes import Filter, Input, Numbered, RowIndex, Scan, Select, Sort, WithColumns
from scalekit.sources.base import Source
from scalekit.sources.sizes import size_text
from scalekit.tree import walk

LEAST = 256 * 1024**2
"""Bytes that a worker takes before it has any rows, about."""


def check_result(query: Query) -> Iterator[Finding]:
    """Whether the rows of the result fit the memory of this process, to which ``collect`` brings them."""
    budget = _budget(query)
    if query.target is not None or budget is None:
        return
    size = estimate(query.optimized)[query.optimized].bytes
    if size is None:
        yield warning(
            "result",
            f"nothing is known of the size of the result; {size_text(budget)} of memory are there for a query",
            "write_parquet() and collect_batches() do not hold it as a whole",
        )
    elif size.guess > budget:
        yield failure(
            "result",
            f"collect() would bring {_about(size)} here, where a query may take {size_text(budget)}",
            "write_parquet(), collect_batches() or head()",
        )
    elif size.high > budget:
        yield warning(
            "result",
            f"collect() brings {_about(size)} here, which may pass the {size_text(budget)} for a query",
            "write_parquet(), collect_batches() or head()",
        )
    else:
        yield ok("result", f"{_about(size)}, of {size_text(budget)} for a query")


HELD = 3
"""How many times its input a task may hold at once: group_by and unique come to almost that."""


def _budget(query: Query) -> int | None:
    """Bytes that a query may take here; None where nobody says."""
    budget = budget_of(query.config)
    return None if budget is None else budget.bytes


def _about(size: Span) -> str:
    """A size and how sure it is."""
    if size.low == size.high:
        return size_text(int(size.guess))
    return f"about {size_text(int(size.guess))} (at the most {size_text(int(size.high))})"


def check_memory(query: Query) -> Iterator[Finding]:
    """Whether what one task, or this process, has to hold at once fits where it runs."""
    if not query.is_split:
        yield _here(query)
        return
    if query.resources is None:
        return
    memory = query.resources.memory
    found = [
        *_least(memory),
        *_parts(query, memory),
        *_uncut(query, memory),
        *_gathered(query, memory),
    ]
    yield from found
    if not found:
        yield ok(
            "memory",
            f"parts of {size_text(_part(query, memory))} for workers of {size_text(memory)}",
        )


def _here(query: Query) -> Finding:
    found, budget = peaks(query.optimized), _budget(query)
    peak = found.pandas if query.backend == "pandas" else found.polars
    if peak is None or budget is None:
        return ok("memory", "nothing is known of what it holds at once")
    if peak.guess <= budget:
        return ok("memory", f"it holds {_about(peak)} at once, of {size_text(budget)} for a query")
    name = f", most of it in {found.largest[0].lower()}" if found.largest is not None else ""
    told = f"it holds {_about(peak)} at once{name}, and a query may take {size_text(budget)}"
    way_out = "select fewer columns or rows, or run it on a cluster"
    return (failure if peak.low > budget else warning)("memory", told, way_out)


def _least(memory: int) -> Iterator[Finding]:
    if memory < LEAST:
        yield warning(
            "memory",
            f"workers have {size_text(memory)} for a task, which Python and Polars take for themselves",
            "give them more with worker_memory, or have fewer threads to a worker",
        )


def _part(query: Query, memory: int) -> int:
    return min(query.config.partition_bytes, memory // HELD)


def _parts(query: Query, memory: int) -> Iterator[Finding]:
    """A number of parts that the user has set leaves no choice of their size."""
    count = query.config.partitions
    size = max((source.statistics().bytes or 0 for source in query.sources), default=0)
    if count and size // count * HELD > memory:
        yield warning(
            "memory",
            f"partitions={count} makes parts of {size_text(size // count)} for workers of {size_text(memory)}",
            "leave partitions to scalekit, which goes by bytes",
        )


def _uncut(query: Query, memory: int) -> Iterator[Finding]:
    """Splits that cannot be cut, such as a compressed CSV file, which one task reads."""
    for source in query.sources:
        if source.travels() and (size := _largest(source)) * HELD > memory:
            yield warning(
                "memory",
                f"{source.describe()}: one task reads {size_text(size)} of it, and a worker has {size_text(memory)}",
                "write it as Parquet or in more files; partition_on= for a database",
            )


def _largest(source: Source) -> int:
    """Bytes of the largest piece that only one task can read."""
    shares = source.shares(list(source.schema))
    return max((share.bytes for share in shares if not share.can_cut), default=0)


def _gathered(query: Query, memory: int) -> Iterator[Finding]:
    """Rows that one task has to see all at once."""
    program = query.program
    gathers = (
        [n for n in walk(program) if isinstance(n, Gather)] if isinstance(program, Physical) else []
    )
    sizes = [size for node in gathers if (size := _reduced_by_nothing(node)) is not None]
    if sizes and max(sizes) * HELD > memory:
        yield warning(
            "memory",
            f"one task has to see about {size_text(max(sizes))} at once, and a worker has {size_text(memory)}: see "
            "GATHER in explain(stage='physical')",
            "do it within groups, with .over(keys), or give the workers more memory",
        )


_MOVES = (Gather, Concat, Counted, HashExchange, RangeExchange)
"""What gives every row that it receives."""


def _reduced_by_nothing(node: Physical) -> int | None:
    """Bytes that come to a node from its sources, where every row does; None where something makes them fewer."""
    total = 0
    for below in walk(node):
        if isinstance(below, ScanPartitions):
            if below.limit is not None:
                return None
            scan = Scan(below.source, below.columns)
            size = estimate(scan)[scan].bytes
            total += 0 if size is None else int(size.guess)
        elif not (
            _keeps_rows(below) if isinstance(below, MapPartitions) else isinstance(below, _MOVES)
        ):
            return None
    return total


def _keeps_rows(node: MapPartitions) -> bool:
    kept = (Input, Select, WithColumns, Filter, Sort, Numbered, RowIndex)
    return len(node.inputs) == 1 and all(isinstance(step, kept) for step in walk(node.fragment))
