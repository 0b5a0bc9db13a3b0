"""Functions of structs and maps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import polars as pl

from scalekit.errors import ColumnNotFoundError, DuplicateError, InvalidOperationError, SchemaError
from scalekit.expr.constants import thaw
from scalekit.expr.function import F, IntoExpr, Namespace, Operand, elementwise, flatten, to_node
from scalekit.expr.node import Alias, Call, ExprNode
from scalekit.expr.operands import MAP, STRUCT, Types, require, takes
from scalekit.expr.show import show_expr

if TYPE_CHECKING:
    from scalekit.expr.expr import Expr

_COUNT = pl.Int64()


def _struct(name: str, **spec: Any) -> Callable[[F], F]:
    """Declare ``.struct.name`` of a struct."""
    return elementwise(f"struct.{name}", **{"resolve": takes(STRUCT), **spec})


def _map(name: str, **spec: Any) -> Callable[[F], F]:
    """Declare ``.map.name`` of a map."""
    return elementwise(f"map.{name}", resolve=takes(MAP), **spec)


def _fields(call: Call, dtype: pl.DataType) -> dict[str, pl.DataType]:
    """Names and types of the fields of a call's first operand."""
    require(call, 0, dtype, STRUCT)
    assert isinstance(dtype, pl.Struct)
    return {f.name: pl.Schema({f.name: f.dtype})[f.name] for f in dtype.fields}


def _has_field(call: Call, dtypes: Types) -> ExprNode:
    _require_fields([dict(call.options)["name"]], _fields(call, dtypes[0]))
    return call


def _require_fields(names: Sequence[str], known: Mapping[str, Any]) -> None:
    missing = [n for n in names if n not in known]
    if missing:
        raise ColumnNotFoundError.missing(missing, known, what="field")


def _taken_apart(call: Call, dtype: pl.DataType) -> list[ExprNode]:
    """One call for each field that names and patterns stand for, in the order in which they are written."""
    known = _fields(call, dtype)
    names: list[str] = []
    for name in thaw(dict(call.options).get("names", ("*",))):
        if name == "*":
            names.extend(known)
        elif _is_pattern(name):
            names.extend(n for n in known if re.search(name, n))
        else:
            names.append(name)
    _require_fields(names, known)
    if not names:
        raise InvalidOperationError(f"no field of {show_expr(call.args[0])} is taken")
    return [Call("struct.field", call.args, (("name", n),)) for n in dict.fromkeys(names)]


def _is_pattern(name: str) -> bool:
    return name.startswith("^") and name.endswith("$")


def _unique_names(**arguments: Any) -> None:
    names = arguments["names"]
    if isinstance(names, str) or not all(isinstance(n, str) for n in names):
        raise InvalidOperationError(f"the names of fields are a list of str, got {names!r}")
    twice = [n for n in dict.fromkeys(names) if list(names).count(n) > 1]
    if twice:
        raise DuplicateError(f"duplicate field names {', '.join(map(repr, twice))}: rename one")


def _as_many_names(call: Call, dtypes: Types) -> ExprNode:
    names, known = dict(call.options)["names"], _fields(call, dtypes[0])
    if len(names) != len(known):
        raise SchemaError(
            f"struct.rename_fields() got {len(names)} names for {len(known)} fields; "
            f"the fields are {', '.join(map(repr, known))}"
        )
    return call


def _field_leaves(call: Call, dtype: pl.DataType) -> dict[ExprNode, pl.DataType]:
    """What ``sk.field(name)`` means within ``with_fields``."""
    known = _fields(call, dtype)
    return {Call("field", (), (("name", name),)): inner for name, inner in known.items()}


