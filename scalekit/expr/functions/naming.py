"""Changes to the output's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.expr.function import Namespace, naming

if TYPE_CHECKING:
    from scalekit.expr.expr import Expr


def _root(_: str, root: str | None) -> str:
    if root is None:
        raise InvalidOperationError(
            "name.keep() needs an input column whose name to keep; say .alias(...)"
        )
    return root


class NameNamespace(Namespace):
    """Changes to the output's name, applied once the columns are known."""

    @naming("name.keep", kernel=_root)
    def keep(self) -> Expr:
        """Name the output as the input column, whatever it was called since.

        Raises
        ------
        InvalidOperationError
            Where the expression reads no column.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1]})
        >>> frame.select((sk.col("x") + 1).alias("y").name.keep()).columns
        ['x']
        """

    @naming("name.map", kernel=lambda name, _, function: function(name))
    def map(self, function: Callable[[str], str]) -> Expr:
        """Give the output's name to a function, and take what it returns.

        Parameters
        ----------
        function
            From a name to a name; called while the query is built.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x_1": [1]}).select(sk.all().name.map(lambda n: n.rstrip("_1"))).columns
        ['x']
        """

    @naming("name.prefix", kernel=lambda name, _, prefix: prefix + name)
    def prefix(self, prefix: str) -> Expr:
        """Put text before the output's name.

        Parameters
        ----------
        prefix
            The text.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1], "y": [2]}).select(sk.all().name.prefix("a_")).columns
        ['a_x', 'a_y']
        """

    @naming("name.suffix", kernel=lambda name, _, suffix: name + suffix)
    def suffix(self, suffix: str) -> Expr:
        """Put text after the output's name.

        Parameters
        ----------
        suffix
            The text.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1]})
        >>> frame.select(sk.col("x").alias("y").name.suffix("_sum")).columns
        ['y_sum']
        """

    @naming(
        "name.replace",
        kernel=lambda name, _, pattern, value, literal: _replaced(
            name, pattern, value, literal=literal
        ),
    )
    def replace(self, pattern: str, value: str, *, literal: bool = False) -> Expr:
        """Replace every match within the output's name.

        Parameters
        ----------
        pattern
            A regular expression of Rust's dialect, or text if ``literal``.
        value
            What stands in its place; ``$1`` is what the first group matched.
        literal
            Read ``pattern`` and ``value`` as plain text.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x.y": [1]}).select(sk.all().name.replace(".", "_", literal=True)).columns
        ['x_y']
        """

    @naming("name.to_lowercase", kernel=lambda name, _: name.lower())
    def to_lowercase(self) -> Expr:
        """Write the output's name in lower case.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"X": [1]}).select(sk.col("X").name.to_lowercase()).columns
        ['x']
        """

    @naming("name.to_uppercase", kernel=lambda name, _: name.upper())
    def to_uppercase(self) -> Expr:
        """Write the output's name in upper case.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1]}).select(sk.col("x").name.to_uppercase()).columns
        ['X']
        """


def _replaced(name: str, pattern: str, value: str, *, literal: bool) -> str:
    changed = pl.Series([name]).str.replace_all(pattern, value, literal=literal)
    return str(changed.item())
