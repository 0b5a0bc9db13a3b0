"""Narwhals' expressions as scalekit's: the methods have the same names, and the few that differ stand here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Self

from narwhals import exceptions
from narwhals._polars.utils import narwhals_to_native_dtype
from narwhals.utils import Implementation, Version

from scalekit.errors import ScalekitError, UnsupportedError
from scalekit.expr.expr import Expr
from scalekit.expr.function import Namespace


@contextmanager
def narwhals_errors() -> Iterator[None]:
    """Raise Narwhals' error of the same name where it has one, since that is what its users catch."""
    try:
        yield
    except ScalekitError as error:
        twin = getattr(exceptions, type(error).__name__, None)
        if twin is None:
            raise
        raise twin(str(error)) from error


def native(value: Any) -> Any:
    """What an expression or frame behind Narwhals' interface holds; anything else as it is."""
    return getattr(value, "native", value) if hasattr(value, "_version") else value


def forward(owner: Any, name: str, wrap: Callable[[Any], Any]) -> Callable[..., Any]:
    """The method ``name`` of ``owner``, taking and giving wrapped objects.

    Raises
    ------
    UnsupportedError
        When it is called, where scalekit has no such method.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        method = getattr(owner, name, None)
        if method is None:
            what = type(owner).__name__
            raise UnsupportedError(
                f"Narwhals' {name}() has no counterpart on a scalekit {what}: collect() first, or take "
                "the frame out with to_native() and use scalekit's own methods"
            )
        with narwhals_errors():
            return wrap(method(*map(native, args), **{k: native(v) for k, v in kwargs.items()}))

    return call


class ScalekitExpr:
    """An expression of scalekit behind Narwhals' interface.

    Parameters
    ----------
    expr
        The expression.
    version
        The version of Narwhals' interface that asks.
    """

    _implementation = Implementation.UNKNOWN
    _opt_metadata: Any = None  # set by Narwhals alone

    def __init__(self, expr: Expr, *, version: Version) -> None:
        self.native = expr
        self._version = version

    @classmethod
    def _from_series(cls, series: Any) -> Self:
        raise UnsupportedError(
            f"the Series {series.name!r} has rows of its own, and a lazy frame has no places to match them "
            "with: join it by a key, or collect() the frame first"
        )

    @property
    def _metadata(self) -> Any:
        return self._opt_metadata

    def _wrap(self, expr: Any) -> Self:
        return type(self)(expr, version=self._version)

    def __narwhals_expr__(self) -> Self:
        return self

    def __getattr__(self, name: str) -> Any:
        is_operator = name.startswith("__") and name.endswith("__")
        if name.startswith("_") and not (is_operator and hasattr(Expr, name)):
            raise AttributeError(name)
        return forward(self.native, name, self._wrap)

    # object has these, so that __getattr__ is not asked
    def __eq__(self, other: Any) -> Any:
        return self._wrap(self.native == native(other))

    def __ne__(self, other: Any) -> Any:
        return self._wrap(self.native != native(other))

    def __lt__(self, other: Any) -> Any:
        return self._wrap(self.native < native(other))

    def __le__(self, other: Any) -> Any:
        return self._wrap(self.native <= native(other))

    def __gt__(self, other: Any) -> Any:
        return self._wrap(self.native > native(other))

    def __ge__(self, other: Any) -> Any:
        return self._wrap(self.native >= native(other))

    __hash__ = None  # type: ignore[assignment]

    def broadcast(self) -> Self:
        """One value stands for all rows by itself."""
        return self

    def _is_close_float_promote(self) -> Self:
        return self._wrap(self.native + 0.0)

    def cast(self, dtype: Any) -> Self:
        """Change the type."""
        return self._wrap(self.native.cast(narwhals_to_native_dtype(dtype, self._version)))

    def over(self, partition_by: Sequence[str], order_by: Sequence[str]) -> Self:
        """Compute within groups, in an order."""
        with narwhals_errors():
            return self._wrap(
                self.native.over(list(partition_by) or None, order_by=list(order_by) or None)
            )

    def first(self, order_by: Sequence[str] = ()) -> Self:
        """The first value in an order."""
        return self._wrap(self._sorted_by(order_by).first())

    def last(self, order_by: Sequence[str] = ()) -> Self:
        """The last value in an order."""
        return self._wrap(self._sorted_by(order_by).last())

    def _sorted_by(self, order_by: Sequence[str]) -> Expr:
        return self.native.sort_by(*order_by) if order_by else self.native

    def any_value(self, *, ignore_nulls: bool) -> Self:
        """Some value: the smallest, so that every run gives the same one."""
        values = self.native.drop_nulls() if ignore_nulls else self.native
        return self._wrap(values.sort().first())

    def mode(self, *, keep: str) -> Self:
        """The most frequent value, or all of them."""
        modes = self.native.mode()
        return self._wrap(modes.sort().first() if keep == "any" else modes)

    def clip_lower(self, lower_bound: Any) -> Self:
        """Raise values to a bound."""
        return self._wrap(self.native.clip(native(lower_bound), None))

    def clip_upper(self, upper_bound: Any) -> Self:
        """Lower values to a bound."""
        return self._wrap(self.native.clip(None, native(upper_bound)))

    def replace_strict(
        self, default: Any, old: Sequence[Any], new: Sequence[Any], *, return_dtype: Any
    ) -> Self:
        """Replace values; what is not listed becomes ``default``, or raises without one."""
        dtype = return_dtype and narwhals_to_native_dtype(return_dtype, self._version)
        given = {"default": native(default)} if isinstance(default, ScalekitExpr) else {}
        return self._wrap(self.native.replace_strict(old, new, return_dtype=dtype, **given))

    def map_batches(
        self, function: Callable[[Any], Any], return_dtype: Any, *, returns_scalar: bool
    ) -> Self:
        """Apply a function of a Polars Series."""
        dtype = return_dtype and narwhals_to_native_dtype(return_dtype, self._version)
        return self._wrap(self.native.map_batches(function, dtype, returns_scalar=returns_scalar))

    @property
    def str(self) -> Accessor:
        """Functions of text."""
        return Accessor(self, self.native.str, _TEXT)

    @property
    def dt(self) -> Accessor:
        """Functions of dates and times."""
        return Accessor(self, self.native.dt)

    @property
    def list(self) -> Accessor:
        """Functions of lists."""
        return Accessor(self, self.native.list)

    @property
    def struct(self) -> Accessor:
        """Functions of structs."""
        return Accessor(self, self.native.struct)

    @property
    def map(self) -> Accessor:
        """Functions of maps."""
        return Accessor(self, self.native.map)

    @property
    def cat(self) -> Accessor:
        """Functions of categoricals."""
        return Accessor(self, self.native.cat)

    @property
    def name(self) -> Accessor:
        """Changes to the name."""
        return Accessor(self, self.native.name)


class Accessor:
    """A group of functions such as ``.str``; what it does not hold itself is scalekit's method of that name."""

    def __init__(
        self, owner: ScalekitExpr, namespace: Namespace, own: Mapping[str, Any] | None = None
    ) -> None:
        self._owner, self._namespace, self._own = owner, namespace, own or {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        own = self._own.get(name)
        if own is None:
            return forward(self._namespace, name, self._owner._wrap)
        return partial(self._call, own)

    def _call(self, own: Callable[..., Expr], *args: Any, **kwargs: Any) -> ScalekitExpr:
        with narwhals_errors():
            return self._owner._wrap(own(self._namespace, *map(native, args), **kwargs))


_TEXT: dict[str, Callable[..., Expr]] = {
    # Narwhals passes operands first, whatever their place in Polars' signature
    "replace": lambda text, value, pattern, **rest: text.replace(pattern, value, **rest),
    "replace_all": lambda text, value, pattern, **rest: text.replace_all(pattern, value, **rest),
    "zfill": lambda text, width: text.zfill(width),
}
