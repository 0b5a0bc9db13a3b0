"""A set of columns that is known once a frame is, and its algebra."""

from __future__ import annotations

from typing import Any

import polars as pl
import polars.selectors as cs

from scalekit.errors import PlanError
from scalekit.expr.expr import Expr, excluded
from scalekit.expr.function import flatten
from scalekit.expr.node import Selection


class Selector(Expr):
    """A set of columns: an expression of each of them, and an operand of ``|``, ``&``, ``-``, ``^`` and ``~``.

    With an expression that is no selector, these operators work on values as those of every expression do.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> frame = sk.from_dict({"x": [1], "y": [2.0], "z": ["a"]})
    >>> frame.select(cs.numeric() - cs.by_name("x")).columns
    ['y']
    """

    __slots__ = ()

    def __or__(self, other: Any) -> Any:
        """Columns of either."""
        return self._with(other, "__or__") if is_selector(other) else super().__or__(other)

    def __and__(self, other: Any) -> Any:
        """Columns of both."""
        return self._with(other, "__and__") if is_selector(other) else super().__and__(other)

    def __sub__(self, other: Any) -> Any:
        """Columns of the first that are not of the second."""
        return self._with(other, "__sub__") if is_selector(other) else super().__sub__(other)

    def __xor__(self, other: Any) -> Any:
        """Columns of one of them, but not of both."""
        return self._with(other, "__xor__") if is_selector(other) else super().__xor__(other)

    def __invert__(self) -> Any:
        """All other columns."""
        return selector_of(~inner(self))

    def exclude(self, columns: Any, *more_columns: Any) -> Selector:
        """Leave columns out.

        Parameters
        ----------
        columns, more_columns
            Names, patterns ``"^...$"``, types or selectors.

        Examples
        --------
        >>> import scalekit as sk
        >>> from scalekit import selectors as cs
        >>> sk.from_dict({"x": [1], "y": [2]}).select(cs.all().exclude("x")).columns
        ['y']
        """
        return selector_of(inner(self) - excluded(flatten((columns, *more_columns))))

    def as_expr(self) -> Expr:
        """Turn into an expression of each column, whose operators all work on values.

        Examples
        --------
        >>> import scalekit as sk
        >>> from scalekit import selectors as cs
        >>> frame = sk.from_dict({"x": [True], "y": [False]})
        >>> frame.select(~cs.boolean().as_expr()).collect().row(0)
        (False, True)
        """
        return Expr(self._node)

    def _with(self, other: Selector, operator: str) -> Selector:
        return selector_of(getattr(inner(self), operator)(inner(other)))


def is_selector(obj: Any) -> bool:
    """Whether an object is a selector.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> cs.is_selector(cs.numeric()), cs.is_selector(sk.col("x"))
    (True, False)
    """
    return isinstance(obj, Selector)


def expand_selector(target: Any, selector: Expr) -> tuple[str, ...]:
    """The names of the columns that a selector chooses.

    Parameters
    ----------
    target
        A frame, or a mapping of names to types.
    selector
        A selector.

    Raises
    ------
    PlanError
        Where it is none.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit import selectors as cs
    >>> cs.expand_selector({"i": sk.Int64(), "s": sk.String()}, cs.numeric())
    ('i',)
    """
    if not is_selector(selector):
        raise PlanError(f"expand_selector() takes a selector, got {selector!r}")
    schema = pl.Schema(getattr(target, "schema", target))
    return cs.expand_selector(schema, inner(selector))


def inner(selector: Expr) -> Any:
    """The selector of Polars within a selector."""
    node = selector._node
    assert isinstance(node, Selection)
    return node.selector


def selector_of(chosen: Any) -> Selector:
    """Wrap a selector of Polars."""
    return Selector(Selection(chosen))
