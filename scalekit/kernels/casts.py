"""Which types become which: asked of Polars with a value, since without rows it does not say."""

from __future__ import annotations

from functools import lru_cache

import polars as pl

from scalekit.errors import InvalidOperationError


def check_cast(source: pl.DataType, target: pl.DataType, what: str) -> None:
    """Raise unless values of one type can be converted into another.

    Polars finds out on the first value, so that a column of nulls would pass.

    Parameters
    ----------
    source, target
        The types.
    what
        The expression that is converted, as the user wrote it.

    Raises
    ------
    InvalidOperationError
        That names the function which does it instead.
    """
    if source == target or (source.is_numeric() and target.is_numeric()):
        return
    if not _exists(source, target):
        raise InvalidOperationError(
            f"cannot cast {what} from {source} to {target}{_instead(source, target)}"
        )


@lru_cache(maxsize=1024)
def _exists(source: pl.DataType, target: pl.DataType) -> bool:
    sample = _one_value(source)
    if sample is None:
        return (
            True  # a type without values of its own: whether they convert is known when they come
        )
    try:
        pl.select(pl.lit(sample).cast(target, strict=False))
    except pl.exceptions.PolarsError:
        return False
    return True


def _one_value(dtype: pl.DataType) -> pl.Series | None:
    """A value of a type; None where no value is known."""
    if isinstance(dtype, pl.List | pl.Array):
        inner = _one_value(pl.Schema({"": dtype.inner})[""])
        width = dtype.size if isinstance(dtype, pl.Array) else 1
        return None if inner is None else pl.Series([[inner[0]] * width], dtype=dtype)
    if isinstance(dtype, pl.Struct):
        inner_values = {f.name: _one_value(pl.Schema({"": f.dtype})[""]) for f in dtype.fields}
        known = {n: v[0] for n, v in inner_values.items() if v is not None}
        return pl.Series([known], dtype=dtype)
    if isinstance(dtype, pl.String | pl.Categorical):
        return pl.Series(["0"], dtype=dtype)
    if isinstance(dtype, pl.Binary):
        return pl.Series([b"0"])
    if isinstance(dtype, pl.Enum):
        return pl.Series(dtype.categories[:1], dtype=dtype) if len(dtype.categories) else None
    if dtype.is_numeric() or dtype.is_temporal() or dtype == pl.Boolean:
        return pl.Series([0]).cast(dtype)
    return None


def _instead(source: pl.DataType, target: pl.DataType) -> str:
    """What to write instead."""
    if isinstance(source, pl.List) and isinstance(target, pl.List):
        return ": convert the elements with .list.eval(), such as .list.eval(sk.element().str.to_date())"
    if source == pl.String and isinstance(target, pl.Date | pl.Datetime | pl.Time):
        return (
            f": parse it with .str.to_{type(target).__name__.lower()}(), in a format or as ISO 8601"
        )
    if source == pl.String and target == pl.Boolean:
        return ": compare it, such as col('x') == 'true'"
    if isinstance(source, pl.Categorical | pl.Enum):
        return (
            ": cast it to String first; the number by which a category is stored is never visible"
        )
    if isinstance(target, pl.Categorical | pl.Enum | pl.Decimal):
        return ": cast it to String first"
    if isinstance(source, pl.Duration) and target == pl.String:
        return ": write it with .dt.to_string()"
    return ""
