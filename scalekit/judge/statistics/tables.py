"""Tallies as Arrow tables: what a run stores, so that it can be compared later without scoring again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from scalekit.errors import CorruptFileError
from scalekit.judge.metrics.arrays import Array
from scalekit.judge.statistics.layout import Layout
from scalekit.judge.statistics.tally import Tally, kept, nothing

VERSION = 1
_KEY = b"scalekit.tally"


def to_tables(tally: Tally) -> dict[str, pa.Table]:
    """Turn a tally into two Arrow tables, of whole numbers and of others.

    Only what is not empty is stored, as (``array``, ``place``, ``value``), so that a tally of a few thousand
    rows takes a few hundred kilobytes. The layout is in the metadata of both tables, and stays there in Parquet
    and IPC files.

    Parameters
    ----------
    tally
        Any.

    Returns
    -------
    dict of str to pyarrow.Table
        ``"counts"`` (int64 values) and ``"sums"`` (float64 values).

    Raises
    ------
    TypeError
        Where a class of the layout is no text, number, bool or null.

    Examples
    --------
    >>> from scalekit.judge.statistics import empty
    >>> tables = to_tables(empty(Layout("regression", ("model",))))
    >>> from_tables(tables).layout.models
    ('model',)
    """
    described = {"version": VERSION, "centre": tally.centre, "layout": asdict(tally.layout)}
    text = json.dumps(described, default=_plain).encode()
    tables = {}
    for name, dtype in (("counts", np.int64), ("sums", np.float64)):
        arrays = {k: a for k, a in tally.arrays.items() if a.dtype == dtype}
        tables[name] = _table(tally.layout, arrays, dtype).replace_schema_metadata({_KEY: text})
    return tables


def from_tables(tables: Mapping[str, pa.Table]) -> Tally:
    """Turn the tables of ``to_tables`` into the tally that they were.

    Parameters
    ----------
    tables
        ``"counts"`` and ``"sums"``.

    Returns
    -------
    Tally
        Equal to the last bit.

    Raises
    ------
    CorruptFileError
        Where the tables were not made by ``to_tables``, or by a newer scalekit.
    """
    metadata = tables["counts"].schema.metadata or {}
    if _KEY not in metadata:
        raise CorruptFileError("these tables hold no tally: their metadata lacks its layout")
    described = json.loads(metadata[_KEY])
    if described["version"] != VERSION:
        raise CorruptFileError(
            f"a tally of version {described['version']}, where this scalekit reads {VERSION}: "
            "use the scalekit that stored it, or a newer one"
        )
    layout = Layout(**{name: _tuples(value) for name, value in described["layout"].items()})
    arrays = {name: nothing(layout, name) for name in kept(layout)}
    for table in tables.values():
        _fill(arrays, table)
    return Tally(layout, described["centre"], arrays)


def _table(layout: Layout, arrays: Mapping[str, Array], dtype: Any) -> pa.Table:
    names, places, values = [], [], []
    for name, array in arrays.items():
        flat, blank = array.ravel(), nothing(layout, name).ravel()
        is_there = flat.view(np.int64) != blank.view(np.int64)  # bits: NaN is blank in some
        place = np.flatnonzero(is_there)
        names.append(pa.DictionaryArray.from_arrays(np.zeros(len(place), np.int32), [name]))
        places.append(place)
        values.append(flat[place])
    return pa.table(
        {
            "array": pa.chunked_array(names, pa.dictionary(pa.int32(), pa.string())),
            "place": np.concatenate([np.zeros(0, np.int64), *places]),
            "value": np.concatenate([np.zeros(0, dtype), *values]),
        }
    )


def _fill(arrays: dict[str, Array], table: pa.Table) -> None:
    names = table["array"].cast(pa.string()).to_numpy()
    places, values = table["place"].to_numpy(), table["value"].to_numpy()
    if not len(names):
        return
    starts = np.flatnonzero(np.r_[True, names[1:] != names[:-1]])
    for start, end in zip(starts, np.r_[starts[1:], len(names)], strict=True):
        arrays[names[start]].reshape(-1)[places[start:end]] = values[start:end]


def _plain(value: Any) -> Any:
    """A numpy scalar as the Python number that it is."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(
        f"a class {value!r} of type {type(value).__name__} cannot be stored: "
        "classes are texts, numbers or bools"
    )


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value