class StructNamespace(Namespace):
    """Functions of structs, behind ``.struct``."""

    __slots__ = ()

    def field(self, name: str | list[str], *more_names: str) -> Expr:
        """Take fields out, each as a column of its own.

        Parameters
        ----------
        name, more_names
            Names, patterns ``"^...$"``, or ``"*"`` for all.

        Raises
        ------
        ColumnNotFoundError
            Where there is no such field; the message lists those that exist.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"p": [{"x": 1, "y": 2}, None]})
        >>> frame.select(sk.col("p").struct.field("y", "x")).collect().rows()
        [(2, 1), (None, None)]
        """
        names = list(flatten((name, *more_names)))
        if not names or not all(isinstance(n, str) for n in names):
            raise InvalidOperationError(f"struct.field() takes names of fields, got {names!r}")
        if len(names) == 1 and names[0] != "*" and not _is_pattern(names[0]):
            return self._field(names[0])
        return self._several_fields(names)

    @_struct(
        "field",
        resolve=takes(STRUCT, then=_has_field),
        output_name=lambda call: dict(call.options)["name"],
    )
    def _field(self, name: str) -> Expr:
        """Take one field out."""

    @_struct("fields", spread=_taken_apart)
    def _several_fields(self, names: list[str]) -> Expr:
        """Take several fields out; several calls of ``struct.field`` once the fields are known."""

    @_struct("unnest", spread=_taken_apart)
    def unnest(self) -> Expr:
        """Take all fields out, each as a column of its own.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"p": [{"x": 1, "y": 2}]})
        >>> frame.select(sk.col("p").struct.unnest()).columns
        ['x', 'y']
        """

    @_struct("rename_fields", check=_unique_names, resolve=takes(STRUCT, then=_as_many_names))
    def rename_fields(self, names: Sequence[str]) -> Expr:
        """Give the fields other names.

        Parameters
        ----------
        names
            As many as there are fields.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"p": [{"x": 1, "y": 2}]})
        >>> frame.select(sk.col("p").struct.rename_fields(["a", "b"])).collect().item()
        {'a': 1, 'b': 2}
        """

    @_struct("json_encode")
    def json_encode(self) -> Expr:
        """Write as JSON, as text; a null is written ``null``.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"p": [{"x": 1, "y": None}]})
        >>> frame.select(sk.col("p").struct.json_encode()).collect().item()
        '{"x":1,"y":null}'
        """

    def with_fields(self, *exprs: IntoExpr, **named_exprs: IntoExpr) -> Expr:
        """Add fields, or replace those of the same name.

        Parameters
        ----------
        exprs
            Expressions, or lists of these; :func:`scalekit.field` refers to a field of the struct, and a
            string or ``sk.col`` to a column of the frame.
        named_exprs
            ``name=expression``.

        Raises
        ------
        ColumnNotFoundError
            Where there is no such field; the message lists those that exist.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"p": [{"x": 1, "y": 2}], "n": [10]})
        >>> frame.select(sk.col("p").struct.with_fields(z=sk.field("x") + sk.col("n"))).collect().item()
        {'x': 1, 'y': 2, 'z': 11}
        """
        named = [Alias(to_node(e, strings_are_columns=True), n) for n, e in named_exprs.items()]
        return self._with_fields([*flatten(exprs), *named])

    @_struct("with_fields", resolve=None, scope=_field_leaves, variadic=True)
    def _with_fields(self, *exprs: IntoExpr) -> Expr:
        """Add fields, or replace those of the same name."""


class MapNamespace(Namespace):
    """Functions of maps, behind ``.map``."""

    __slots__ = ()

    if not TYPE_CHECKING:  # to a type checker, what is not there stays an error

        def __call__(self, *_: object, **__: object) -> NoReturn:
            """Refuse what pandas calls ``map``."""
            raise TypeError(
                ".map holds the functions of maps: to apply a function to each value, use map_elements(function), "
                "or better the functions that expressions have"
            )

    @_map("get")
    def get(self, key: Operand) -> Expr:
        """Take the value of a key; null where there is no such key.

        Parameters
        ----------
        key
            A key, or an expression of keys.

        Examples
        --------
        >>> import scalekit as sk
        >>> pairs = [[{"key": "a", "value": 1}], []]
        >>> frame = sk.from_dict({"m": pairs}).select(sk.col("m").list.to_map())
        >>> frame.select(sk.col("m").map.get("a")).collect()["m"].to_list()
        [1, None]
        """

    @_map("contains_key")
    def contains_key(self, key: Operand) -> Expr:
        """Whether there is a key.

        Parameters
        ----------
        key
            A key, or an expression of keys.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"m": [[{"key": "a", "value": 1}]]}).select(sk.col("m").list.to_map())
        >>> frame.select(sk.col("m").map.contains_key("b")).collect().item()
        False
        """

    @_map("keys")
    def keys(self) -> Expr:
        """List the keys.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"m": [[{"key": "a", "value": 1}]]}).select(sk.col("m").list.to_map())
        >>> frame.select(sk.col("m").map.keys()).collect().item().to_list()
        ['a']
        """

    @_map("values")
    def values(self) -> Expr:
        """List the values, in the order of the keys.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"m": [[{"key": "a", "value": 1}]]}).select(sk.col("m").list.to_map())
        >>> frame.select(sk.col("m").map.values()).collect().item().to_list()
        [1]
        """

    @_map("len", result=_COUNT)
    def len(self) -> Expr:
        """Number of keys, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"m": [[{"key": "a", "value": 1}]]}).select(sk.col("m").list.to_map())
        >>> frame.select(sk.col("m").map.len()).collect().item()
        1
        """
