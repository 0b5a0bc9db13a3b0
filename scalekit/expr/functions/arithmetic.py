"""Operators and elementwise mathematics."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Self

import polars as pl

from scalekit.expr.checks import at_least, choice, every
from scalekit.expr.function import ExprBase, IntoExpr, Operand, elementwise, to_node
from scalekit.expr.node import Call, Cast, ExprNode, Literal
from scalekit.expr.operands import NUMBER, takes


def _binary(symbol: str) -> Any:
    """The kernel of an operator."""
    return lambda left, right: getattr(left, symbol)(right)


def _constant_first(call: Call, dtypes: tuple[pl.DataType, ...]) -> ExprNode:
    """Say the type that Polars gives: for ``-3 * col(u8)`` it announces UInt8 and computes Int16."""
    first = call.args[0]
    if not isinstance(first, Literal) or first.dtype is not None:
        return call
    if not dtypes[1].is_integer() or type(first.value) is not int:
        return call
    given = _given_type(call.function, first.value, dtypes[1])
    return call if given == dtypes[1] else Cast(call, given)


@lru_cache(maxsize=512)
def _given_type(function: str, value: int, dtype: pl.DataType) -> pl.DataType:
    """The type of an operator's answer on no rows, which is the one it has on any."""
    left, right = pl.lit(value), pl.col("x")
    symbol = {"mul": "__mul__", "floordiv": "__floordiv__", "mod": "__mod__"}[function]
    rows = pl.DataFrame(schema={"x": dtype}).lazy()
    return rows.select(x=getattr(left, symbol)(right)).collect(engine="in-memory").schema["x"]


def _true_division(call: Call, dtypes: tuple[pl.DataType, ...]) -> ExprNode:
    """Keep the contract's Float64 where Polars divides a small integer and a Float32 in Float32."""
    if pl.Float32() not in dtypes:
        return call
    args = tuple(
        Cast(arg, pl.Float64()) if _is_count(arg, dtype) else arg
        for arg, dtype in zip(call.args, dtypes, strict=True)
    )
    return call if args == call.args else Call(call.function, args, call.options)


def _is_count(arg: ExprNode, dtype: pl.DataType) -> bool:
    """Whether an operand is an integer or Boolean column; a plain number takes the other's type."""
    is_plain = isinstance(arg, Literal) and arg.dtype is None
    return not is_plain and (dtype.is_integer() or dtype == pl.Boolean)


