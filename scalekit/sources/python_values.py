"""Frames from Python and NumPy values: one type for each column, or an error that names the column."""

from __future__ import annotations

import datetime as dt
import numbers
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import polars as pl

from scalekit.errors import DuplicateError, InvalidOperationError, SchemaError, ShapeError
from scalekit.sources.memory import LazySource, MemorySource, memory_source

# Asked in this order: bool is an int and datetime a date in Python, but neither is one in a column.
_KINDS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("bool", (bool,)),
    ("int", (numbers.Integral,)),
    ("decimal", (Decimal,)),
    ("float", (numbers.Real,)),
    ("str", (str,)),
    ("bytes", (bytes, bytearray, memoryview)),
    ("datetime", (dt.datetime,)),
    ("date", (dt.date,)),
    ("time", (dt.time,)),
    ("timedelta", (dt.timedelta,)),
    ("dict", (Mapping,)),
    ("list", (list, tuple)),
)


def value_kinds(values: Iterable[Any]) -> set[str]:
    """The kinds of the values that are not None, each named by its Python type.

    Examples
    --------
    >>> sorted(value_kinds([1, 2.5, None]))
    ['float', 'int']
    """
    types = {type(value) for value in values}
    types.discard(type(None))
    return {_kind_of(found) for found in types}


def _kind_of(found: type) -> str:
    if found.__module__ == "numpy":
        found = type(found(0).item()) if found.__name__ != "ndarray" else list
    return next((name for name, bases in _KINDS if issubclass(found, bases)), found.__name__)


def check_kinds(kinds: set[str], column: str, *, what: str) -> None:
    """Refuse a column of several kinds; whole and fractional numbers go together.

    Raises
    ------
    SchemaError
        Naming the column and the kinds.
    """
    odd = kinds - {name for name, _ in _KINDS} - {"ndarray"}
    if odd:
        raise SchemaError(
            f"{what}: column {column!r} holds {', '.join(sorted(odd))} objects, which no column type can hold; "
            "convert them first"
        )
    if len(kinds) > 1 and kinds != {"int", "float"}:
        raise SchemaError(
            f"{what}: column {column!r} mixes {' and '.join(sorted(kinds))}; convert the values to one type"
        )


def dict_source(
    data: Mapping[str, Any],
    schema: Any = None,
    *,
    schema_overrides: Any = None,
    strict: bool = True,
) -> MemorySource:
    """A source over a dictionary of columns, as :class:`polars.DataFrame` takes it.

    Raises
    ------
    SchemaError
        For a column whose values are of several types.
    """
    if not isinstance(data, Mapping):
        raise InvalidOperationError(
            f"from_dict needs a dictionary of columns, not {type(data).__name__}"
        )
    columns = dict(data)
    if strict and schema is None and schema_overrides is None:
        columns = {name: _typed(name, values) for name, values in columns.items()}
    return _built(
        lambda: pl.DataFrame(columns, schema, schema_overrides=schema_overrides, strict=strict)
    )


def dicts_source(
    data: Iterable[Mapping[str, Any]],
    schema: Any = None,
    *,
    schema_overrides: Any = None,
    strict: bool = True,
) -> MemorySource:
    """A source over rows given as dictionaries; a key that a row lacks is null there.

    Types come from all rows.

    Raises
    ------
    SchemaError
        For a column whose values are of several types.
    """
    rows = list(data)
    for row in rows:
        if not isinstance(row, Mapping):
            raise InvalidOperationError(f"from_dicts needs dictionaries, not {type(row).__name__}")
    if strict and schema is None and schema_overrides is None:
        names = list(dict.fromkeys(name for row in rows for name in row))
        return dict_source({name: [row.get(name) for row in rows] for name in names})
    return _built(
        lambda: pl.from_dicts(
            rows, schema, schema_overrides=schema_overrides, strict=strict, infer_schema_length=None
        )
    )


def _typed(name: str, values: Any) -> Any:
    """Whole and fractional numbers mixed become floats; anything else mixed is refused."""
    if not isinstance(values, (list, tuple)):
        return values
    kinds = value_kinds(values)
    check_kinds(kinds, name, what="from_dict")
    if kinds == {"int", "float"}:
        return pl.Series(name, values, dtype=pl.Float64, strict=False)
    return values


def numpy_source(
    data: Any,
    schema: Any = None,
    *,
    schema_overrides: Any = None,
    orient: Literal["col", "row"] | None = None,
) -> MemorySource:
    """A source over a NumPy array: one or two dimensions, or a structured array.

    NaN stays NaN; a masked value is null.
    """
    if type(data).__module__.split(".")[0] != "numpy" or not hasattr(data, "dtype"):
        raise InvalidOperationError(f"from_numpy needs a NumPy array, not {type(data).__name__}")
    if data.ndim not in (1, 2):
        raise ShapeError(
            f"from_numpy needs one or two dimensions, not {data.ndim}: reshape the array"
        )
    if data.dtype.kind == "O":
        raise SchemaError(
            "from_numpy: the array holds Python objects; use from_dict, or give it a dtype"
        )
    return _built(
        # a copy: Polars may share the buffer, and a later change of the array would reach the plan
        lambda: pl.from_numpy(
            data.copy(), schema, schema_overrides=schema_overrides, orient=orient
        ),
        origin="numpy",
    )


def polars_source(frame: pl.DataFrame | pl.LazyFrame) -> MemorySource | LazySource:
    """A source over a Polars frame; a lazy one stays lazy."""
    if isinstance(frame, pl.LazyFrame):
        return LazySource(frame, fields=tuple(frame.collect_schema().items()))
    if not isinstance(frame, pl.DataFrame):
        raise InvalidOperationError(
            "from_polars needs a Polars DataFrame or LazyFrame, not a "
            f"{type(frame).__module__.split('.')[0]} {type(frame).__name__}"
        )
    return memory_source(check_types(frame, what="from_polars"))


def check_types(frame: pl.DataFrame, *, what: str) -> pl.DataFrame:
    """Refuse columns of Python objects: no backend, file or worker can take them.

    Raises
    ------
    SchemaError
        Naming the columns.
    """
    objects = [name for name, dtype in frame.schema.items() if dtype == pl.Object]
    if objects:
        raise SchemaError(
            f"{what}: column{'s' if len(objects) > 1 else ''} {', '.join(map(repr, objects))} "
            "hold Python objects, which no column type can hold; convert them first"
        )
    return frame


def _built(build: Any, origin: str = "python") -> MemorySource:
    """Build a frame and say what is wrong with the input in scalekit's own words."""
    what = "from_numpy" if origin == "numpy" else "from_dict"
    try:
        frame = build()
    except pl.exceptions.DuplicateError as error:
        raise DuplicateError(f"{what}: {error}; give each column its own name") from None
    except pl.exceptions.ShapeError as error:
        raise ShapeError(f"{what}: {error}; all columns need the same length") from None
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
        text = str(error).split("\n\nThis error")[0]
        raise SchemaError(
            f"{what}: {text}; pass schema= with the type, or convert the values"
        ) from None
    return memory_source(check_types(frame, what=what), origin=origin)


def names_once(names: Sequence[str], *, what: str) -> None:
    """Refuse duplicate column names.

    Raises
    ------
    DuplicateError
        Listing them.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DuplicateError.columns(
            twice, way_out=f"{what} needs each column name once: rename one"
        )
