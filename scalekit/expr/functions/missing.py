"""Null and NaN: absence, and a float that is no number."""

from __future__ import annotations

from typing import Any, Self

from scalekit.expr.function import ExprBase, Operand, elementwise, window


class MissingMethods(ExprBase):
    """Tests for null and NaN, and what to put in their place."""

    @elementwise()
    def is_null(self) -> Self:
        """Whether the value is absent."""

    @elementwise()
    def is_not_null(self) -> Self:
        """Whether the value is present."""

    @elementwise()
    def is_nan(self) -> Self:
        """Whether a float is NaN; null stays null."""

    @elementwise()
    def is_not_nan(self) -> Self:
        """Whether a float is a number or infinite; null stays null."""

    @elementwise()
    def is_finite(self) -> Self:
        """Whether a number is neither infinite nor NaN."""

    @elementwise()
    def is_infinite(self) -> Self:
        """Whether a number is infinite."""

    @elementwise()
    def fill_nan(self, value: Operand) -> Self:
        """Put a value in the place of NaN; nulls stay."""

    @elementwise("fill_null")
    def _fill_null_with(self, value: Operand) -> Self:
        """Put a value in the place of null."""

    @window(
        "fill_null_by",
        kernel=lambda x, strategy, limit: x.fill_null(strategy=strategy, limit=limit),
        needs_order=True,
    )
    def _fill_null_by(self, strategy: str, limit: int | None = None) -> Self:
        """Fill nulls from other rows."""

    def fill_null(
        self, value: Any = None, strategy: str | None = None, limit: int | None = None
    ) -> Self:
        """Put a value in the place of null.

        Parameters
        ----------
        value
            A value or an expression.
        strategy
            ``"forward"``, ``"backward"`` (these follow the frame's order), ``"min"``, ``"max"``,
            ``"mean"``, ``"zero"`` or ``"one"`` instead of a value.
        limit
            How many nulls in a row are filled, for ``"forward"`` and ``"backward"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x").fill_null(0)).collect()["x"].to_list()
        [1, 0]
        """
        return self._fill_null_with(value)
