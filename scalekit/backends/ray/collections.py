"""Ray's own datasets: read where their blocks are, and made over the tables of a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scalekit.backends.ray import work
from scalekit.sources.base import Source
from scalekit.sources.native_ray import RaySource, block_refs
from scalekit.sources.on_request import ray_data


def adopted(source: Source, columns: Sequence[str]) -> list[Any] | None:
    """The blocks of a dataset as tables in the object store; None for another source."""
    if not isinstance(source, RaySource):
        return None
    fields = tuple((name, dtype) for name, dtype in source.fields if name in columns)
    what = f"a block of the {source.describe()}"
    task = work.adoption()
    return [
        task.remote(block, (fields, tuple(columns), source.declared, what))
        for block in block_refs(source, [name for name, _ in fields])
    ]


def lent(parts: Sequence[Sequence[Any]]) -> Any:
    """A dataset over tables in the object store."""
    with ray_data("to_ray()") as module:
        return module.from_arrow_refs([table for tables in parts for table in tables])
