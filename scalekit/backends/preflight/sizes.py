"""Sizes: of the result against the memory of this process, and of what one task holds against that of a worker."""

from __future__ import annotations

from collections.abc import Iterator

from scalekit.backends.admission import Kind, admit, admit_result
from scalekit.backends.budget import budget_of
from scalekit.backends.preflight.finding import Finding, ok, raised, warning
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

HELD = 3
"""How many times its input a task may hold at once: group_by and unique come to almost that."""


def check_result(query: Query) -> Iterator[Finding]:
    """Whether the rows of the result fit the memory of this process, to which ``collect`` brings them."""
    budget = budget_of(query.config)
    if query.target is not None or budget is None:
        return
    found = peaks(query.optimized)
    refused = admit_result(found, budget, "collect") if query.is_split else None
    size = found.result
    if refused is not None and refused.error is not None:
        yield raised("result", refused.error)
    elif size is None:
        yield warning(
            "result",
            f"nothing is known of the size of the result; {budget} may be taken for a query",
            "write_parquet() and collect_batches() do not hold it as a whole",
        )
    elif size.high > budget.bytes and query.is_split:
        yield warning(
            "result",
            f"collect() brings {_about(size)} here, which may pass {budget}",
            "write_parquet(), collect_batches() or head()",
        )
    else:
        yield ok("result", f"{_about(size)}, where a query may take {budget}")


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
    """What is decided of it when it runs on this machine."""
    found, budget = peaks(query.optimized), budget_of(query.config)
    kind: Kind = "collect" if query.target is None else "write"
    admission = admit(found, budget, kind, "pandas" if query.backend == "pandas" else "streaming")
    if admission.error is not None:
        return raised("memory", admission.error)
    if admission.place == "here":
        return ok("memory", f"it runs in this process: {admission.reason}")
    way_out = "a larger memory_budget, fewer columns or rows, or a cluster"
    return warning("memory", f"it runs {admission.reason}", way_out)


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
