"""Cases in parts: which data goes with which number of partitions, and where an answer differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, product
from typing import NamedTuple
from zlib import crc32

from scalekit.config import config
from scalekit.frame.frame import Frame
from scalekit.plan.nodes import Scan
from scalekit.sources.memory import MemorySource
from scalekit.testing.case import Case
from scalekit.testing.compare import assert_answers, expected_of
from scalekit.testing.data import DATASETS, dataset

FEW = (1, 2, 3, 7)
"""Numbers of partitions at which every case runs."""
MANY = 129
"""Far more partitions than rows: most are empty, and Dask lost rows above 128 (dask#12427)."""
BROADCASTS = (0, 2**30)
"""Bytes up to which a table is broadcast: joins are exchanged in one run and broadcast in the other."""


class Parts(NamedTuple):
    """A data set and how it is cut."""

    data: str
    partitions: int
    broadcast_bytes: int


def everything() -> list[Parts]:
    """Every data set at every number of partitions, with and without broadcasts."""
    return [Parts(*all_of) for all_of in product(DATASETS, (*FEW, MANY), BROADCASTS)]


def share(case: Case) -> Iterator[Parts]:
    """Each few partitions once, half of them with broadcasts, on different data; many in one case of sixteen.

    Which meet goes by the name of the case, so that every pair is met by many cases.
    """
    place = crc32(str(case).encode())
    for number, partitions in enumerate(FEW):
        data = DATASETS[(place + 3 * number) % len(DATASETS)]
        yield Parts(data, partitions, BROADCASTS[(place // 8 + number) % 2])
    if place // 16 % 16 == 0:
        yield Parts(DATASETS[place // 256 % len(DATASETS)], MANY, BROADCASTS[place // 2048 % 2])


def differences(case: Case, ways: Iterable[Parts], backend: str = "serial") -> Mapping[Parts, str]:
    """Run a case in some ways and compare each with the reference, which runs once for each data set."""
    found: dict[Parts, str] = {}
    for data, same_data in groupby(sorted(ways), key=lambda parts: parts.data):
        frame = case.build(Frame(Scan(MemorySource(dataset(data)))))
        expected = expected_of(frame)
        for parts in same_data:
            _, partitions, broadcast_bytes = parts
            try:
                with config(partitions=partitions, broadcast_bytes=broadcast_bytes):
                    assert_answers(frame, backend, expected)
            except AssertionError as error:
                found[parts] = str(error)
    return found
