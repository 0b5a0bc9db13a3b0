"""The function table: one decorated method is the user's API, the plan entry and the Polars kernel.

::

    class ArithmeticMethods(ExprBase):
        @elementwise()
        def sqrt(self) -> Self:
            "Square root."

declares the method ``sqrt`` with its signature and documentation, the row ``FUNCTIONS["sqrt"]``, and, as
no other is given, the kernel ``pl.Expr.sqrt``.

Parameters are *operands* where they are annotated ``IntoExpr`` (a string names a column) or ``Operand``
(a string is a value); all others are *options*, which are frozen into the node.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import wraps
from typing import Any, Self, TypeVar, cast

import polars as pl
import polars.selectors as cs

from scalekit.expr.constants import freeze, literal
from scalekit.expr.node import Arg, Call, Column, ExprNode, Selection

F = TypeVar("F", bound=Callable[..., Any])

IntoExpr = Any  # an expression, a column's name, or a value
Operand = Any  # an expression or a value; a string is a value


class Kind(Enum):
    """What a function needs to see, which decides where it is legal and how it is distributed."""

    ELEMENTWISE = auto()
    """A row needs only itself."""
    AGGREGATE = auto()
    """Many rows become one."""
    WINDOW = auto()
    """A row needs its group or an order."""
    NAMING = auto()
    """Changes only the output's name; gone once bound."""


@dataclass(frozen=True)
class Decomposition:
    """How an aggregate splits over partitions: named partials, then one final expression of them."""

    partials: Mapping[str, Any]
    final: Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Reach:
    """What a window function along the rows has to see of the rows before and after some of them.

    Attributes
    ----------
    before, after
        How many neighbours.
    carry
        An aggregate whose value, as one row before the others, stands for all rows before them.
    backwards
        Whether that row stands behind the others, for all rows after them.
    """

    before: int = 0
    after: int = 0
    carry: Any = None
    backwards: bool = False


@dataclass(frozen=True)
class FunctionSpec:
    """One row of the function table.

    Attributes
    ----------
    name
        The plan's name for the function: Polars' name, with its namespace (``"str.contains"``).
    kind
        What it needs to see.
    kernel
        Polars expressions and options to a Polars expression; the Polars method ``name`` if None.
    decompose
        Operands (as public expressions) and options to a :class:`Decomposition`; None keeps rows together.
    decomposes
        Operand types to whether ``decompose`` holds for them; for all, if None.
    needs_order
        Whether the answer depends on the order of rows; a function of the options where they decide.
    resizes
        Whether the output's length may differ from the input's (``unique``, ``drop_nulls``); a function of the
        options where they decide.
    selects_rows
        Whether it keeps or drops each row by itself (``filter``, ``drop_nulls``), or makes several of it.
    variadic
        Whether columns selected inside its operands stay operands (``sum_horizontal(cs.numeric())``); the
        expression that a method belongs to is none of these.
    is_method
        Whether its first operand is the expression that it is called on.
    result
        A type that CONTRACT.md pins where Polars has another one, such as Int64 for counts.
    resolve
        Bound call and operand types to the node that keeps the contract (``sum`` widens integers).
    output_name
        Bound call to its output name; the first operand's if None.
    defaults
        The signature's defaults, left out where a plan is shown.
    needs_rows
        Whether it raises on an empty column, so that it cannot be checked by running it on one.
    gives_order
        Whether its output has an order of its own (``sort``, ``sort_by``).
    user_function
        Whether it calls the user's Python code, which must not run before the query does.
    raises
        Whether it can raise on some values where it has no option ``strict`` to say so; a function of the
        options where they decide.
    scope
        Bound call and its first operand's type to the leaves that may stand in its other operands and in
        options that are expressions, with their types (``list.eval``: the elements of the list).
    spread
        Bound call and its first operand's type to the calls that it stands for (``struct.unnest``).
    of_distinct
        A column's distinct values, each once, to the public expression that gives what the aggregate gives of
        all values.
    reach
        Operands and options, as for ``decompose``, to the :class:`Reach` of a window function; None where
        it needs all rows.
    means
        Operands and options to a public expression that gives the same by other functions.
    sets
        Positions of operands that are one collection for all rows (``is_in``).
    """

    name: str
    kind: Kind
    kernel: Callable[..., pl.Expr] | None = None
    decompose: Callable[..., Decomposition] | None = None
    decomposes: Callable[[tuple[pl.DataType, ...]], bool] | None = None
    needs_order: bool | Callable[[Mapping[str, Any]], bool] = False
    resizes: bool | Callable[[Mapping[str, Any]], bool] = False
    selects_rows: bool = False
    variadic: bool = False
    is_method: bool = False
    result: pl.DataType | None = None
    resolve: Callable[[Call, tuple[pl.DataType, ...]], ExprNode] | None = None
    output_name: Callable[[Call], str] | None = None
    defaults: tuple[tuple[str, Any], ...] = ()
    needs_rows: bool = False
    gives_order: bool = False
    user_function: bool = False
    raises: bool | Callable[[Mapping[str, Any]], bool] = False
    scope: Callable[[Call, pl.DataType], Mapping[ExprNode, pl.DataType]] | None = None
    spread: Callable[[Call, pl.DataType], Sequence[ExprNode]] | None = None
    of_distinct: Callable[..., Any] | None = None
    reach: Callable[..., Reach | None] | None = None
    means: Callable[..., Any] | None = None
    sets: tuple[int, ...] = ()


