"""The plan over a sample: a filter on the hash of its key above each source that is cut.

::

    JOIN o_custkey = c_custkey (SCAN orders, SCAN customer)
    becomes
    JOIN o_custkey = c_custkey (FILTER row_share(o_custkey) < 0.01 <- SCAN orders,
                                FILTER row_share(c_custkey) < 0.01 <- SCAN customer)
"""

from __future__ import annotations

from scalekit.errors import SchemaError
from scalekit.expr.builders import col, lit
from scalekit.kernels.bind import bind
from scalekit.kernels.hash_function import row_share
from scalekit.kernels.row_hash import check_hashable
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Filter, Plan, Sample, Scan
from scalekit.sampling.cuts import Cut, Mark
from scalekit.sampling.describe import in_short
from scalekit.sampling.lineage import lineage
from scalekit.sampling.search import Sampling
from scalekit.tree import rewrite, updated

SEED = 0x5CA1E
"""Of the samples by place; by keys it is the purpose that makes the hash independent of that of splits."""


def sampled(plan: Plan, sampling: Sampling) -> Plan:
    """The plan over the rows of its sample alone.

    A smaller share of the same keys is part of a larger one, and a row that is in the sample is there on every
    backend.
    """
    cuts = {cut.scan: cut for cut in sampling.cuts if not cut.is_done}
    return rewrite(
        plan,
        lambda node: (
            _cut(cuts[node], sampling.share) if isinstance(node, Scan) and node in cuts else node
        ),
    )


def _cut(cut: Cut, share: float) -> Plan:
    columns = (cut.column,) if cut.column is not None else _without_a_place(cut.scan)
    if not columns:
        return Sample(cut.scan, None, share, SEED)
    chosen = row_share(*map(col, columns), purpose="sample") < lit(share)
    return Filter(cut.scan, *bind((chosen._node,), schema_of(cut.scan)))


def _without_a_place(scan: Scan) -> tuple[str, ...]:
    """The columns to hash of a source that gives its rows in no fixed order; none of any other."""
    if scan.source.keeps_order():
        return ()
    return tuple(name for name in schema_of(scan) if _has_hash(scan, name))


def _has_hash(scan: Scan, name: str) -> bool:
    try:
        check_hashable(schema_of(scan), [name])
    except SchemaError:
        return False
    return True


def marked_scan(scan: Scan, plan: Plan, sampling: Sampling) -> Scan:
    """A scan of what ``plan`` gave, which says that it is a sample where it is one."""
    if not sampling.cuts:
        return scan
    cut = {(c.scan, c.column) for c in sampling.cuts if c.column is not None}
    own = lineage(plan)[plan]
    keys = tuple(name for name, bases in own.items() if any(tuple(b) in cut for b in bases))
    shares = [cut.scan.sampled.share for cut in sampling.cuts if cut.is_done]
    return updated(scan, sampled=Mark(min([sampling.share, *shares]), keys, in_short(sampling)))