class ArithmeticMethods(ExprBase):
    """Operators and elementwise mathematics of an expression."""

    __hash__ = None  # type: ignore[assignment]

    @elementwise("add", kernel=_binary("__add__"))
    def __add__(self, other: Operand) -> Self:
        """Add; text is joined. Integers wrap on overflow.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x") + 1).collect().to_series().to_list()
        [2, None]
        """

    @elementwise("sub", kernel=_binary("__sub__"))
    def __sub__(self, other: Operand) -> Self:
        """Subtract. Integers wrap on overflow.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [3, 1]}).select(sk.col("x") - 1).collect().to_series().to_list()
        [2, 0]
        """

    @elementwise("mul", kernel=_binary("__mul__"), resolve=_constant_first)
    def __mul__(self, other: Operand) -> Self:
        """Multiply. Integers wrap on overflow.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [3, 1]}).select(sk.col("x") * 2).collect().to_series().to_list()
        [6, 2]
        """

    @elementwise("truediv", kernel=_binary("__truediv__"), resolve=_true_division)
    def __truediv__(self, other: Operand) -> Self:
        """Divide; the answer is Float64, or Float32 for two Float32. Division by zero gives inf or NaN.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 0]}).select(sk.col("x") / 0).collect().to_series().to_list()
        [inf, nan]
        """

    @elementwise("floordiv", kernel=_binary("__floordiv__"), resolve=_constant_first)
    def __floordiv__(self, other: Operand) -> Self:
        """Divide toward minus infinity. By zero, integers give null and floats inf or NaN.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [-7, 7]}).select(sk.col("x") // 2).collect().to_series().to_list()
        [-4, 3]
        """

    @elementwise("mod", kernel=_binary("__mod__"), resolve=_constant_first)
    def __mod__(self, other: Operand) -> Self:
        """Remainder with the sign of the divisor. By zero, integers give null and floats NaN.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [-7, 7]}).select(sk.col("x") % 2).collect().to_series().to_list()
        [1, 1]
        """

    @elementwise("pow", kernel=_binary("__pow__"), raises=True)
    def __pow__(self, other: Operand) -> Self:
        """Raise to a power. Integers stay integers, and wrap on overflow.

        A negative power of an integer raises ``ComputeError``: cast one of both to Float64 for a fraction.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [2, 3]}).select(sk.col("x") ** 2).collect().to_series().to_list()
        [4, 9]
        """

    @elementwise("eq", kernel=_binary("__eq__"))
    def __eq__(self, other: Operand) -> Self:  # type: ignore[override]
        """Equal; null compared with anything is null, NaN equals NaN.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x") == 1).collect().to_series().to_list()
        [True, None]
        """

    @elementwise("ne", kernel=_binary("__ne__"))
    def __ne__(self, other: Operand) -> Self:  # type: ignore[override]
        """Not equal; null compared with anything is null.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x") != 1).collect().to_series().to_list()
        [False, None]
        """

    @elementwise("lt", kernel=_binary("__lt__"))
    def __lt__(self, other: Operand) -> Self:
        """Less than; NaN is greater than every number.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x") < 1).collect().to_series().to_list()
        [False, None]
        """

    @elementwise("le", kernel=_binary("__le__"))
    def __le__(self, other: Operand) -> Self:
        """Less than or equal.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x") <= 1).collect().to_series().to_list()
        [True, None]
        """

    @elementwise("gt", kernel=_binary("__gt__"))
    def __gt__(self, other: Operand) -> Self:
        """Greater than; NaN is greater than every number.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [2, None]}).select(sk.col("x") > 1).collect().to_series().to_list()
        [True, None]
        """

    @elementwise("ge", kernel=_binary("__ge__"))
    def __ge__(self, other: Operand) -> Self:
        """Greater than or equal.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None]}).select(sk.col("x") >= 1).collect().to_series().to_list()
        [True, None]
        """

    @elementwise("neg", kernel=lambda x: -x)
    def __neg__(self) -> Self:
        """Change the sign.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, -2]}).select(-sk.col("x")).collect().to_series().to_list()
        [-1, 2]
        """

    def __pos__(self) -> Self:
        """Give the value as it is."""
        return self

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
        >>> sk.from_dict({"x": [-1, 2]}).select(sk.col("x").abs()).collect().to_series().to_list()
        [1, 2]
        """

    @elementwise(resolve=takes(NUMBER))
    def sqrt(self) -> Self:
        """Square root; NaN for negative numbers.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [4.0, 2.25]}).select(sk.col("x").sqrt()).collect().to_series().to_list()
        [2.0, 1.5]
        """

    @elementwise(resolve=takes(NUMBER))
    def cbrt(self) -> Self:
        """Cube root.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [8.0, -8.0]}).select(sk.col("x").cbrt()).collect().to_series().to_list()
        [2.0, -2.0]
        """

    @elementwise(resolve=takes(NUMBER))
    def exp(self) -> Self:
        """Exponential.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [0.0]}).select(sk.col("x").exp()).collect().to_series().to_list()
        [1.0]
        """

    @elementwise(resolve=takes(NUMBER))
    def log(self, base: IntoExpr = 2.718281828459045) -> Self:
        """Logarithm: NaN below zero, minus infinity at zero.

        Parameters
        ----------
        base
            A number or an expression; e unless given.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [8.0, 1.0]}).select(sk.col("x").log(2)).collect().to_series().to_list()
        [3.0, 0.0]
        """

    @elementwise(resolve=takes(NUMBER))
    def log10(self) -> Self:
        """Logarithm to base 10.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [100.0]}).select(sk.col("x").log10()).collect().to_series().to_list()
        [2.0]
        """

    @elementwise(resolve=takes(NUMBER))
    def log1p(self) -> Self:
        """Natural logarithm of one plus the value, exact near zero.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [0.0, 1e-20]}).select(sk.col("x").log1p()).collect().to_series().to_list()
        [0.0, 1e-20]
        """

    @elementwise()
    def ceil(self) -> Self:
        """Round up to a whole number.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1.1, -1.1]}).select(sk.col("x").ceil()).collect().to_series().to_list()
        [2.0, -1.0]
        """

    @elementwise()
    def floor(self) -> Self:
        """Round down to a whole number.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1.1, -1.1]}).select(sk.col("x").floor()).collect().to_series().to_list()
        [1.0, -2.0]
        """

    @elementwise(
        check=every(at_least("decimals", 0), choice("mode", "half_to_even", "half_away_from_zero"))
    )
    def round(self, decimals: int = 0, mode: str = "half_to_even") -> Self:
        """Round to a number of decimal places.

        Parameters
        ----------
        decimals
            How many places stay.
        mode
            ``"half_to_even"``, or ``"half_away_from_zero"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [0.5, 1.5, 2.5]}).select(sk.col("x").round()).collect().to_series().to_list()
        [0.0, 2.0, 2.0]
        """

    @elementwise(check=at_least("digits", 1))
    def round_sig_figs(self, digits: int) -> Self:
        """Round to a number of significant figures.

        Parameters
        ----------
        digits
            How many figures stay.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1234.5, 0.012345]}).select(sk.col("x").round_sig_figs(2)).collect().to_series().to_list()
        [1200.0, 0.012]
        """

    @elementwise(check=at_least("decimals", 0))
    def truncate(self, decimals: int = 0) -> Self:
        """Cut the digits after some decimal places, toward zero.

        Parameters
        ----------
        decimals
            How many places stay.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1.29, -1.29]}).select(sk.col("x").truncate(1)).collect().to_series().to_list()
        [1.2, -1.2]
        """

    @elementwise()
    def sign(self) -> Self:
        """Sign: -1, 0 or 1, in the type of the input.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [-3, 0, 3]}).select(sk.col("x").sign()).collect().to_series().to_list()
        [-1, 0, 1]
        """

    @elementwise()
    def clip(
        self, lower_bound: IntoExpr | None = None, upper_bound: IntoExpr | None = None
    ) -> Self:
        """Set values beyond a bound to that bound.

        Parameters
        ----------
        lower_bound, upper_bound
            Numbers, dates or expressions; a string names a column. None is no bound, and where a bound
            is null the value stays.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [-5, 0, 5]}).select(sk.col("x").clip(-1, 1)).collect().to_series().to_list()
        [-1, 0, 1]
        """

    @elementwise(resolve=takes(NUMBER))
    def sin(self) -> Self:
        """Sine of an angle in radians.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [0.0]}).select(sk.col("x").sin()).collect().to_series().to_list()
        [0.0]
        """

    @elementwise(resolve=takes(NUMBER))
    def cos(self) -> Self:
        """Cosine of an angle in radians.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [0.0]}).select(sk.col("x").cos()).collect().to_series().to_list()
        [1.0]
        """

    @elementwise(resolve=takes(NUMBER))
    def tan(self) -> Self:
        """Tangent of an angle in radians.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [0.0]}).select(sk.col("x").tan()).collect().to_series().to_list()
        [0.0]
        """

    @elementwise(resolve=takes(NUMBER))
    def arcsin(self) -> Self:
        """Inverse sine, in radians; NaN outside -1 to 1.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [0.0, 2.0]}).select(sk.col("x").arcsin()).collect().to_series().to_list()
        [0.0, nan]
        """

    @elementwise(resolve=takes(NUMBER))
    def arccos(self) -> Self:
        """Inverse cosine, in radians; NaN outside -1 to 1.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1.0, 2.0]}).select(sk.col("x").arccos()).collect().to_series().to_list()
        [0.0, nan]
        """

    @elementwise(resolve=takes(NUMBER))
    def arctan(self) -> Self:
        """Inverse tangent, in radians.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [0.0]}).select(sk.col("x").arctan()).collect().to_series().to_list()
        [0.0]
        """

    @elementwise(resolve=takes(NUMBER))
    def sinh(self) -> Self:
        """Hyperbolic sine.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [0.0]}).select(sk.col("x").sinh()).collect().to_series().to_list()
        [0.0]
        """

    @elementwise(resolve=takes(NUMBER))
    def cosh(self) -> Self:
        """Hyperbolic cosine.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [0.0]}).select(sk.col("x").cosh()).collect().to_series().to_list()
        [1.0]
        """

    @elementwise(resolve=takes(NUMBER))
    def tanh(self) -> Self:
        """Hyperbolic tangent.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [0.0]}).select(sk.col("x").tanh()).collect().to_series().to_list()
        [0.0]
        """

    @elementwise(resolve=takes(NUMBER))
    def degrees(self) -> Self:
        """Radians to degrees.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [0.0]}).select(sk.col("x").degrees()).collect().to_series().to_list()
        [0.0]
        """

    @elementwise(resolve=takes(NUMBER))
    def radians(self) -> Self:
        """Degrees to radians.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [0.0]}).select(sk.col("x").radians()).collect().to_series().to_list()
        [0.0]
        """
