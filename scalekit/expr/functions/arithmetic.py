"""Operators and elementwise mathematics."""

from __future__ import annotations

from typing import Any, Self

from scalekit.expr.function import ExprBase, Operand, elementwise, to_node
from scalekit.expr.node import Call


def _binary(symbol: str) -> Any:
    """The kernel of an operator."""
    return lambda left, right: getattr(left, symbol)(right)


class ArithmeticMethods(ExprBase):
    """Operators and elementwise mathematics of an expression."""

    __hash__ = None  # type: ignore[assignment]

    @elementwise("add", kernel=_binary("__add__"))
    def __add__(self, other: Operand) -> Self:
        """Add; text is joined."""

    @elementwise("sub", kernel=_binary("__sub__"))
    def __sub__(self, other: Operand) -> Self:
        """Subtract."""

    @elementwise("mul", kernel=_binary("__mul__"))
    def __mul__(self, other: Operand) -> Self:
        """Multiply; integers wrap on overflow."""

    @elementwise("truediv", kernel=_binary("__truediv__"))
    def __truediv__(self, other: Operand) -> Self:
        """Divide; the answer is a float, and division by zero gives inf or NaN."""

    @elementwise("floordiv", kernel=_binary("__floordiv__"))
    def __floordiv__(self, other: Operand) -> Self:
        """Divide toward minus infinity; integer division by zero gives null."""

    @elementwise("mod", kernel=_binary("__mod__"))
    def __mod__(self, other: Operand) -> Self:
        """Remainder with the sign of the divisor; integer modulo zero gives null."""

    @elementwise("pow", kernel=_binary("__pow__"))
    def __pow__(self, other: Operand) -> Self:
        """Raise to a power."""

    @elementwise("eq", kernel=_binary("__eq__"))
    def __eq__(self, other: Operand) -> Self:  # type: ignore[override]
        """Equal; null compared with anything is null, NaN equals NaN."""

    @elementwise("ne", kernel=_binary("__ne__"))
    def __ne__(self, other: Operand) -> Self:  # type: ignore[override]
        """Not equal; null compared with anything is null."""

    @elementwise("lt", kernel=_binary("__lt__"))
    def __lt__(self, other: Operand) -> Self:
        """Less than; NaN is greater than every number."""

    @elementwise("le", kernel=_binary("__le__"))
    def __le__(self, other: Operand) -> Self:
        """Less than or equal."""

    @elementwise("gt", kernel=_binary("__gt__"))
    def __gt__(self, other: Operand) -> Self:
        """Greater than; NaN is greater than every number."""

    @elementwise("ge", kernel=_binary("__ge__"))
    def __ge__(self, other: Operand) -> Self:
        """Greater than or equal."""

    @elementwise("neg", kernel=lambda x: -x)
    def __neg__(self) -> Self:
        """Change the sign."""

    def __radd__(self, other: Any) -> Self:
        """Add, with a value on the left."""
        return self._reflected("add", other)

    def __rsub__(self, other: Any) -> Self:
        """Subtract, with a value on the left."""
        return self._reflected("sub", other)

    def __rmul__(self, other: Any) -> Self:
        """Multiply, with a value on the left."""
        return self._reflected("mul", other)

    def __rtruediv__(self, other: Any) -> Self:
        """Divide, with a value on the left."""
        return self._reflected("truediv", other)

    def __rfloordiv__(self, other: Any) -> Self:
        """Divide toward minus infinity, with a value on the left."""
        return self._reflected("floordiv", other)

    def __rmod__(self, other: Any) -> Self:
        """Remainder, with a value on the left."""
        return self._reflected("mod", other)

    def __rpow__(self, other: Any) -> Self:
        """Raise to a power, with a value on the left."""
        return self._reflected("pow", other)

    def _reflected(self, function: str, other: Any) -> Self:
        return self._wrap(Call(function, (to_node(other), self._node)))

    @elementwise()
    def abs(self) -> Self:
        """Absolute value.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [-1, 2]}).select(sk.col("x").abs()).collect()["x"].to_list()
        [1, 2]
        """

    @elementwise()
    def sqrt(self) -> Self:
        """Square root; NaN for negative numbers."""

    @elementwise()
    def cbrt(self) -> Self:
        """Cube root."""

    @elementwise()
    def exp(self) -> Self:
        """Exponential."""

    @elementwise()
    def log(self, base: Operand = 2.718281828459045) -> Self:
        """Logarithm, the natural one unless ``base`` is given."""

    @elementwise()
    def log10(self) -> Self:
        """Logarithm to base 10."""

    @elementwise()
    def log1p(self) -> Self:
        """Natural logarithm of one plus the value, exact near zero."""

    @elementwise()
    def ceil(self) -> Self:
        """Round up to a whole number."""

    @elementwise()
    def floor(self) -> Self:
        """Round down to a whole number."""

    @elementwise()
    def round(self, decimals: int = 0, mode: str = "half_to_even") -> Self:
        """Round to ``decimals`` places, half to even unless ``mode`` says ``"half_away_from_zero"``."""

    @elementwise()
    def round_sig_figs(self, digits: int) -> Self:
        """Round to a number of significant figures."""

    @elementwise()
    def truncate(self, decimals: int = 0) -> Self:
        """Cut digits after ``decimals`` places, toward zero."""

    @elementwise()
    def sign(self) -> Self:
        """Sign: -1, 0 or 1."""

    @elementwise()
    def sin(self) -> Self:
        """Sine of an angle in radians."""

    @elementwise()
    def cos(self) -> Self:
        """Cosine of an angle in radians."""

    @elementwise()
    def tan(self) -> Self:
        """Tangent of an angle in radians."""

    @elementwise()
    def arcsin(self) -> Self:
        """Inverse sine, in radians."""

    @elementwise()
    def arccos(self) -> Self:
        """Inverse cosine, in radians."""

    @elementwise()
    def arctan(self) -> Self:
        """Inverse tangent, in radians."""

    @elementwise()
    def sinh(self) -> Self:
        """Hyperbolic sine."""

    @elementwise()
    def cosh(self) -> Self:
        """Hyperbolic cosine."""

    @elementwise()
    def tanh(self) -> Self:
        """Hyperbolic tangent."""

    @elementwise()
    def degrees(self) -> Self:
        """Radians to degrees."""

    @elementwise()
    def radians(self) -> Self:
        """Degrees to radians."""
