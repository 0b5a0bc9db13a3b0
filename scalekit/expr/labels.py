"""How far a function's answer depends on who computes it: a label for every function, by its types.

A function whose rows need only themselves is exact by its kind. Every aggregate and window function stands
in :data:`RULES`, so that a new one has to say what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import polars as pl

from scalekit.expr.function import FUNCTIONS, Kind
from scalekit.expr.node import Call


class Label(Enum):
    """What an answer depends on besides the values of the rows; a step without a label is exact."""

    ORDER = "order-dependent"
    """On which row comes first, where the rows have no order."""
    FLOATS = "float-order-sensitive"
    """On the order in which floats are added, in the last bits."""
    APPROXIMATE = "approximate"
    """On an approximation, or on which rows were drawn."""


Types: TypeAlias = tuple[pl.DataType, ...]


@dataclass(frozen=True)
class Rule:
    """When a function carries which label.

    Attributes
    ----------
    floats
        Operand types to whether the order of additions shows in the answer.
    sees_rows
        Whether it is given the rows as they come, whatever the function table says of ``needs_order``.
    approximate
        Whether it approximates.
    """

    floats: Callable[[Types], bool] = lambda _: False
    sees_rows: bool = False
    approximate: bool = False


_NARROW = (pl.Boolean, pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32, pl.Null)


def _has_float(dtypes: Types) -> bool:
    return any(_leaf(dtype).is_float() for dtype in dtypes)


def _is_wide(dtypes: Types) -> bool:
    """Whether a sum as a float may need more digits than a float has."""
    return not all(isinstance(_leaf(dtype), _NARROW) for dtype in dtypes)


def _leaf(dtype: pl.DataType) -> pl.DataType:
    while isinstance(dtype, pl.List | pl.Array):
        inner = dtype.inner
        dtype = inner if isinstance(inner, pl.DataType) else inner()
    return dtype


_EXACT = Rule()
_ADDS = Rule(floats=_has_float)
_AVERAGES = Rule(floats=_is_wide)
_MOMENTS = Rule(floats=lambda _: True)
_USER = Rule(sees_rows=True)
_APPROXIMATE = Rule(approximate=True)

_NAMES: tuple[tuple[Rule, str], ...] = (
    (_ADDS, "sum product dot cum_sum cum_prod"),
    (_ADDS, "rolling_sum rolling_sum_by"),
    (_AVERAGES, "mean rolling_mean rolling_mean_by"),
    (_MOMENTS, "std var skew kurtosis entropy corr cov ewm_mean ewm_std ewm_var"),
    (_MOMENTS, "rolling_std rolling_var rolling_std_by rolling_var_by"),
    (_EXACT, "min max nan_min nan_max median quantile n_unique count len null_count has_nulls"),
    (_EXACT, "is_empty any all item bitwise_and bitwise_or bitwise_xor pl.len implode"),
    (_EXACT, "min_by max_by first last arg_min arg_max get str.join"),
    (_EXACT, "shift diff pct_change cum_min cum_max cum_count rle_id is_first_distinct"),
    (_EXACT, "is_last_distinct forward_fill backward_fill interpolate reverse fill_null_by rank"),
    (_EXACT, "rolling_min rolling_max rolling_median rolling_quantile rolling_min_by"),
    (_EXACT, "rolling_max_by rolling_median_by unique unique_counts value_counts mode is_unique"),
    (_EXACT, "is_duplicated sort sort_by qcut top_k bottom_k head tail slice gather gather_every"),
    (_EXACT, "filter drop_nulls drop_nans explode list.explode cat.get_categories cat.declared"),
    (_EXACT, "int_range date_range datetime_range"),
    (Rule(sees_rows=True), "any_value"),
    (_USER, "map_to_one fold_to_one map_all fold_all"),
    (_APPROXIMATE, "approx_n_unique approx_quantile sample"),
)

RULES: Mapping[str, Rule] = {name: rule for rule, names in _NAMES for name in names.split()}
"""Every aggregate and window function, with the rule for its labels besides ``needs_order``."""

OWN_ROW = (Kind.ELEMENTWISE, Kind.NAMING)
"""Kinds that are exact: a row needs only itself."""


def labels_of(call: Call, dtypes: Types, *, ordered: bool) -> Iterator[Label]:
    """The labels of a call, but for what ``plan.order.order_dependent`` finds.

    Parameters
    ----------
    call
        A bound call.
    dtypes
        The types of its operands.
    ordered
        Whether the rows that it sees have an order.
    """
    if FUNCTIONS[call.function].kind in OWN_ROW:
        return
    rule = RULES[call.function]
    if rule.sees_rows and not ordered:
        yield Label.ORDER
    if rule.floats(dtypes):
        yield Label.FLOATS
    if rule.approximate:
        yield Label.APPROXIMATE