FUNCTIONS: dict[str, FunctionSpec] = {}


def resizes(call: Call) -> bool:
    """Whether a call's output may have another length than its operands."""
    found = FUNCTIONS[call.function].resizes
    return found if isinstance(found, bool) else found(dict(call.options))


class ExprBase:
    """What declared methods need of their owner: its node, and how a new node is wrapped."""

    _node: ExprNode

    def _wrap(self, node: ExprNode) -> Self:
        """Wrap a node as the public expression."""
        raise NotImplementedError


class Namespace:
    """Methods behind an attribute such as ``.str``; they build on the expression they belong to."""

    __slots__ = ("_owner",)

    def __init__(self, owner: Any) -> None:
        self._owner = owner

    @property
    def _node(self) -> ExprNode:
        return cast("ExprNode", self._owner._node)

    def _wrap(self, node: ExprNode) -> Any:
        return self._owner._wrap(node)


def is_pattern(name: str) -> bool:
    """Whether a text stands for several columns, as ``"*"`` and ``"^...$"`` do."""
    return name == "*" or (name.startswith("^") and name.endswith("$"))


def selector_of(name: str) -> Any:
    """Polars' selector of a column's name or a pattern."""
    if name == "*":
        return cs.all()
    return cs.matches(name) if is_pattern(name) else cs.by_name(name)


def to_node(value: Any, *, strings_are_columns: bool = False) -> ExprNode:
    """Turn an operand that a user gave into a node."""
    inner = getattr(value, "_node", None)
    if isinstance(inner, ExprNode):
        return inner
    if isinstance(value, str) and strings_are_columns:
        return Selection(selector_of(value)) if is_pattern(value) else Column(value)
    if isinstance(value, ExprNode):
        return value
    return literal(value)


def elementwise(name: str | None = None, **spec: Any) -> Callable[[F], F]:
    """Declare a function in which a row needs only itself; keywords are fields of :class:`FunctionSpec`."""
    return _declare(Kind.ELEMENTWISE, name, spec)


def aggregate(name: str | None = None, **spec: Any) -> Callable[[F], F]:
    """Declare a function from many rows to one; keywords are fields of :class:`FunctionSpec`."""
    return _declare(Kind.AGGREGATE, name, spec)


def window(name: str | None = None, **spec: Any) -> Callable[[F], F]:
    """Declare a function that needs its group or an order; keywords are fields of :class:`FunctionSpec`."""
    return _declare(Kind.WINDOW, name, spec)


