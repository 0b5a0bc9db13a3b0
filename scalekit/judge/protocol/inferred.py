"""A protocol for a frame: read from a file, or made of keywords, with the task inferred where the target says it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from scalekit.errors import ConfigError, InvalidOperationError, PlanError, SchemaError
from scalekit.expr.builders import col
from scalekit.frame.frame import Frame
from scalekit.judge.protocol import accepted
from scalekit.judge.protocol.columns import check_columns
from scalekit.judge.protocol.protocol import KEYS, Protocol
from scalekit.learn.arguments import check_frame, schema

MOST_CLASSES = 1_000
"""Texts with more distinct values are no classes."""


def protocol_of(frame: Frame, protocol: Any = None, **keywords: Any) -> Protocol:
    """A protocol whose columns a frame has, and whose target has the type that its task needs.

    Parameters
    ----------
    frame
        The rows that models are judged on.
    protocol
        A :class:`Protocol`, the path of its file, or a mapping of its keys; None: of ``keywords`` alone.
    keywords
        Keys of a protocol, over those of ``protocol``. Without a task, it is inferred: two distinct texts, truth values or
        0 and 1 are ``"binary"``, more texts ``"multiclass"``, numbers with fractions ``"regression"``; ``quantiles``
        make it ``"quantile"``, ``horizon`` ``"forecast"``. That takes one small query.

    Returns
    -------
    Protocol
        With every default settled.

    Raises
    ------
    ConfigError
        Where a key or its value has no meaning, or there is no target.
    ColumnNotFoundError
        Where the frame lacks a column.
    InvalidOperationError
        Where the target may be one of several tasks, as whole numbers may be.
    SchemaError
        Where the target has a type that the task does not.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit.judge.protocol.inferred import protocol_of
    >>> frame = sk.from_dict({"id": [1, 2, 3], "late": [True, False, True]})
    >>> protocol_of(frame, target="late", key="id").task
    'binary'
    """
    check_frame(frame, "evaluate")
    found = _stated(frame, protocol, keywords)
    check_columns(found, frame)
    _check_types(found, frame)
    return found


def _stated(frame: Frame, protocol: Any, keywords: dict[str, Any]) -> Protocol:
    if isinstance(protocol, str | Path):
        protocol = Protocol.from_file(protocol)
    if isinstance(protocol, Protocol):
        return protocol.with_(**keywords) if keywords else protocol
    if protocol is not None and not isinstance(protocol, Mapping):
        raise PlanError(
            f"protocol: a Protocol, the path of its file, or a mapping of its keys, not {type(protocol).__name__}"
        )
    given = {**(protocol or {}), **keywords}
    accepted.known_keys(given, KEYS)
    if given.get("target") is None:
        raise ConfigError(
            "no target: give target='column', or a protocol, as in sk.Protocol.from_file('protocol.yaml')"
        )
    if given.get("task") is None:
        given["task"] = _task_of(frame, given)
    return Protocol.from_dict(given)


def _task_of(frame: Frame, given: Mapping[str, Any]) -> str:
    """What the other keys say, else the target's type and values."""
    if given.get("horizon") is not None:
        return "forecast"
    if given.get("quantiles") is not None:
        return "quantile"
    target = accepted.name("target", given["target"])
    check_columns(Protocol("regression", target), frame, ("target",))
    dtype = schema(frame)[target]
    if dtype == pl.Boolean:
        return "binary"
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return _task_of_texts(frame, target)
    if dtype.is_numeric():
        return _task_of_numbers(frame, target)
    raise SchemaError(f"target {target!r} is of type {dtype}: a target has classes or numbers")


def _task_of_texts(frame: Frame, target: str) -> str:
    distinct = frame.select(n=col(target).drop_nulls().n_unique()).collect().item()
    if distinct < 2:
        raise InvalidOperationError(
            f"target {target!r} has {distinct} distinct values in this frame: nothing to predict"
        )
    if distinct > MOST_CLASSES:
        raise InvalidOperationError(
            f"target {target!r} has {distinct:,} distinct texts: if these are classes, say task='multiclass'"
        )
    return "binary" if distinct == 2 else "multiclass"


def _task_of_numbers(frame: Frame, target: str) -> str:
    value = col(target).cast(pl.Float64)
    is_other = (value != 0) & (value != 1)
    query = frame.select(
        low=value.min(), high=value.max(), others=is_other.sum(), cut=(value != value.floor()).sum()
    )
    low, high, others, fractions = query.collect().row(0)
    if low is None or low == high:
        raise InvalidOperationError(
            f"target {target!r} has {0 if low is None else 1} distinct values in this frame: nothing to predict"
        )
    if not others:
        return "binary"
    if fractions:
        return "regression"
    tasks = ("multiclass", "count", "regression") if low >= 0 else ("multiclass", "regression")
    raise InvalidOperationError(
        f"target {target!r} holds whole numbers from {low:g} to {high:g}, which may be classes, counts or "
        f"measurements: say which, with task= one of {', '.join(map(repr, tasks))}"
    )


def _check_types(protocol: Protocol, frame: Frame) -> None:
    """Types that the task, the time and the weight need."""
    types = schema(frame)
    dtype = types[protocol.target]
    is_classes = protocol.task in ("binary", "multiclass")
    if is_classes and (dtype.is_nested() or dtype.is_temporal()):
        raise _wrong_type(
            protocol, "target", dtype, "classes: texts, truth values or whole numbers"
        )
    if not is_classes and not dtype.is_numeric():
        raise _wrong_type(protocol, "target", dtype, f"numbers, as task={protocol.task!r} has")
    if protocol.time is not None:
        dtype = types[protocol.time]
        if not (dtype.is_temporal() or dtype.is_numeric()):
            wanted = "a date, a timestamp or a number; text is parsed with .str.to_datetime() or .str.to_date()"
            raise _wrong_type(protocol, "time", dtype, wanted)
    if protocol.weight is not None and not types[protocol.weight].is_numeric():
        raise _wrong_type(protocol, "weight", types[protocol.weight], "numbers")


def _wrong_type(protocol: Protocol, key: str, dtype: pl.DataType, wanted: str) -> SchemaError:
    return SchemaError(f"{key} column {getattr(protocol, key)!r} is of type {dtype}: give {wanted}")
