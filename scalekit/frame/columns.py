"""Methods that change columns and keep rows as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Self

import polars as pl
import polars.selectors as cs

from scalekit.errors import ColumnNotFoundError, DuplicateError, InvalidOperationError
from scalekit.expr.dtypes import to_dtype
from scalekit.expr.expr import Expr
from scalekit.expr.function import IntoExpr, flatten
from scalekit.expr.node import Alias, Cast, Column, Selection
from scalekit.frame.base import FrameBase, check_unique_names
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Select, WithColumns


class ColumnMethods(FrameBase):
    """Select, add, rename, cast and drop columns."""

    __slots__ = ()

    def select(self, *exprs: IntoExpr, **named_exprs: IntoExpr) -> Self:
        """Keep exactly these columns, in this order.

        Parameters
        ----------
        exprs
            Names, expressions, selectors, or lists of these.
        named_exprs
            ``name=expression``.

        Raises
        ------
        ColumnNotFoundError
            Where a column does not exist.
        DuplicateError
            Where two columns would have the same name.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2], "y": [3, 4]})
        >>> frame.select("y", double=sk.col("x") * 2).collect().to_dict(as_series=False)
        {'y': [3, 4], 'double': [2, 4]}
        """
        bound = self._bind(exprs, named_exprs)
        check_unique_names(bound)
        return self._derive(Select(self._plan, bound))

    def with_columns(self, *exprs: IntoExpr, **named_exprs: IntoExpr) -> Self:
        """Add columns, or replace those of the same name.

        Parameters
        ----------
        exprs
            Expressions, or lists of these.
        named_exprs
            ``name=expression``.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2]}).with_columns(y=sk.col("x") + 1).collect()["y"].to_list()
        [2, 3]
        """
        bound = self._bind(exprs, named_exprs)
        check_unique_names(bound)
        return self._derive(WithColumns(self._plan, bound)) if bound else self

    def drop(self, *columns: Any, strict: bool = True) -> Self:
        """Leave columns out.

        Parameters
        ----------
        columns
            Names or selectors.
        strict
            Raise where a name does not exist.
        """
        wanted = flatten(columns)
        if not strict:
            wanted = tuple(
                c for c in wanted if not isinstance(c, str) or c in schema_of(self._plan)
            )
        dropped = set(self._columns(list(wanted)))
        kept = tuple(Column(c) for c in schema_of(self._plan) if c not in dropped)
        return self._derive(Select(self._plan, kept))

    def rename(
        self, mapping: Mapping[str, str] | Callable[[str], str], *, strict: bool = True
    ) -> Self:
        """Give columns new names.

        Parameters
        ----------
        mapping
            Old names to new ones, or a function of the old name.
        strict
            Raise where an old name does not exist.
        """
        names = list(schema_of(self._plan))
        new = {n: mapping(n) for n in names} if callable(mapping) else dict(mapping)
        missing = [n for n in new if n not in names]
        if strict and missing:
            raise ColumnNotFoundError.missing(missing, names)
        renamed = [new.get(n, n) for n in names]
        twice = {n for n in renamed if renamed.count(n) > 1}
        if twice:
            raise DuplicateError.columns(sorted(twice), way_out="choose another new name")
        pairs = zip(names, renamed, strict=True)
        return self._derive(
            Select(
                self._plan, tuple(Column(a) if a == b else Alias(Column(a), b) for a, b in pairs)
            )
        )

    def cast(self, dtypes: Any, *, strict: bool = True) -> Self:
        """Change types of columns.

        Parameters
        ----------
        dtypes
            A type for all columns, or a mapping of names or selectors to types.
        strict
            Raise where a value does not fit; otherwise give null.
        """
        every = (
            {name: dtypes for name in schema_of(self._plan)}
            if not isinstance(dtypes, Mapping)
            else dtypes
        )
        wanted = {name: to_dtype(d) for key, d in every.items() for name in self._columns(key)}
        casts = self._bind(Alias(Cast(Column(n), d, strict), n) for n, d in wanted.items())
        return self._derive(WithColumns(self._plan, casts)) if casts else self

    def fill_null(
        self, value: Any = None, strategy: str | None = None, limit: int | None = None
    ) -> Self:
        """Put a value in the place of nulls, in the columns whose type it fits.

        Parameters
        ----------
        value
            A value, which fills columns of its own family (numbers fill numbers, text fills text), or an
            expression, which fills every column.
        strategy, limit
            As in :meth:`Expr.fill_null`.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None], "s": [None, "a"]}).fill_null(0).collect().rows()
        [(1, None), (0, 'a')]
        """
        plain = value is not None and not isinstance(value, Expr)
        fits = _family(value, schema_of(self._plan)) if plain else cs.all()
        return self._each(fits, lambda e: e.fill_null(value, strategy, limit))

    def fill_nan(self, value: Any) -> Self:
        """Put a value in the place of NaN in every float column."""
        return self._each(cs.float(), lambda e: e.fill_nan(value))

    def interpolate(self) -> Self:
        """Put values on the line between their neighbours in the place of nulls, in numeric columns."""
        return self._each(cs.numeric(), lambda e: e.interpolate())

    def shift(self, n: int = 1, *, fill_value: IntoExpr | None = None) -> Self:
        """Move the rows of every column by ``n`` places."""
        return self._each(cs.all(), lambda e: e.shift(n, fill_value=fill_value))

    def unnest(self, columns: Any, *more_columns: Any, separator: str | None = None) -> Self:
        """Put the fields of struct columns in their place.

        Parameters
        ----------
        columns, more_columns
            Struct columns.
        separator
            If given, fields are named ``column + separator + field``.

        Raises
        ------
        DuplicateError
            Where a field has the name of another column.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": [{"x": 1, "y": 2}]}).unnest("s").columns
        ['x', 'y']
        """
        schema = schema_of(self._plan)
        wanted = self._columns([*flatten((columns,)), *more_columns])
        out: list[Any] = []
        for name, dtype in schema.items():
            if name not in wanted:
                out.append(Expr(Column(name)))
                continue
            if not isinstance(dtype, pl.Struct):
                raise InvalidOperationError(f"unnest() takes struct columns; {name!r} is {dtype}")
            prefix = "" if separator is None else name + separator
            fields = (f.name for f in dtype.fields)
            out += [Expr(Column(name)).struct.field(f).alias(prefix + f) for f in fields]
        return self.select(out)

    def select_seq(self, *exprs: IntoExpr, **named_exprs: IntoExpr) -> Self:
        """Keep exactly these columns; the same as :meth:`select`, whose backends decide what runs side by side."""
        return self.select(*exprs, **named_exprs)

    def with_columns_seq(self, *exprs: IntoExpr, **named_exprs: IntoExpr) -> Self:
        """Add columns; the same as :meth:`with_columns`, whose backends decide what runs side by side."""
        return self.with_columns(*exprs, **named_exprs)

    def _each(self, selector: Any, function: Callable[[Any], Any]) -> Self:
        """Replace the columns that ``selector`` names by ``function`` of each."""
        return self.with_columns(function(Expr(Selection(selector))))


def _family(value: Any, schema: pl.Schema) -> Any:
    """The columns that a plain value may fill."""
    if isinstance(value, bool):
        return cs.boolean()
    if isinstance(value, int | float | Decimal):
        return cs.numeric()
    if isinstance(value, str):
        enums = [n for n, d in schema.items() if isinstance(d, pl.Enum) and value in d.categories]
        return cs.string() | cs.categorical() | cs.by_name(enums)
    return cs.by_dtype(type(value))
