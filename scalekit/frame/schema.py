"""Names and types of a frame's columns, as a user is given them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.frame.handover import (
    arrow_schema,
    check_pandas_dtypes,
    check_types,
    pandas_frame,
)

if TYPE_CHECKING:
    import pyarrow as pa


class Schema(pl.Schema):
    """Names and types of columns: Polars' schema, which can be handed over to other libraries.

    Parameters
    ----------
    schema
        A mapping of names to types, or pairs of these.

    Examples
    --------
    >>> import scalekit as sk
    >>> schema = sk.from_dict({"x": [1], "s": ["a"]}).schema
    >>> schema
    Schema({'x': Int64, 's': String})
    >>> schema.names(), schema.len(), schema == sk.Schema({"x": sk.Int64, "s": sk.String})
    (['x', 's'], 2, True)
    """

    def __repr__(self) -> str:
        return f"Schema({dict(self)!r})"  # that of Polars depends on the version of Python

    def to_arrow(self, *, compat_level: Any = None) -> pa.Schema:
        """The schema that ``frame.to_arrow()`` has, with text as ``large_string``.

        Parameters
        ----------
        compat_level
            Polars' level of compatibility; the oldest, which all readers of Arrow know, if None.

        Raises
        ------
        SchemaError
            For a type that Arrow does not have.

        Examples
        --------
        >>> import scalekit as sk
        >>> print(sk.Schema({"s": sk.String}).to_arrow().field("s").type)
        large_string
        """
        check_types(self, "Arrow", "Schema.to_arrow()")
        return (
            arrow_schema(self)
            if compat_level is None
            else super().to_arrow(compat_level=compat_level)
        )

    def to_pandas(self, *, dtypes: str = "arrow") -> dict[str, Any]:
        """The types that the columns of ``frame.to_pandas()`` have.

        Parameters
        ----------
        dtypes
            As in ``Frame.to_pandas``; with ``"numpy"``, the types of columns without nulls.

        Raises
        ------
        MissingDependencyError
            Where pandas is not installed.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.Schema({"x": sk.Int64}).to_pandas()
        {'x': int64[pyarrow]}
        """
        check_pandas_dtypes(dtypes)
        check_types(self, "pandas", "Schema.to_pandas()")
        return dict(pandas_frame(pl.DataFrame(schema=self), dtypes).dtypes)

    def to_polars(self) -> pl.Schema:
        """The same as a plain Polars schema.

        Examples
        --------
        >>> import scalekit as sk
        >>> type(sk.Schema({"x": sk.Int64}).to_polars()).__module__
        'polars.schema'
        """
        return pl.Schema(self)
