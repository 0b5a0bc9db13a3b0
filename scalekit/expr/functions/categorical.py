"""Functions of categoricals and enums."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.expr.function import F, Namespace, elementwise, window
from scalekit.expr.node import Call, ExprNode
from scalekit.expr.operands import CATEGORY, Types, takes

if TYPE_CHECKING:
    from scalekit.expr.expr import Expr

_COUNT = pl.Int64()


def _category(name: str, **spec: Any) -> Callable[[F], F]:
    """Declare ``.cat.name`` of a categorical or enum."""
    return elementwise(f"cat.{name}", resolve=takes(CATEGORY), **spec)


def _text_argument(parameter: str) -> Callable[..., None]:
    def check(**arguments: Any) -> None:
        if not isinstance(arguments[parameter], str):
            raise InvalidOperationError(
                f"{parameter} must be text, the same for all rows; got {arguments[parameter]!r}"
            )

    return check


def _declared(call: Call, dtypes: Types) -> ExprNode:
    """The categories of an enum, which its type has whatever the rows have."""
    dtype = dtypes[0]
    if not isinstance(dtype, pl.Enum):
        return call
    return Call("cat.declared", call.args, (("categories", tuple(dtype.categories)),))


class CategoricalNamespace(Namespace):
    """Functions of categoricals and enums, behind ``.cat``.

    They see the categories' texts. The numbers by which categories are stored are never visible: they
    differ between partitions.
    """

    __slots__ = ()

    @window(
        "cat.get_categories",
        kernel=lambda x: x.cast(pl.String).drop_nulls().unique().sort(),
        resolve=takes(CATEGORY, then=_declared),
        resizes=True,
        gives_order=True,
    )
    def get_categories(self) -> Expr:
        """List the categories, as text, one in each row.

        Those of an Enum are the declared ones, in their order. Those of a Categorical are the ones that
        occur, sorted.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"c": ["red", "blue", "red"]}).cast(sk.Categorical)
        >>> frame.select(sk.col("c").cat.get_categories()).collect()["c"].to_list()
        ['blue', 'red']
        """

    @window(
        "cat.declared",
        kernel=lambda x, categories: (
            x.head(0).cast(pl.String).append(pl.lit(pl.Series(categories, dtype=pl.String)))
        ),
        resizes=True,
        gives_order=True,
    )
    def _declared_categories(self, categories: list[str]) -> Expr:
        """List the categories of an Enum."""

    @_category("len_chars", result=_COUNT)
    def len_chars(self) -> Expr:
        """Count characters, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"c": ["red", "grün"]}).cast(sk.Categorical)
        >>> frame.select(sk.col("c").cat.len_chars()).collect()["c"].to_list()
        [3, 4]
        """

    @_category("len_bytes", result=_COUNT)
    def len_bytes(self) -> Expr:
        """Count bytes of the UTF-8 form, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"c": ["red", "grün"]}).cast(sk.Categorical)
        >>> frame.select(sk.col("c").cat.len_bytes()).collect()["c"].to_list()
        [3, 5]
        """

    @_category("starts_with", check=_text_argument("prefix"))
    def starts_with(self, prefix: str) -> Expr:
        """Whether the category starts with a text.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"c": ["red", "blue"]}).cast(sk.Categorical)
        >>> frame.select(sk.col("c").cat.starts_with("r")).collect()["c"].to_list()
        [True, False]
        """

    @_category("ends_with", check=_text_argument("suffix"))
    def ends_with(self, suffix: str) -> Expr:
        """Whether the category ends with a text.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"c": ["red", "blue"]}).cast(sk.Categorical)
        >>> frame.select(sk.col("c").cat.ends_with("e")).collect()["c"].to_list()
        [False, True]
        """

    @_category("slice")
    def slice(self, offset: int, length: int | None = None) -> Expr:
        """Take characters of the category from a position, as text.

        Parameters
        ----------
        offset
            Where to start, counted from 0, or from the end where negative.
        length
            How many; all that follow, if None.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"c": ["red", "blue"]}).cast(sk.Categorical)
        >>> frame.select(sk.col("c").cat.slice(-2)).collect()["c"].to_list()
        ['ed', 'ue']
        """