def naming(name: str | None = None, **spec: Any) -> Callable[[F], F]:
    """Declare a function that changes only the output's name."""
    return _declare(Kind.NAMING, name, spec)


@dataclass(frozen=True)
class _Operands:
    """Which parameters of a signature are operands, and how a string among them is read."""

    strings_are_columns: Mapping[str, bool]
    optional: frozenset[str]
    variadic: str | None
    bound_first: bool

    @classmethod
    def of(cls, signature: inspect.Signature) -> _Operands:
        parameters = list(signature.parameters.values())
        bound_first = bool(parameters) and parameters[0].name == "self"
        kinds = {p.name: str(p.annotation) for p in parameters[int(bound_first) :]}
        operands = {
            n: a.startswith("IntoExpr")
            for n, a in kinds.items()
            if "IntoExpr" in a or "Operand" in a
        }
        optional = {
            n for n in operands if signature.parameters[n].default is not inspect.Parameter.empty
        }
        variadic = [
            n for n in operands if signature.parameters[n].kind is inspect.Parameter.VAR_POSITIONAL
        ]
        return cls(operands, frozenset(optional), variadic[0] if variadic else None, bound_first)


def _declare(kind: Kind, name: str | None, fields: dict[str, Any]) -> Callable[[F], F]:
    check = fields.pop("check", None)
    owner = fields.pop("owner", None)

    def wrap(method: F) -> F:
        signature = inspect.signature(method)
        operands = _Operands.of(signature)
        spec = FunctionSpec(
            name or method.__name__,
            kind,
            defaults=_defaults(signature),
            is_method=operands.bound_first,
            **fields,
        )
        if FUNCTIONS.setdefault(spec.name, spec) is not spec:
            raise RuntimeError(f"function {spec.name!r} is declared twice")

        @wraps(method)
        def build(*args: Any, **kwargs: Any) -> Any:
            bound = _bind(signature, method.__name__, args, kwargs)
            if check is not None:
                check(**{k: v for k, v in bound.items() if k != "self"})
            call = _call(spec.name, operands, bound)
            return args[0]._wrap(call) if operands.bound_first else owner(call)

        build.spec = spec  # type: ignore[attr-defined]
        return cast("F", build)

    return wrap


def _defaults(signature: inspect.Signature) -> tuple[tuple[str, Any], ...]:
    given = ((p.name, p.default) for p in signature.parameters.values())
    return tuple((n, freeze(d)) for n, d in given if d is not inspect.Parameter.empty)


def _bind(
    signature: inspect.Signature, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        # The message of inspect does not say which function: in a long chain that is what one needs.
        raise TypeError(f"{name}(): {error}") from None
    bound.apply_defaults()
    return bound.arguments


def _call(name: str, operands: _Operands, bound: Mapping[str, Any]) -> Call:
    nodes: list[ExprNode] = []
    options: list[tuple[str, Any]] = []
    for parameter, value in bound.items():
        if parameter == "self":
            nodes.append(value._node)
        elif parameter == operands.variadic:
            columns = operands.strings_are_columns[parameter]
            nodes.extend(to_node(v, strings_are_columns=columns) for v in flatten(value))
        elif parameter not in operands.strings_are_columns:
            options.append((parameter, freeze(value)))
        elif parameter not in operands.optional:
            nodes.append(
                to_node(value, strings_are_columns=operands.strings_are_columns[parameter])
            )
        elif value is not None:
            options.append((parameter, Arg(len(nodes))))
            nodes.append(
                to_node(value, strings_are_columns=operands.strings_are_columns[parameter])
            )
    return Call(name, tuple(nodes), tuple(options))


def flatten(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Accept ``f("a", "b")`` and ``f(["a", "b"])`` alike, as Polars does."""
    if len(values) == 1 and isinstance(values[0], list | tuple | set | frozenset):
        return tuple(values[0])
    if len(values) == 1 and hasattr(values[0], "__next__"):
        return tuple(values[0])
    return values
