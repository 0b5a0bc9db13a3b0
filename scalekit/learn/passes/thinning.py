"""Large samples: most rows are left out where they are, before those of the least hashes are brought here."""

from __future__ import annotations

from math import sqrt

import numpy as np

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gathered import Gathered
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.sampling import sampled


def thinned(data: Data, rows: int, known: int, seed: int | str = 0) -> Steps:
    """What :func:`~scalekit.learn.passes.sampling.sampled` gives of ``known`` rows, with less on its way."""
    share = (rows + 8 * sqrt(rows)) / known
    if share > 0.5:
        found = yield from sampled(data, rows, seed)
        return found
    columns = data.view.table.roles.columns
    few = data.where(has_small_hash, columns, seed, int(share * 2.0**64))
    some: Gathered = yield from sampled(few, rows, seed)
    if some.height < rows:  # rows that are alike have the same hash
        some = yield from sampled(data, rows, seed)
    return some


def has_small_hash(batch: Batch, columns: tuple[str, ...], seed: int | str, bound: int) -> Array:
    """Whether the hash of each row is below a bound."""
    return batch.hash(columns, seed) < np.uint64(bound)


def count_rows(batch: Batch) -> int:
    """The number of rows."""
    return batch.height


def seed_of(random_state: object) -> int:
    """The seed for a ``random_state``: 0 for none, as the same rows are to be drawn everywhere."""
    if random_state is None:
        return 0
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    assert isinstance(random_state, int | np.integer)
    return int(random_state)
