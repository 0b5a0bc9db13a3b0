"""The rows of a fit: collected once, in an order that no backend decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
import polars.selectors as cs

from scalekit import run
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import Config
from scalekit.frame.frame import Frame
from scalekit.kernels.row_hash import hash_rows
from scalekit.kernels.value_hash import U64
from scalekit.plan.order import has_order

_DIGITS = 9


@dataclass(frozen=True)
class Rows:
    """Collected rows, what put them in order, and who ran the query."""

    table: pl.DataFrame
    order: Literal["frame", "row hash"]
    backend: str


def collect_rows(
    frame: Frame, columns: tuple[str, ...], config: Config, watch: Watch = UNWATCHED
) -> Rows:
    """Run the query for ``columns`` alone, and put the rows in order.

    A frame that has an order (from its source, or by ``sort``) keeps it. After ``group_by``, ``join`` or
    ``unique`` there is none, and a backend gives the rows as they come; since many estimators see the
    order of rows (shuffles and folds by position, sums of floats), they are put in the order of their hash.
    """
    plan = frame.select(*columns)._plan
    backend = run.decide(plan, config).backend
    table = run.collect(plan, config, watch)
    if has_order(plan):
        return Rows(table, "frame", backend)
    return Rows(in_hash_order(table), "row hash", backend)


def in_hash_order(table: pl.DataFrame) -> pl.DataFrame:
    """Put rows in the order of their hash, which looks random and depends on their values alone.

    Floats count to nine digits first, so that a sum that two backends round differently in its last bit
    does not send its row elsewhere; rows alike to nine digits follow their exact hash.
    """
    coarse_hash, exact_hash = order_of(table)
    return table[np.lexsort((exact_hash, coarse_hash))]


def order_of(table: pl.DataFrame) -> tuple[U64, U64]:
    """The coarse and the exact hash of each row."""
    coarse = table.with_columns(cs.float().round_sig_figs(_DIGITS))
    return hash_rows(coarse, purpose="order"), hash_rows(table, purpose="order")
