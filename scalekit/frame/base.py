"""What all of a frame's methods build on: its plan, and how the next one is derived and checked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Self

import polars as pl

from scalekit.errors import (
    ColumnNotFoundError,
    DuplicateError,
    InvalidOperationError,
    PlanError,
    SchemaError,
)
from scalekit.expr.analysis import output_name
from scalekit.expr.expr import Expr
from scalekit.expr.function import FUNCTIONS, Kind, flatten, to_node
from scalekit.expr.node import Alias, Call, Cast, Column, ExprNode, Literal, Over, Selection
from scalekit.expr.other_names import no_attribute
from scalekit.frame.other_names import FRAME
from scalekit.kernels.bind import bind, expand
from scalekit.kernels.schema import check_runs, dtype_of, schema_of
from scalekit.plan.nodes import Plan
from scalekit.plan.order import check_order
from scalekit.tree import children


class FrameBase:
    """A lazy table: a logical plan and nothing else."""

    __slots__ = ("__weakref__", "_plan")

    _plan: Plan

    def __init__(self, plan: Plan) -> None:
        if not isinstance(plan, Plan):
            raise PlanError(
                f"a Frame is built from data with sk.from_dict, sk.from_polars, sk.scan_parquet and their like; "
                f"got {type(plan).__name__}"
            )
        check_runs(plan)
        self._plan = plan

    if not TYPE_CHECKING:  # to a type checker, what is not there stays an error

        def __getattr__(self, name: str) -> NoReturn:
            if not name.startswith("_") and name in schema_of(self._plan):
                raise AttributeError(
                    f"{name!r} is a column: use select({name!r}), or sk.col({name!r}) within one"
                )
            raise no_attribute(self, "a frame", name, FRAME)

        def __getitem__(self, key: object) -> NoReturn:
            raise TypeError(
                f"a frame is not indexed, as with {key!r}: use select(columns), filter(condition) or "
                "slice(offset, length), or collect() first for values"
            )

        def __setitem__(self, key: object, value: object) -> NoReturn:
            raise TypeError(
                f"a frame does not change: use with_columns(), which gives one with {key!r} in it"
            )

        __iter__ = None  # and so Python does not try one index after the other

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a frame has no truth value: ask whether it is None, or .head(1).collect().is_empty()"
        )

    def _derive(self, plan: Plan) -> Self:
        return type(self)(plan)

    def _bind(
        self, positional: Iterable[Any], named: Mapping[str, Any] | None = None
    ) -> tuple[ExprNode, ...]:
        """Bind what a user passed to a method: names, expressions, values, and ``name=expression``."""
        return bind_over(self._plan, positional, named)

    def _columns(self, selected: Any) -> tuple[str, ...]:
        """The names behind a name, a selector, or a list of these."""
        return columns_of(self._plan, selected)


def bind_over(
    plan: Plan,
    positional: Iterable[Any],
    named: Mapping[str, Any] | None = None,
    *,
    hidden: Collection[str] = (),
) -> tuple[ExprNode, ...]:
    """Bind expressions to the columns of ``plan``, and check that it has the order they need."""
    nodes = [to_node(e, strings_are_columns=True) for e in _one_by_one(flatten(tuple(positional)))]
    nodes += [
        Alias(to_node(e, strings_are_columns=True), name) for name, e in (named or {}).items()
    ]
    try:
        bound = bind(nodes, schema_of(plan), hidden=hidden)
    except ColumnNotFoundError as error:
        texts = [v for v in (named or {}).values() if isinstance(v, str) and repr(v) in str(error)]
        hint = (
            f"; a text names a column, and the text itself is sk.lit({texts[0]!r})" if texts else ""
        )
        raise ColumnNotFoundError(f"{error}{hint}") from None
    check_order(bound, plan)
    return bound


def _one_by_one(given: Iterable[Any]) -> Iterator[Any]:
    """What a user passed, with lists of columns among it taken apart.

    A list of anything but names and expressions is one constant, as in Polars.

    Raises
    ------
    PlanError
        For a mapping, which pandas takes and which would be a constant here.
    """
    for one in given:
        if isinstance(one, Mapping):
            names = ", ".join(f"{n}=..." for n in one)
            raise PlanError(
                f"a mapping of names is no expression: pass {names or 'name=expression'}, with expressions such as "
                "sk.col('x').sum(); a constant struct is sk.lit({...})"
            )
        yield from one if _is_columns(one) else (one,)


def _is_columns(one: object) -> bool:
    return isinstance(one, list | tuple) and all(
        isinstance(item, str) or hasattr(item, "_node") for item in one
    )


def check_unique_names(exprs: Iterable[ExprNode]) -> None:
    """Raise ``DuplicateError`` where two expressions give a column of the same name."""
    seen: set[str] = set()
    twice = [n for n in map(output_name, exprs) if n in seen or seen.add(n)]  # type: ignore[func-returns-value]
    if twice:
        raise DuplicateError.columns(dict.fromkeys(twice))


def columns_of(plan: Plan, selected: Any) -> tuple[str, ...]:
    """The names of columns of ``plan`` that a name, a selector, or a list of these stands for."""
    schema = schema_of(plan)
    names: list[str] = []
    for one in flatten((selected,)):
        for node in expand(to_node(one, strings_are_columns=True), schema):
            if isinstance(node, Selection):
                continue
            bind((node,), schema)
            names.append(output_name(node))
    return tuple(dict.fromkeys(names))


def check_same_columns(
    plans: Sequence[Plan], method: str, *, types: bool = True, or_else: tuple[str, str] = ("", "")
) -> None:
    """Raise unless all plans have the same columns in one order.

    Parameters
    ----------
    plans, method
        What is brought together, and by which method.
    types
        Whether their types have to be the same too.
    or_else
        What else would help where columns, and where types, are not the same.

    Raises
    ------
    SchemaError
        That lists the differences.
    """
    first = schema_of(plans[0])
    for place, plan in enumerate(plans[1:], 1):
        other = schema_of(plan)
        if list(other) != list(first):
            missing = [n for n in first if n not in other]
            extra = [n for n in other if n not in first]
            raise SchemaError(
                f"{method}(): frame {place} has other columns than frame 0: missing {missing}, extra {extra}"
                f"{'' if missing or extra else ', another order'}; select the same columns{or_else[0]}"
            )
        differing = [f"{n}: {first[n]} and {other[n]}" for n in first if first[n] != other[n]]
        if types and differing:
            raise SchemaError(
                f"{method}(): frame {place} has other types than frame 0: {'; '.join(differing)}; cast them{or_else[1]}"
            )


def as_plan(other: Any, method: str) -> Plan:
    """The plan of another frame that a method was given."""
    plan = getattr(other, "_plan", None)
    if not isinstance(plan, Plan):
        hint = " (wrap it with sk.from_polars, sk.from_pandas or sk.from_arrow)"
        raise PlanError(f"{method}() takes a scalekit Frame, got {type(other).__name__}{hint}")
    return plan


def boolean_predicate(plan: Plan, predicate: ExprNode) -> ExprNode:
    """A bound predicate as Boolean, which a column of nothing but null is not by itself.

    Raises
    ------
    SchemaError
        For another type than Boolean.
    InvalidOperationError
        For an aggregate alone, which is one value for all rows.
    """
    dtype = dtype_of(predicate, schema_of(plan))
    if dtype not in (pl.Boolean, pl.Null):
        raise SchemaError(
            f"filter() needs a Boolean expression, got {dtype} from {Expr(predicate)!r}"
        )
    if _is_aggregate(predicate):
        raise InvalidOperationError(
            f"filter() needs a condition for each row, and {Expr(predicate)!r} is one value for all: compare a "
            "column with it, or collect() it first"
        )
    return Cast(predicate, pl.Boolean()) if dtype == pl.Null else predicate


def _is_aggregate(expr: ExprNode) -> bool:
    """Whether an expression gives one value for all rows, and reads them to do so."""
    reads_rows = False
    stack = [expr]
    while stack:
        current = stack.pop()
        if isinstance(current, Call) and FUNCTIONS[current.function].kind is Kind.AGGREGATE:
            reads_rows = True
        elif isinstance(current, Column | Over) or not children(current):
            if not isinstance(current, Literal):
                return False
        else:
            stack.extend(children(current))
    return reads_rows
