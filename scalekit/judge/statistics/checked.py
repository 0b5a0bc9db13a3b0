"""What a tally is given, checked against its layout: shapes, ranges, targets and outputs that are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.judge.metrics.arrays import Array
from scalekit.judge.statistics.layout import Layout

_OVERSHOOT = 1e-6
"""A probability may pass 0 or 1 by rounding, in float32 too; it is then taken as 0 or 1."""


@dataclass(frozen=True)
class Given:
    """Rows with a target, in arrays of one length."""

    layout: Layout
    y: Array
    outputs: list[Array]
    block: Array
    levels: Array
    weight: Array | None
    scale: Array | None
    unlabelled: int = 0

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.y)

    def part(self, rows: slice) -> Given:
        """Some of them."""
        outputs = [_clipped(self.layout, f[rows]) for f in self.outputs]
        weight = None if self.weight is None else self.weight[rows]
        scale = None if self.scale is None else self.scale[rows]
        return Given(
            self.layout, self.y[rows], outputs, self.block[rows], self.levels[rows], weight, scale
        )

    def valid(self, model: int) -> Array | None:
        """Which outputs of a model can be judged; None for all."""
        f = self.outputs[model]
        is_valid = (f >= 0.0) & (f <= 1.0) if self.layout.is_classification else np.isfinite(f)
        of_row = np.asarray(is_valid if f.ndim == 1 else is_valid.all(axis=1))
        return None if of_row.all() else of_row


def positions(layout: Layout, labels: pl.Series | Array | Sequence[Any]) -> Array:
    """Where labels are in ``layout.classes``: what ``tally`` takes for the targets of a classification.

    Parameters
    ----------
    layout
        Of a classification.
    labels
        A Polars series, an array or a list of labels.

    Returns
    -------
    numpy.ndarray of int64
        -1 for null, NaN and labels that are no class.

    Examples
    --------
    >>> layout = Layout("multiclass", ("model",), classes=("a", "b", "c"))
    >>> positions(layout, pl.Series(["c", None, "a", "z"])).tolist()
    [2, -1, 0, -1]
    """
    series = labels if isinstance(labels, pl.Series) else pl.Series(values=labels, strict=False)
    if series.dtype == pl.Boolean and layout.classes == (False, True):
        return series.cast(pl.Int8).fill_null(-1).to_numpy().astype(np.int64)
    known = pl.Series(values=list(layout.classes), strict=False)
    if series.dtype != known.dtype:
        if series.dtype.is_numeric() and known.dtype.is_numeric():
            series, known = series.cast(pl.Float64), known.cast(pl.Float64)
        elif series.dtype == pl.Boolean and known.dtype.is_numeric():
            series = series.cast(known.dtype)
        else:
            series = series.cast(known.dtype, strict=False)
    places = pl.Series(values=range(len(known)), dtype=pl.Int64)
    found = series.replace_strict(known, places, default=-1, return_dtype=pl.Int64)
    return found.fill_null(-1).to_numpy()


def checked(
    layout: Layout,
    y: Array,
    outputs: Mapping[str, Array],
    block: Array,
    slices: Array | None,
    weight: Array | None,
    scale: Array | None,
) -> Given:
    """All that a tally is given, in the dtypes that it counts by, less the rows without a target."""
    targets, is_target = _targets(layout, np.asarray(y))
    rows = len(targets)
    found = Given(
        layout,
        targets,
        _outputs(layout, outputs, rows),
        _blocks(layout, np.asarray(block), rows),
        _levels(layout, slices, rows),
        _weights(layout, weight, rows),
        None if scale is None else _scales(np.asarray(scale, dtype=np.float64), rows),
    )
    if is_target.all():
        return found
    return _some(found, is_target)


def _some(found: Given, rows: Array) -> Given:
    return Given(
        found.layout,
        found.y[rows],
        [f[rows] for f in found.outputs],
        found.block[rows],
        found.levels[rows],
        None if found.weight is None else found.weight[rows],
        None if found.scale is None else found.scale[rows],
        int((~rows).sum()),
    )


def _targets(layout: Layout, y: Array) -> tuple[Array, Array]:
    if y.ndim != 1:
        raise InvalidOperationError(f"targets of shape {y.shape}: give one for each row")
    if not layout.is_classification:
        numbers = y.astype(np.float64, copy=False)
        return numbers, np.isfinite(numbers)
    if y.dtype.kind not in "iub":
        raise InvalidOperationError(
            f"targets of type {y.dtype} are no positions of classes: make them by positions(layout, labels)"
        )
    codes = y.astype(np.int64, copy=False)
    if len(codes) and codes.max() >= len(layout.classes):
        raise InvalidOperationError(
            f"a target at position {codes.max()} of {len(layout.classes)} classes: "
            "make positions by positions(layout, labels)"
        )
    return codes, codes >= 0


def _outputs(layout: Layout, outputs: Mapping[str, Array], rows: int) -> list[Array]:
    if set(outputs) != set(layout.models):
        raise InvalidOperationError(
            f"outputs of {sorted(outputs)}, where the layout has the models {sorted(layout.models)}"
        )
    columns = {"multiclass": len(layout.classes), "quantile": len(layout.quantiles)}.get(
        layout.task
    )
    shape = (rows,) if columns is None else (rows, columns)
    found = []
    for name in layout.models:
        f = np.asarray(outputs[name])
        f = f if f.dtype in (np.float32, np.float64) else f.astype(np.float64)
        if f.shape != shape:
            raise InvalidOperationError(
                f"outputs of {name!r} have the shape {f.shape}, where {shape} is expected of a {layout.task} task"
            )
        found.append(f)
    return found


def _clipped(layout: Layout, f: Array) -> Array:
    """Probabilities within [0, 1], where rounding alone had taken them out of it."""
    if not layout.is_classification or not f.size:
        return f
    with np.errstate(invalid="ignore"):
        low, high = f.min(), f.max()
    if low >= 0.0 and high <= 1.0:
        return f
    f = np.where((f < 0.0) & (f >= -_OVERSHOOT), f.dtype.type(0), f)
    return np.where((f > 1.0) & (f <= 1.0 + _OVERSHOOT), f.dtype.type(1), f)


def _blocks(layout: Layout, block: Array, rows: int) -> Array:
    _of_length(block, rows, "block")
    if rows and not (block.min() >= 0 and block.max() < layout.blocks):
        raise InvalidOperationError(
            f"blocks from {block.min()} to {block.max()}: they are numbers from 0 to {layout.blocks - 1}"
        )
    return block.astype(np.int64, copy=False)


def _levels(layout: Layout, slices: Array | None, rows: int) -> Array:
    count = len(layout.slices)
    if slices is None and count:
        raise InvalidOperationError(
            f"the layout has slices by {', '.join(column for column, _ in layout.slices)}: give slices="
        )
    levels = np.zeros((rows, 0), dtype=np.int64) if slices is None else np.asarray(slices)
    if levels.shape != (rows, count):
        raise InvalidOperationError(
            f"slices of shape {levels.shape}, where {(rows, count)} is expected: one column for each slice"
        )
    for column, (name, known) in enumerate(layout.slices):
        if rows and levels[:, column].max() >= len(known):
            raise InvalidOperationError(
                f"a position in the slices by {name!r} is past the last of {len(known)} levels; "
                "-1 says that a row has none"
            )
    if levels.size and levels.min() < 0:
        sizes = np.array([len(known) for _, known in layout.slices], dtype=np.int64)
        levels = np.where(levels < 0, sizes, levels)
    return levels


def _weights(layout: Layout, weight: Array | None, rows: int) -> Array | None:
    if layout.is_weighted != (weight is not None):
        raise InvalidOperationError(
            f"is_weighted={layout.is_weighted} in the layout, and weights were "
            f"{'not ' * (weight is None)}given: they go together"
        )
    if weight is None:
        return None
    found = _of_length(np.asarray(weight, dtype=np.float64), rows, "weight")
    if rows and not (np.isfinite(found).all() and found.min() >= 0):
        raise InvalidOperationError(
            "weights are finite and not negative: fill or filter them first"
        )
    return found


def _scales(scale: Array, rows: int) -> Array:
    """One for each row, or two: of absolute and of squared errors."""
    return scale if scale.shape == (rows, 2) else _of_length(scale, rows, "scale")


def _of_length(array: Array, rows: int, what: str) -> Array:
    if array.shape != (rows,):
        raise InvalidOperationError(
            f"{what} has the shape {array.shape}, where {(rows,)} is expected"
        )
    return array
