"""Methods that change columns and keep rows as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from scalekit.errors import ColumnNotFoundError, DuplicateError
from scalekit.expr.dtypes import to_dtype
from scalekit.expr.function import IntoExpr, flatten
from scalekit.expr.node import Alias, Cast, Column
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
        casts = tuple(Alias(Cast(Column(n), d, strict), n) for n, d in wanted.items())
        return self._derive(WithColumns(self._plan, casts)) if casts else self
