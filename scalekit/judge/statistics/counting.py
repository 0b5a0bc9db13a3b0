"""The pass itself: rows and what models say of them become a tally, by array operations alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scalekit.judge.metrics.arrays import Array
from scalekit.judge.metrics.bins import error_bins, score_bins, value_bins
from scalekit.judge.metrics.terms import TERMS, Rows
from scalekit.judge.statistics.cells import Cells, Ledger
from scalekit.judge.statistics.checked import Given, checked
from scalekit.judge.statistics.layout import GRID, Layout
from scalekit.judge.statistics.tally import Tally, empty, kept, nothing, pairs

CHUNK = 1 << 16
"""Rows that are counted at a time: what is made of them stays near the processor."""

_SAMPLE = 1001


def tally(
    layout: Layout,
    y: Array,
    outputs: Mapping[str, Array],
    block: Array,
    slices: Array | None = None,
    weight: Array | None = None,
    scale: Array | None = None,
) -> Tally:
    """Count some rows for every model of a layout.

    Parameters
    ----------
    layout
        What to count.
    y
        (n,) the targets. Of classifications the positions of the classes in ``layout.classes`` (see
        :func:`~scalekit.judge.statistics.checked.positions`; a bool will do for a binary task), -1 where there is none;
        else numbers. Rows without a finite target are only counted as ``unlabelled``.
    outputs
        Model -> what it says: binary (n,) probabilities of the positive class; multiclass (n, k)
        probabilities; quantile (n, q) in the order of ``layout.quantiles``; else (n,) predictions. A row whose
        output is NaN, infinite or no probability is counted as ``invalid`` for this model, and the model
        has no value then: nothing is dropped silently.
    block
        (n,) integers from 0 to ``layout.blocks - 1``: a hash of the row's group, or key.
    slices
        (n, slice columns) positions of levels in ``layout.slices``, -1 for none of them. May be left out
        where the layout has no slices.
    weight
        (n,) finite and not negative, where ``layout.is_weighted``.
    scale
        (n,) of forecasts: what the naive forecast is wrong by in the history of the row's series, as the mean of its
        absolute errors; or (n, 2) with the mean of its squared errors. NaN where it is not known: such a row counts for
        the metrics without a scale.

    Returns
    -------
    Tally
        To be joined with those of other parts.

    Raises
    ------
    InvalidOperationError
        Where shapes, models or ranges do not fit the layout, or weights are negative or not finite.

    Examples
    --------
    >>> layout = Layout("binary", ("model",), classes=(False, True), blocks=4, slice_blocks=2)
    >>> y, score = np.array([0, 1, 1]), np.array([0.2, 0.9, 0.4])
    >>> counted = tally(layout, y, {"model": score}, block=np.array([0, 1, 2]))
    >>> counted.rows, counted.total("confusion")[0].tolist()
    (3, [[1, 0], [1, 1]])
    """
    given = checked(layout, y, outputs, block, slices, weight, scale)
    if not given.rows:
        return _with_unlabelled(empty(layout), given.unlabelled)
    centre = _centre(layout, given)
    arrays = {name: nothing(layout, name) for name in kept(layout)}
    arrays["unlabelled"] += given.unlabelled
    ledger = Ledger(layout)
    for start in range(0, given.rows, CHUNK):
        chunk = given.part(slice(start, start + CHUNK))
        _Counter(layout, arrays, ledger, chunk, centre).count()
    _settle(layout, ledger, arrays)
    return Tally(layout, centre, arrays)


def _settle(layout: Layout, ledger: Ledger, arrays: dict[str, Array]) -> None:
    """Put what was counted by cell where it belongs."""
    kinds = kept(layout)
    for (name, model, place), counted in ledger.settled():
        if name == "labels":
            table = counted.reshape(-1, 2, 2)
            arrays["hits"][model] = table.diagonal(axis1=1, axis2=2)
            arrays["said"][model] = table.sum(axis=1)
            arrays["confusion"][model] = table[: layout.blocks].sum(axis=0)
            continue
        array = arrays[name][0] if kinds[name].kind == "sum" else arrays[name]
        array = array if model is None else array[model]
        array = array if place is None else array[..., place]
        array[...] = counted.reshape(array.shape)


def _with_unlabelled(counted: Tally, unlabelled: int) -> Tally:
    arrays = {**counted.arrays, "unlabelled": np.array([unlabelled])}
    return Tally(counted.layout, counted.centre, arrays)


def _centre(layout: Layout, given: Given) -> float:
    """A number among the targets, so that a variance far from 0 keeps its digits."""
    if not layout.is_of_numbers:
        return 0.0
    return layout.centre if layout.centre else float(np.median(given.y[:_SAMPLE]))


@dataclass(frozen=True)
class _Counter:
    """Adds the rows of a chunk to arrays that are being filled."""

    layout: Layout
    arrays: dict[str, Array]
    ledger: Ledger
    given: Given
    centre: float

    def count(self) -> None:
        layout, given, ledger = self.layout, self.given, self.ledger
        cells = Cells(layout, given.block, given.levels, given.weight)
        ledger.count_rows(("rows", None, None), cells)
        rows = self._rows(given.y, cells.weight)
        for name in self._terms(is_shared=True):
            ledger.add((name, None, None), cells, TERMS[name].of(rows))
        if layout.is_classification:
            k = len(layout.classes)
            ledger.count_rows(("rows_of_class", None, None), cells, given.y, k)
            ledger.count(("true", None, None), cells, given.y, k)
        if layout.is_of_numbers:
            self._count_targets(cells)
        said = [self._count_model(m, cells) for m in range(len(layout.models))]
        self._count_together(said, cells)

    def _rows(self, f: Array, weight: Array | None, valid: Array | None = None) -> Rows:
        given, eps = self.given, float(np.finfo(f.dtype).eps) if f.dtype.kind == "f" else 0.0
        y, scale = given.y, given.scale
        if valid is not None:
            y, scale = y[valid], None if scale is None else scale[valid]
        f = f.astype(np.float64, copy=False)
        return Rows(y, f, weight, self.centre, eps, self.layout.quantiles, scale)

    def _terms(self, *, is_shared: bool) -> list[str]:
        return [name for name in self.layout.terms if TERMS[name].is_shared == is_shared]

    def _count_model(self, m: int, cells: Cells) -> Array:
        """Count what a model said, and give its hard predictions or numbers, of invalid rows -1 or NaN."""
        f = self.given.outputs[m]
        valid = self.given.valid(m)
        if valid is not None:
            self.ledger.count_rows(("invalid", m, None), cells.of(~valid))
            cells, f = cells.of(valid), f[valid]
        rows = self._rows(f, cells.weight, valid)
        for name in self._terms(is_shared=False):
            values = TERMS[name].of(rows)
            if values.ndim == 1:
                self.ledger.add((name, m, None), cells, values)
            for q in range(values.shape[1] if values.ndim == 2 else 0):
                self.ledger.add((name, m, q), cells, values[:, q])
        said = self._count_said(m, cells, rows)
        if valid is None:
            return said
        whole = np.full(len(valid), -1 if said.dtype.kind == "i" else np.nan, dtype=said.dtype)
        whole[valid] = said
        return whole

    def _count_said(self, m: int, cells: Cells, rows: Rows) -> Array:
        layout = self.layout
        if layout.is_of_numbers:
            self._count_numbers(m, cells, rows)
            return rows.f
        if layout.task == "quantile":
            return rows.f[:, 0]
        if layout.task == "binary":
            said = (rows.f >= layout.threshold).astype(np.int64)
            self._count_scores(m, 0, rows.f, rows.y, cells)
        else:
            said = rows.f.argmax(axis=1)
            for c in range(len(layout.classes)):
                true = rows.y if "pairs" in layout.needs else (rows.y == c).astype(np.int64)
                self._count_scores(m, c, rows.f[:, c], true, cells)
        self._count_labels(m, said, rows.y, cells)
        return np.asarray(said)

    def _count_labels(self, m: int, said: Array, y: Array, cells: Cells) -> None:
        k = len(self.layout.classes)
        if k == 2:
            self.ledger.count(("labels", m, None), cells, y * 2 + said, 4)
            return
        is_hit = said == y
        self.ledger.count(("hits", m, None), cells.of(is_hit), y[is_hit], k)
        self.ledger.count(("said", m, None), cells, said, k)
        counted = np.bincount(y * k + said, cells.weight, k * k)
        self.arrays["confusion"][m] += counted.reshape(k, k)

    def _count_scores(self, m: int, c: int, score: Array, true: Array, cells: Cells) -> None:
        layout, arrays = self.layout, self.arrays
        fine, coarse = layout.fine_bins, layout.coarse_bins
        groups = arrays["scores"].shape[2]
        if len(score) and score.min() == score.max():
            self._count_constant(m, c, float(score[0]), true, cells)
            return
        place = score_bins(score, fine)
        _note_exemplars(arrays["score_exemplar"][m, c], place, score)
        counted = np.bincount(true * fine + place, cells.weight, groups * fine)
        arrays["scores"][m, c] += counted.reshape(groups, fine)
        arrays["score_sums"][0, m, c] += np.bincount(place, cells.weighted(score), fine)
        place >>= (fine // coarse).bit_length() - 1
        place += true * coarse
        if layout.task == "binary":
            self.ledger.count(("cell_scores", m, None), cells, place, groups * coarse)
            return
        by_block = cells.by_block(place, groups * coarse)
        arrays["cell_scores"][m, :, c] += by_block.reshape(-1, groups, coarse)

    def _count_constant(self, m: int, c: int, score: float, true: Array, cells: Cells) -> None:
        """The same of one score for all rows, as a dummy's: where it is, is no question of rows."""
        layout, arrays = self.layout, self.arrays
        groups = arrays["scores"].shape[2]
        (fine,) = score_bins(np.array([score]), layout.fine_bins)
        _note_exemplars(arrays["score_exemplar"][m, c], np.array([fine]), np.array([score]))
        counted = np.bincount(true, cells.weight, groups)
        arrays["scores"][m, c, :, fine] += counted
        weight = len(true) if cells.weight is None else cells.weight.sum()
        arrays["score_sums"][0, m, c, fine] += score * weight
        coarse = layout.coarse_bins
        place = true * coarse + (fine >> ((layout.fine_bins // coarse).bit_length() - 1))
        if layout.task == "binary":
            self.ledger.count(("cell_scores", m, None), cells, place, groups * coarse)
            return
        by_block = cells.by_block(place, groups * coarse)
        arrays["cell_scores"][m, :, c] += by_block.reshape(-1, groups, coarse)

    def _count_numbers(self, m: int, cells: Cells, rows: Rows) -> None:
        layout, arrays = self.layout, self.arrays
        fine, coarse = layout.bins, layout.block_bins
        error = rows.f - rows.y
        is_over, size = (error >= 0).astype(np.int64), np.abs(error)
        place = error_bins(size, fine)
        counted = np.bincount(is_over * fine + place, cells.weight, 2 * fine)
        arrays["errors"][m] += counted.reshape(2, fine)
        place >>= (fine // (2 * coarse)).bit_length() - 1
        self.ledger.count(("cell_errors", m, None), cells, place, 2 * coarse)
        place = value_bins(rows.f, layout.centre, layout.scale, coarse)
        arrays["predicted"][m] += cells.by_block(place, coarse)
        arrays["error_by_predicted"][0, m] += cells.by_block(place, coarse, error)
        off = cells.weighted(rows.f - layout.centre)
        arrays["predicted_sums"][0, m] += np.bincount(place, off, coarse)
        actual = value_bins(rows.y, layout.centre, layout.scale, GRID)
        code = (place >> ((coarse // GRID).bit_length() - 1)) * GRID + actual
        arrays["grid"][m] += np.bincount(code, cells.weight, GRID * GRID).reshape(GRID, GRID)
        if len(size):
            _raise_to(arrays["largest_error"], m, size.max())
            _raise_to(arrays["largest_prediction"], m, rows.f.max())
            _lower_to(arrays["smallest_prediction"], m, rows.f.min())

    def _count_targets(self, cells: Cells) -> None:
        layout, arrays, y = self.layout, self.arrays, self.given.y
        _raise_to(arrays["largest_target"], 0, y.max())
        _lower_to(arrays["smallest_target"], 0, y.min())
        if "targets" not in layout.needs:
            return
        place = value_bins(y, layout.centre, layout.scale, layout.bins)
        off = y - layout.centre
        _note_exemplars(arrays["target_exemplar"], place, y)
        arrays["targets"] += np.bincount(place, cells.weight, layout.bins)
        arrays["target_sums"][0] += np.bincount(place, cells.weighted(off), layout.bins)
        place >>= (layout.bins // layout.block_bins).bit_length() - 1
        self.ledger.count(("cell_targets", None, None), cells, place, layout.block_bins)
        entry = ("cell_target_sums", None, None)
        self.ledger.add(entry, cells, off, place, layout.block_bins)

    def _count_together(self, said: list[Array], cells: Cells) -> None:
        """How models agree with each other and with the targets."""
        layout, arrays, y = self.layout, self.arrays, self.given.y
        if "agreement" in arrays:
            for p, (a, b) in enumerate(pairs(layout)):
                code = (said[a] == said[b]) * 4 + (said[a] == y) * 2 + (said[b] == y)
                both = (said[a] >= 0) & (said[b] >= 0)
                weight = cells.weight
                if not both.all():
                    code, weight = code[both], None if weight is None else weight[both]
                arrays["agreement"][p] += np.bincount(code, weight, 8).reshape(2, 2, 2)
        if "gram" in arrays:
            numbers = self.given.outputs if layout.task == "binary" else said
            columns = [np.ones(len(y)), y - self.centre, *(f - self.centre for f in numbers)]
            table = np.stack(columns)
            weighted = table if cells.weight is None else table * cells.weight
            with np.errstate(invalid="ignore", over="ignore"):
                arrays["gram"][0] += weighted @ table.T


def _note_exemplars(exemplar: Array, place: Array, value: Array) -> None:
    """Keep the one value of each bin, and infinity for bins of several."""
    known = exemplar[place]
    is_news = known != value
    is_news &= known != np.inf
    news = np.flatnonzero(is_news)
    if not len(news):
        return
    place, value = place[news], value[news]
    is_empty = np.isnan(exemplar)
    one = exemplar.copy()
    one[place] = value
    exemplar[is_empty] = one[is_empty]
    exemplar[place[exemplar[place] != value]] = np.inf


def _raise_to(array: Array, place: int, value: float) -> None:
    array[place] = max(array[place], value)


def _lower_to(array: Array, place: int, value: float) -> None:
    array[place] = min(array[place], value)
