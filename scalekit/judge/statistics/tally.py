"""A tally: what was counted of some rows. Tallies of parts are joined; the order and the cuts make no difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from math import prod
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa

from scalekit.errors import InvalidOperationError
from scalekit.judge.metrics.arrays import Array
from scalekit.judge.metrics.terms import TERMS
from scalekit.judge.statistics.layout import GRID, Layout

Kind: TypeAlias = Literal["rows", "count", "sum", "largest", "smallest", "exemplar"]

_WORTH_PACKING = 1 << 12
_CODEC = pa.Codec("zstd", 1)


@dataclass(frozen=True)
class Kept:
    """An array of a tally: how two of them are joined, and its shape.

    ``rows`` are whole numbers; ``count`` too, or sums of weights; ``sum`` has a leading axis of two, the sum
    and what rounding lost of it; an ``exemplar`` is the one value of a bin, NaN without rows and infinite
    where values differ.
    """

    kind: Kind
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Tally:
    """What was counted of some rows, for every model of a layout.

    Attributes
    ----------
    layout
        What is counted.
    centre
        What moments of targets and predictions are taken about.
    arrays
        Name -> array, as ``kept(layout)`` lists them. Read-only.
    known
        What was worked out of them already; it does not travel.
    """

    layout: Layout
    centre: float
    arrays: Mapping[str, Array]
    known: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)
    _totals: dict[str, Array] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for array in self.arrays.values():
            array.flags.writeable = False
        object.__setattr__(self, "arrays", MappingProxyType(dict(self.arrays)))

    @property
    def rows(self) -> int:
        """How many rows were counted; those without a target are not among them."""
        return int(self.arrays["rows"][: self.layout.blocks].sum())

    @property
    def unlabelled(self) -> int:
        """How many rows had no target, or one that is no class: they count for nothing else."""
        return int(self.arrays["unlabelled"][0])

    def invalid(self, model: str) -> int:
        """How many predictions of a model were NaN, infinite or, as probabilities, outside of [0, 1]."""
        layout = self.layout
        return int(self.arrays["invalid"][layout.model(model), : layout.blocks].sum())

    def total(self, name: str) -> Array:
        """An array, of sums with what rounding had lost."""
        array = self.arrays[name]
        if kept(self.layout)[name].kind != "sum":
            return array
        if name not in self._totals:  # every metric of every level asks for it
            with np.errstate(invalid="ignore"):
                self._totals[name] = np.asarray(array[0] + array[1])
            self._totals[name].flags.writeable = False
        return self._totals[name]

    def __reduce__(self) -> tuple[Any, ...]:
        packed = {name: _packed(array) for name, array in self.arrays.items()}
        return _unpacked, (self.layout, self.centre, packed)


@lru_cache(maxsize=16)
def kept(layout: Layout) -> Mapping[str, Kept]:
    """Every array of a tally of this layout, by name."""
    m, c, k = len(layout.models), layout.cells, len(layout.classes)
    found = {
        "rows": Kept("rows", (c,)),
        "unlabelled": Kept("rows", (1,)),
        "invalid": Kept("rows", (m, c)),
    }
    for name in layout.terms:
        own = (len(layout.quantiles),) if TERMS[name].is_by_quantile else ()
        found[name] = Kept("sum", ((c, *own) if TERMS[name].is_shared else (m, c, *own)))
    if layout.is_classification:
        found |= {
            "rows_of_class": Kept("rows", (c, k)),
            "true": Kept("count", (c, k)),
            "hits": Kept("count", (m, c, k)),
            "said": Kept("count", (m, c, k)),
            "confusion": Kept("count", (m, k, k)),
            "agreement": Kept("count", (len(pairs(layout)), 2, 2, 2)),
        }
        found |= _of_scores(layout)
    if layout.is_of_numbers:
        found |= _of_numbers(layout)
    if layout.is_of_numbers or layout.task == "binary":
        found["gram"] = Kept("sum", (m + 2, m + 2))
    return MappingProxyType(found)


def _of_scores(layout: Layout) -> dict[str, Kept]:
    m, s = len(layout.models), layout.scored
    true = s if "pairs" in layout.needs else 2
    return {
        "scores": Kept("count", (m, s, true, layout.fine_bins)),
        "score_sums": Kept("sum", (m, s, layout.fine_bins)),
        "score_exemplar": Kept("exemplar", (m, s, layout.fine_bins)),
        "cell_scores": Kept("count", (m, layout.score_cells, s, true, layout.coarse_bins)),
    }


def _of_numbers(layout: Layout) -> dict[str, Kept]:
    m, b, coarse = len(layout.models), layout.bins, layout.block_bins
    found = {
        "errors": Kept("count", (m, 2, b)),
        "cell_errors": Kept("count", (m, layout.cells, 2 * coarse)),
        "predicted": Kept("count", (m, layout.blocks, coarse)),
        "error_by_predicted": Kept("sum", (m, layout.blocks, coarse)),
        "predicted_sums": Kept("sum", (m, coarse)),
        "grid": Kept("count", (m, GRID, GRID)),
        "largest_error": Kept("largest", (m,)),
        "largest_prediction": Kept("largest", (m,)),
        "smallest_prediction": Kept("smallest", (m,)),
        "largest_target": Kept("largest", (1,)),
        "smallest_target": Kept("smallest", (1,)),
    }
    if "targets" in layout.needs:
        found |= {
            "targets": Kept("count", (b,)),
            "target_sums": Kept("sum", (b,)),
            "target_exemplar": Kept("exemplar", (b,)),
            "cell_targets": Kept("count", (layout.cells, coarse)),
            "cell_target_sums": Kept("sum", (layout.cells, coarse)),
        }
    return found


def pairs(layout: Layout) -> list[tuple[int, int]]:
    """The pairs of models, in the order in which their agreement is kept."""
    return list(combinations(range(len(layout.models)), 2))


def nothing(layout: Layout, name: str) -> Array:
    """An array before any row was counted; it may be written to."""
    what = kept(layout)[name]
    match what.kind:
        case "rows":
            return np.zeros(what.shape, dtype=np.int64)
        case "count":
            return np.zeros(what.shape, dtype=np.float64 if layout.is_weighted else np.int64)
        case "sum":
            return np.zeros((2, *what.shape))
        case "largest":
            return np.full(what.shape, -np.inf)
        case "smallest":
            return np.full(what.shape, np.inf)
        case "exemplar":
            return np.full(what.shape, np.nan)


def empty(layout: Layout) -> Tally:
    """The tally of no rows: what an empty part is.

    Examples
    --------
    >>> empty(Layout("regression", ("model",))).rows
    0
    """
    return Tally(layout, layout.centre, {name: nothing(layout, name) for name in kept(layout)})


def joined(left: Tally, right: Tally) -> Tally:
    """The tally of the rows of both; whole numbers are exact, sums keep what rounding loses.

    Parameters
    ----------
    left, right
        Tallies of one layout, of different rows.

    Raises
    ------
    InvalidOperationError
        Where the layouts differ.

    Examples
    --------
    >>> from scalekit.judge.statistics import tally
    >>> layout = Layout("regression", ("model",), blocks=2, slice_blocks=2)
    >>> one = tally(layout, np.array([1.0]), {"model": np.array([2.0])}, np.array([0]))
    >>> joined(one, one).rows
    2
    """
    if left.layout != right.layout:
        raise InvalidOperationError(
            "tallies of two layouts cannot be joined: parts of one pass have one layout"
        )
    if not right.rows:
        right = Tally(right.layout, left.centre, right.arrays)
    elif not left.rows:
        left = Tally(left.layout, right.centre, left.arrays)
    other = about(right, left.centre)
    arrays = {
        name: _JOINS[what.kind](left.arrays[name], other.arrays[name])
        for name, what in kept(left.layout).items()
    }
    return Tally(left.layout, left.centre, arrays)


def absorbed(left: Tally, right: Tally) -> Tally:
    """The same as :func:`joined`, in the memory of the left one, which nobody else may have: its arrays are large.

    Parameters
    ----------
    left, right
        Tallies of one layout, of different rows.
    """
    if left.layout != right.layout or not left.rows or not right.rows:
        return joined(left, right)
    other = about(right, left.centre)
    for name, what in kept(left.layout).items():
        array = left.arrays[name]
        array.flags.writeable = True
        if what.kind in ("rows", "count"):
            np.add(array, other.arrays[name], out=array)
        else:
            array[...] = _JOINS[what.kind](array, other.arrays[name])
    return Tally(left.layout, left.centre, left.arrays)


def about(tally: Tally, centre: float) -> Tally:
    """The same tally with moments about another centre."""
    d = tally.centre - centre
    if d == 0.0:
        return tally
    moved = dict(tally.arrays)
    sums = {name: tally.total(name) for name in _MOMENTS if name in moved}
    for name in sums:
        moved[name] = _alone(_moved(name, sums, tally.total("weight"), d))
    if "gram" in moved:
        turn = np.eye(moved["gram"].shape[-1])
        turn[1:, 0] = d
        moved["gram"] = _alone(turn @ tally.total("gram") @ turn.T)
    return Tally(tally.layout, centre, moved)


_MOMENTS = ("target", "squared_target", "prediction", "squared_prediction", "prediction_target")


def _moved(name: str, sums: Mapping[str, Array], n: Array, d: float) -> Array:
    """A sum of what lies ``d`` farther from the new centre than from the old one, or of its square."""
    match name:
        case "target" | "prediction":
            return sums[name] + d * n
        case "squared_target" | "squared_prediction":
            return sums[name] + 2 * d * sums[name.removeprefix("squared_")] + d * d * n
        case _:
            return sums[name] + d * (sums["target"] + sums["prediction"]) + d * d * n


def _alone(sums: Array) -> Array:
    return np.stack([sums, np.zeros_like(sums)])


def _join_sums(a: Array, b: Array) -> Array:
    """The sum, and exactly what rounding lost of it (Knuth's two-sum)."""
    with np.errstate(invalid="ignore", over="ignore"):
        total = a[0] + b[0]
        back = total - a[0]
        lost = (a[0] - (total - back)) + (b[0] - back)
        lost = np.where(np.isfinite(total), lost + a[1] + b[1], 0.0)
    return np.stack([total, lost])


def _join_exemplars(a: Array, b: Array) -> Array:
    is_one = np.isnan(b) | (a == b)
    return np.where(np.isnan(a), b, np.where(is_one, a, np.inf))


_JOINS: dict[Kind, Callable[[Array, Array], Array]] = {
    "rows": np.add,
    "count": np.add,
    "sum": _join_sums,
    "largest": np.maximum,
    "smallest": np.minimum,
    "exemplar": _join_exemplars,
}


def _packed(array: Array) -> tuple[str, str, tuple[int, ...], bytes]:
    """An array on its way: whole numbers as narrow as they are, and no room for what is zero."""
    narrow = array
    if array.dtype == np.int64 and array.size:
        narrow = array.astype(np.min_scalar_type(int(array.max())))
    data = narrow.tobytes()
    is_packed = len(data) > _WORTH_PACKING
    kind = f"{'s' if is_packed else ' '}{narrow.dtype.str}"
    packed = _CODEC.compress(data, asbytes=True) if is_packed else data
    return kind, array.dtype.str, array.shape, packed


def _unpacked(layout: Layout, centre: float, packed: dict[str, tuple[Any, ...]]) -> Tally:
    arrays = {}
    for name, (kind, dtype, shape, data) in packed.items():
        narrow = np.dtype(kind[1:])
        raw = _CODEC.decompress(data, prod(shape) * narrow.itemsize) if kind[0] == "s" else data
        arrays[name] = np.frombuffer(raw, dtype=narrow).reshape(shape).astype(dtype)
    return Tally(layout, centre, arrays)
