"""What a pass over rows keeps: fixed before the pass, so that every worker counts the same things."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from scalekit.errors import InvalidOperationError
from scalekit.judge.metrics.bins import OCTAVES
from scalekit.judge.metrics.catalogue import default_metrics, metric_named
from scalekit.judge.metrics.metric import Metric
from scalekit.judge.metrics.terms import TERMS

CLASSIFICATIONS = ("binary", "multiclass")
NUMBERS = ("regression", "count", "forecast")
GRID = 64
"""Steps of each axis of the grid of predicted against actual values."""

_ALWAYS = {
    "binary": ("log_loss", "brier"),
    "multiclass": ("log_loss_of_classes",),
    "quantile": ("pinball", "below", "inside", "width"),
    "regression": ("error", "absolute_error", "squared_error"),
    "count": ("error", "absolute_error", "squared_error"),
    "forecast": ("error", "absolute_error", "squared_error"),
}
_MOST_CLASSES = 200
_MOST_CLASSES_IN_PAIRS = 10
_FEW_CLASSES = 20


@dataclass(frozen=True)
class Layout:
    """What is counted of which models, classes and slices; picklable and the same on every worker.

    Attributes
    ----------
    task
        ``"binary"``, ``"multiclass"``, ``"regression"``, ``"count"``, ``"quantile"`` or ``"forecast"``.
    models
        The names of the judged models and of the baselines, at least one.
    classes
        Of classifications, in scikit-learn's order; of a binary task (negative, positive).
    metrics
        Names of metrics of the task; empty for the default ones.
    slices
        Column of slices -> its levels. Rows of no level count for the whole only.
    blocks
        How many blocks rows are put into, for intervals; a row's block is a hash of its group, or key.
    slice_blocks
        How many blocks within each slice: block ``b`` of the whole is part of block ``b % slice_blocks``.
    bins
        Fine bins of scores, errors and targets, for values; a power of two, at least ``2 * block_bins``.
    block_bins
        Coarse bins by block and slice, for intervals; a power of two, at least 128.
    threshold
        A positive prediction is a score of this or more. Counts at it are exact.
    quantiles
        The levels of a quantile task, increasing.
    is_weighted
        Whether rows have weights; then every ``tally`` is given them.
    centre, scale
        Of numbers: a typical target and a typical distance from it, such as mean and standard deviation
        of the training targets. Bins of targets and predictions are finest there; no value is lost if
        they are wrong, but quantiles of targets and pictures are coarser.

    Raises
    ------
    InvalidOperationError
        Where fields contradict each other.
    ConfigError
        Where a task or metric does not exist.

    Examples
    --------
    >>> layout = Layout("binary", ("dummy", "boosted"), classes=("no", "yes"))
    >>> layout.metrics[:2], layout.cells
    (('log_loss', 'roc_auc'), 200)
    """

    task: str
    models: tuple[str, ...]
    classes: tuple[Any, ...] = ()
    metrics: tuple[str, ...] = ()
    slices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    blocks: int = 200
    slice_blocks: int = 20
    bins: int = 16384
    block_bins: int = 256
    threshold: float = 0.5
    quantiles: tuple[float, ...] = ()
    is_weighted: bool = False
    centre: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        names = tuple(self.metrics) or _default_metrics(self.task, len(self.classes))
        object.__setattr__(self, "metrics", names)
        for name in names:
            metric_named(name, self.task)
        _check_models(self)
        _check_task(self)
        _check_sizes(self)

    def metric(self, name: str) -> Metric:
        """The metric of a name, for this task."""
        return metric_named(name, self.task)

    @property
    def is_classification(self) -> bool:
        """Whether targets are classes."""
        return self.task in CLASSIFICATIONS

    @property
    def is_of_numbers(self) -> bool:
        """Whether a prediction is one number, to be compared with the target."""
        return self.task in NUMBERS

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """The sums that are kept, in the order of the table of terms."""
        wanted = {"weight", *_ALWAYS[self.task]}
        if self.is_weighted:
            wanted.add("squared_weight")
        for name in self.metrics:
            wanted.update(self.metric(name).terms)
            if name.startswith("d2_") and self.is_classification:
                wanted.add(_loss_behind(name, self.task))
        return tuple(name for name in TERMS if name in wanted)

    @cached_property
    def needs(self) -> frozenset[str]:
        """The other statistics that its metrics are made of."""
        return frozenset(need for name in self.metrics for need in self.metric(name).needs)

    @property
    def scored(self) -> int:
        """How many classes have a histogram of scores: one of a binary task."""
        return {"binary": 1, "multiclass": len(self.classes)}.get(self.task, 0)

    @cached_property
    def fine_bins(self) -> int:
        """Bins of scores of all rows; several classes share the room of one."""
        if self.task != "multiclass":
            return self.bins
        most = 4096 if len(self.classes) <= _FEW_CLASSES else 1024
        return max(min(self.bins, most), self.coarse_bins)

    @cached_property
    def coarse_bins(self) -> int:
        """Bins of scores by block."""
        return max(self.block_bins // 4, 16) if self.task == "multiclass" else self.block_bins

    @cached_property
    def score_cells(self) -> int:
        """How many cells have histograms: of several classes the blocks of the whole only."""
        return self.blocks if self.task == "multiclass" else self.cells

    @cached_property
    def levels(self) -> tuple[tuple[str, str], ...]:
        """All (slice column, level) in order."""
        return tuple((column, level) for column, levels in self.slices for level in levels)

    @cached_property
    def cells(self) -> int:
        """Blocks of the whole, and behind them the blocks of each level of each slice."""
        return self.blocks + len(self.levels) * self.slice_blocks

    def cells_of(self, place: int | None) -> slice:
        """The cells of all rows (None), or of a level by its place in ``levels``."""
        if place is None:
            return slice(0, self.blocks)
        start = self.blocks + place * self.slice_blocks
        return slice(start, start + self.slice_blocks)

    def model(self, name: str) -> int:
        """The place of a model."""
        if name not in self.models:
            raise InvalidOperationError(
                f"there is no model {name!r}; there are: {', '.join(map(repr, self.models))}"
            )
        return self.models.index(name)


def _default_metrics(task: str, classes: int) -> tuple[str, ...]:
    """Of three classes the true one is always among the top three."""
    names = default_metrics(task)
    return tuple(n for n in names if n != "top_3") if 0 < classes <= 3 else names


def _loss_behind(name: str, task: str) -> str:
    loss = name.removeprefix("d2_")
    return loss if task == "binary" else f"{loss}_of_classes"


def _check_models(layout: Layout) -> None:
    if not layout.models or len(set(layout.models)) != len(layout.models):
        raise InvalidOperationError(f"models={layout.models!r}: give each model a name of its own")
    columns = [column for column, _ in layout.slices]
    if len(set(columns)) != len(columns):
        raise InvalidOperationError(f"slices of {columns}: name each column once")
    if len(set(layout.metrics)) != len(layout.metrics):
        raise InvalidOperationError(f"metrics={layout.metrics!r}: name each metric once")


def _check_task(layout: Layout) -> None:
    count = len(layout.classes)
    if layout.task == "binary" and count != 2:
        raise InvalidOperationError(
            f"classes={layout.classes!r}: a binary task has two, (negative, positive)"
        )
    if layout.task == "multiclass" and not 2 <= count <= _MOST_CLASSES:
        raise InvalidOperationError(
            f"{count} classes: a multiclass task has 2 to {_MOST_CLASSES}; join the rare ones"
        )
    if "pairs" in layout.needs and count > _MOST_CLASSES_IN_PAIRS:
        raise InvalidOperationError(
            f"roc_auc_ovo of {count} classes would count {count * count} histograms; "
            f"it is for {_MOST_CLASSES_IN_PAIRS} at most: take roc_auc_ovr"
        )
    levels = layout.quantiles
    is_increasing = all(a < b for a, b in pairwise(levels))
    if layout.task == "quantile" and not (
        levels and is_increasing and levels[0] > 0 and levels[-1] < 1
    ):
        raise InvalidOperationError(
            f"quantiles={levels!r}: a quantile task has increasing levels between 0 and 1, such as (0.1, 0.5, 0.9)"
        )


def _check_sizes(layout: Layout) -> None:
    if layout.blocks < 2 or not 2 <= layout.slice_blocks <= layout.blocks:
        raise InvalidOperationError(
            f"blocks={layout.blocks}, slice_blocks={layout.slice_blocks}: there are at least two blocks, and no "
            "more in a slice than in the whole"
        )
    for name, bins in (("bins", layout.bins), ("block_bins", layout.block_bins)):
        if bins < OCTAVES or bins & (bins - 1):
            raise InvalidOperationError(f"{name}={bins}: give a power of two, {OCTAVES} or more")
    if layout.bins < 2 * layout.block_bins:
        raise InvalidOperationError(
            f"bins={layout.bins} is less than twice block_bins={layout.block_bins}: coarse bins are made of fine ones"
        )
    if not layout.scale > 0:
        raise InvalidOperationError(f"scale={layout.scale!r}: a typical distance is above 0")
