"""Dask's own collections: read where their partitions are, and made over the tables of a result."""

from __future__ import annotations

import importlib
import operator
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
from dask.task_spec import Task, TaskRef
from distributed import Future, default_client

from scalekit.backends.dask.flights import Sent
from scalekit.backends.dask.graph import Inputs, places_of
from scalekit.backends.dask.work import Made, Places, tables_at
from scalekit.kernels.tables import join_tables, to_table
from scalekit.sources.announced_types import conformed
from scalekit.sources.native_dask import DaskSource, partition_rows
from scalekit.sources.on_request import dask_dataframe

Send = Callable[[dict[str, Any], list[str]], list[Any]]
"""Hand a graph to a cluster, and have futures of some of its keys."""


def adopted(client: Any, send: Send, source: Any, columns: Sequence[str]) -> list[Sent] | None:
    """The partitions of a Dask DataFrame as tables on this cluster; None for what is none, or is on another one."""
    if not isinstance(source, DaskSource):
        return None
    labels = [label for label in source.data.columns if str(label) in columns]
    data = source.data[labels].optimize()
    graph = dict(data.__dask_graph__())
    if any(isinstance(v, Future) and v.client is not client for v in graph.values()):
        return None
    fields = tuple((name, dtype) for name, dtype in source.fields if name in columns)
    keys = []
    for number, part in enumerate(data.__dask_keys__()):
        keys.append(f"scalekit-adopt-{uuid.uuid4().hex}")
        what = f"partition {number} of the {source.describe()}"
        facts = (fields, tuple(columns), source.declared, source.nan_to_null, what)
        graph[keys[-1]] = _call("adopt", facts, TaskRef(part), key=keys[-1])
    return [Sent(None, None, future) for future in send(graph, keys)]


def lent(client: Any, send: Send, parts: Sequence[Sequence[Any]], schema: pl.Schema) -> Any | None:
    """A Dask DataFrame over tables of this cluster; None where the user's Dask is another one."""
    try:
        if default_client() is not client:
            return None
    except ValueError:
        return None
    graph: dict[str, Any] = {}
    keys = []
    for tables in parts:
        inputs = Inputs(graph)
        places = places_of(tables, inputs)
        keys.append(f"scalekit-lend-{uuid.uuid4().hex}")
        graph[keys[-1]] = _call("lend", dict(schema), places, *inputs.arguments, key=keys[-1])
    futures = send(graph, keys)
    meta = pl.DataFrame(schema=schema).to_pandas(use_pyarrow_extension_array=True)
    return dask_dataframe("to_dask()").from_delayed(futures, meta=meta, verify_meta=False)


def _call(name: str, *arguments: Any, key: str) -> Task:
    module = Task(None, importlib.import_module, __name__)
    return Task(key, operator.call, Task(None, getattr, module, name), *arguments)


def adopt(facts: tuple[Any, ...], part: Any) -> Made:
    """On a worker: a partition as a table of the types that its collection announced."""
    fields, columns, declared, nan_to_null, what = facts
    rows = conformed(
        partition_rows(part, what, nan_to_null=nan_to_null), fields, declared, what=what
    )
    return Made([to_table(rows.select(columns))])


def lend(schema: dict[str, pl.DataType], places: Places, *given: Made | bytes) -> Any:
    """On a worker: some tables as one pandas frame, with Arrow-backed dtypes."""
    rows = join_tables(tables_at(places, given), schema)
    return rows.to_pandas(use_pyarrow_extension_array=True)
