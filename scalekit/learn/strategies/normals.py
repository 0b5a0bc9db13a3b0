"""Mixtures of normal distributions: their densities, and the sums of rows of which the next one is made."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.strategies.nearest import nearest, row_blocks

EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Normals:
    """A mixture: weights, means, covariances, and Cholesky factors of their inverses, as ``kind`` shapes them."""

    kind: str
    weights: Array
    means: Array
    covariances: Array | None
    factors: Array

    def log_densities(self, x: Array) -> Array:
        """The weighted logarithms of the densities of the components at some rows."""
        width = x.shape[1]
        found = np.empty((len(x), len(self.means)))
        for k, mean in enumerate(self.means):
            factor = self.factors if self.kind == "tied" else self.factors[k]
            off = x - mean
            spread = off @ factor if factor.ndim == 2 else off * factor
            size = np.log(np.diag(factor)) if factor.ndim == 2 else np.log(factor)
            volume = width * size if self.kind == "spherical" else size.sum()
            found[:, k] = -0.5 * (width * math.log(2 * math.pi) + (spread**2).sum(axis=1)) + volume
        return found + np.log(self.weights)


Sums = tuple[Array, Array, Array]
"""Of each component: shares of rows, of deviations from a middle, and of their products."""


def expected(batch: Batch, mixture: Normals) -> tuple[float, Sums]:
    """The log likelihood of some rows, and the sums of which the next mixture is made, around the means of this one."""
    likelihood, sums = 0.0, no_sums(mixture.kind, mixture.means)
    for x, _ in row_blocks(batch, 4 * len(mixture.means)):
        logs = mixture.log_densities(x)
        top = logs.max(axis=1)
        shares = np.exp(logs - top[:, np.newaxis])
        total = shares.sum(axis=1)
        likelihood += float((np.log(total) + top).sum())
        shares /= total[:, np.newaxis]
        _add(sums, mixture.kind, x, shares, mixture.means)
    return likelihood, sums


def hard_sums(batch: Batch, centers: Array, kind: str) -> Sums:
    """The sums where each row belongs to the nearest centre."""
    sums = no_sums(kind, centers)
    for x, _ in row_blocks(batch, 4 * len(centers)):
        shares = np.zeros((len(x), len(centers)))
        shares[np.arange(len(x)), nearest(x, centers)] = 1.0
        _add(sums, kind, x, shares, centers)
    return sums


def random_sums(batch: Batch, count: int, kind: str, columns: tuple[str, ...], seed: int) -> Sums:
    """The sums where rows belong to components by chance, which their hashes stand for."""
    x = batch.matrix
    shares = np.stack([batch.hash(columns, f"{seed}-{k}") / 2.0**64 for k in range(count)], axis=1)
    shares /= shares.sum(axis=1, keepdims=True)
    middles = np.zeros((count, x.shape[1]))
    sums = no_sums(kind, middles)
    start = 0
    for block, _ in row_blocks(batch, 4 * count):
        _add(sums, kind, block, shares[start : start + len(block)], middles)
        start += len(block)
    return sums


def no_sums(kind: str, means: Array) -> Sums:
    """The sums of no rows."""
    count, width = means.shape
    shape = {"full": (count, width, width), "tied": (width, width)}.get(kind, (count, width))
    return np.zeros(count), np.zeros((count, width)), np.zeros(shape)


def _add(sums: Sums, kind: str, x: Array, shares: Array, middles: Array) -> None:
    weights, first, second = sums
    weights += shares.sum(axis=0)
    for k, middle in enumerate(middles):
        off = x - middle
        share = shares[:, k]
        first[k] += share @ off
        if kind in ("diag", "spherical"):
            second[k] += share @ off**2
        else:
            scaled = off * np.sqrt(share)[:, np.newaxis]
            (second if kind == "tied" else second[k])[...] += scaled.T @ scaled


def maximised(sums: Sums, middles: Array, kind: str, ridge: float) -> Normals:
    """The mixture that makes the shares most likely."""
    shares, first, second = sums
    weights = shares + 10 * EPS  # as scikit-learn does, for components of no row
    step = first / weights[:, np.newaxis]
    if kind in ("diag", "spherical"):
        spread = second - shares[:, np.newaxis] * step**2
        covariances = spread / weights[:, np.newaxis] + ridge
        covariances = covariances.mean(axis=1) if kind == "spherical" else covariances
    else:
        products = (
            step[:, :, np.newaxis] * step[:, np.newaxis, :] * shares[:, np.newaxis, np.newaxis]
        )
        if kind == "tied":
            covariances = (second - products.sum(axis=0)) / weights.sum()
        else:
            covariances = (second - products) / weights[:, np.newaxis, np.newaxis]
        covariances = covariances + ridge * np.eye(first.shape[1])
    return Normals(kind, weights, middles + step, covariances, inverse_factors(covariances, kind))


def inverse_factors(covariances: Array, kind: str) -> Array:
    """Cholesky factors of the inverses."""
    if kind in ("diag", "spherical"):
        if (covariances <= 0).any():
            raise ValueError(_ILL_DEFINED)
        return np.asarray(1.0 / np.sqrt(covariances))
    if kind == "full":
        return np.stack([inverse_factors(covariance, "tied") for covariance in covariances])
    try:
        lower = np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError as error:
        raise ValueError(_ILL_DEFINED) from error
    return np.asarray(scipy.linalg.solve_triangular(lower, np.eye(len(lower)), lower=True).T)


_ILL_DEFINED = (
    "Fitting the mixture model failed because some components have ill-defined empirical covariance (for instance "
    "caused by singleton or collapsed samples). Try to decrease the number of components, increase reg_covar, or scale "
    "the input data."
)


def factors_of(precisions: Array, kind: str) -> Array:
    """Cholesky factors of precisions, upper triangles."""
    if kind in ("diag", "spherical"):
        return np.asarray(np.sqrt(precisions))
    if kind == "full":
        return np.stack([factors_of(one, "tied") for one in precisions])
    return np.asarray(np.linalg.cholesky(precisions[::-1, ::-1])[::-1, ::-1])
