"""Decompositions and clusterings that learn batch by batch: their own ``partial_fit`` in the order of the frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gathered import Gathered, stack
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.sampling import sampled
from scalekit.learn.strategies.classes import check_numbers
from scalekit.learn.strategies.nearest import Fit, better_known, fitting
from scalekit.learn.strategies.rest import fit_on
from scalekit.learn.strategies.stochastic import ROWS, arguments, as_seen, kept_unless_sparse
from scalekit.learn.strategies.strategy import Strategy

SAMPLE = 20_000
"""Rows of the fit that a stream goes on from."""


@dataclass(frozen=True)
class Counted:
    """Rows, and the sum of all values of X."""

    rows: int
    total: float


def counted(batch: Batch, who: str) -> Counted:
    """That of some rows, which have to be finite."""
    check_numbers(batch, who)
    return Counted(batch.height, float(batch.values.sum()))


def counted_together(left: Counted, right: Counted) -> Counted:
    """That of the rows of both."""
    return Counted(left.rows + right.rows, left.total + right.total)


def incremental_pca(estimator: Any, data: Data) -> Steps:
    """The batches of a fit in memory."""
    size = estimator.batch_size or 5 * data.width
    batches = yield data.streamed(size, what="components")
    for x, _, _ in as_seen(_with_rest(batches, estimator.n_components or 0), data):
        estimator.partial_fit(x.toarray() if hasattr(x, "tocsr") else x)
    estimator.batch_size_ = size
    return estimator


def _with_rest(batches: Iterator[Batch], least: int) -> Iterator[Batch]:
    """Batches, of which the last is added to the one before where it has too few rows for the components."""
    held: Batch | None = None
    for batch in batches:
        if held is not None and batch.height < least:
            yield _joined(held, batch)
            return
        if held is not None:
            yield held
        held = batch
    if held is not None:
        yield held


def _joined(left: Batch, right: Batch) -> Batch:
    x = stack([left.X, right.X])
    return left.with_x(lambda: x)


def birch(estimator: Any, data: Data) -> Steps:
    """The tree of a fit in memory, row after row; its leaves are grouped at the end."""
    clusters = estimator.n_clusters
    estimator.set_params(n_clusters=None)
    batches = yield data.streamed(ROWS, what="subclusters")
    for x, _, _ in as_seen(batches, data):
        estimator.partial_fit(x)
    estimator.set_params(n_clusters=clusters)
    estimator.partial_fit(None)
    del estimator.labels_  # of the last batch
    return estimator


def online_lda(estimator: Any, data: Data) -> Steps:
    """The batches of a fit in memory, as often as ``max_iter`` says."""
    who = type(estimator).__name__
    known: Counted = yield data.ask(counted, counted_together, who, what="rows")
    total, size = estimator.total_samples, estimator.batch_size
    estimator.set_params(total_samples=known.rows)
    rows = size * max(1, ROWS // size)
    kept: Data = yield from kept_unless_sparse(data)
    for epoch in range(1, estimator.max_iter + 1):
        batches = yield kept.streamed(rows, what=f"topics, epoch {epoch}")
        for x, _, _ in as_seen(batches, data):
            estimator.partial_fit(x)
    estimator.set_params(total_samples=total)
    estimator.n_iter_ = estimator.max_iter
    batches = yield kept.streamed(rows, what="bound")
    estimator.bound_ = _perplexity(estimator, as_seen(batches, data), known.total)
    return estimator


def _perplexity(estimator: Any, batches: Iterator[tuple[Any, Any, Any]], words: float) -> float:
    """That of all rows: the bounds of batches are added, and what they say of the topics themselves counts once."""
    bound = topics = 0.0
    for x, _, _ in batches:
        here = estimator.score(x)
        topics = 2.0 * here - estimator.score(stack([x, x]))
        bound += here - topics
    return float(np.exp(-(bound + topics) / words))


def mini_batch_kmeans(estimator: Any, data: Data) -> Steps:
    """A fit on a sample, then all rows once in batches; inertia and labels are those of all rows."""
    rows: Data = yield from _after_sample(estimator, data)
    batches = yield rows.streamed(estimator.batch_size, what="centres")
    for x, _, weight in as_seen(batches, data):
        estimator.partial_fit(x, **arguments(estimator, None, weight))
    if hasattr(estimator, "_random_state"):
        del estimator._random_state  # a fit leaves none
    if estimator.compute_labels:
        centers = np.asarray(estimator.cluster_centers_, dtype=np.float64)
        fit: Fit = yield rows.ask(fitting, better_known, centers, data.local, what="inertia")
        estimator.inertia_ = type(estimator.inertia_)(fit.inertia.sum())
        if fit.labels:
            estimator.labels_ = np.concatenate(fit.labels)
        else:
            del estimator.labels_
    return estimator


def dictionary(estimator: Any, data: Data) -> Steps:
    """A fit on a sample, then all rows once in batches."""
    rows: Data = yield from _after_sample(estimator, data)
    batches = yield rows.streamed(estimator.batch_size, what="components")
    for x, _, _ in as_seen(batches, data):
        estimator.partial_fit(x)
    if not hasattr(estimator, "reconstruction_err_"):
        return estimator
    batches = yield rows.streamed(ROWS, what="error")
    squares = 0.0
    for x, _, _ in as_seen(batches, data):
        found = x.toarray() if hasattr(x, "tocsr") else np.asarray(x)
        squares += float(((found - estimator.transform(x) @ estimator.components_) ** 2).sum())
    estimator.reconstruction_err_ = type(estimator.reconstruction_err_)(np.sqrt(squares))
    return estimator


def _after_sample(estimator: Any, data: Data) -> Steps:
    """The rows for a stream, when the estimator has been fitted on a sample of them."""
    seed = estimator.random_state if isinstance(estimator.random_state, int) else 0
    sample: Gathered = yield from sampled(data, SAMPLE, seed, what="a sample for the first fit")
    fit_on(estimator, sample)
    return (yield from kept_unless_sparse(data))


def _refuses_lda(estimator: Any) -> str:
    if estimator.learning_method != "online":
        return "learning_method='batch' takes all rows at once: take learning_method='online'"
    if estimator.evaluate_every > 0:
        return "evaluate_every stops by the perplexity of all rows in memory: set it to 0"
    return ""


def _refuses_nmf(estimator: Any) -> str:
    if estimator.beta_loss not in ("frobenius", 2):
        return f"the error of beta_loss={estimator.beta_loss!r} is not known by passes: take 'frobenius'"
    return ""


_ON_SAMPLE = (
    f"a fit on {SAMPLE:,} rows that their hashes choose, then partial_fit on all rows once in the order of the frame: "
    "the same model on every backend"
)
_AS_IN_MEMORY = "the batches of a fit in memory, one after the other, here"

STRATEGIES: Mapping[str, Strategy] = {
    "Birch": Strategy(
        "streamed", "exact", "1", birch, note="row after row, here; labels_ is not set"
    ),
    "IncrementalPCA": Strategy(
        "streamed", "exact", "1", incremental_pca, note=f"{_AS_IN_MEMORY}; PCA is exact and faster"
    ),
    "LatentDirichletAllocation": Strategy(
        "streamed", "exact", "n_iter_ + 3", online_lda, refuses=_refuses_lda, note=_AS_IN_MEMORY
    ),
    "MiniBatchDictionaryLearning": Strategy(
        "streamed", "approximate", "3", dictionary, note=_ON_SAMPLE
    ),
    "MiniBatchKMeans": Strategy(
        "streamed", "approximate", "4", mini_batch_kmeans, note=f"{_ON_SAMPLE}; KMeans is better"
    ),
    "MiniBatchNMF": Strategy(
        "streamed", "approximate", "4", dictionary, refuses=_refuses_nmf, note=_ON_SAMPLE
    ),
}
