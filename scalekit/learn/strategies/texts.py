"""Vectorizers of text, from how many documents have each term."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from scipy import sparse

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.moments import added
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.scores import checked_matrix
from scalekit.learn.strategies.strategy import Strategy


@dataclass
class Terms:
    """Terms in the order in which documents first have them.

    Attributes
    ----------
    documents
        The number of documents.
    having
        How many of them have a term.
    times
        How often it comes in all of them; empty where nobody asks.
    example
        A document that has a term, or None.
    """

    documents: int
    having: Counter[str]
    times: Counter[str]
    example: Any = None


def count_vectorizer(estimator: Any, data: Data) -> Steps:
    """The genuine fit on one document, into which the vocabulary is put."""
    if estimator.vocabulary is not None:
        return estimator.fit(data.example)
    found = yield from _terms(estimator, data)
    _fit_on_one(estimator, found)
    estimator.vocabulary_ = _vocabulary(estimator, found)
    return estimator


def tfidf_vectorizer(estimator: Any, data: Data) -> Steps:
    """The same, and what follows from how many documents have each term."""
    if estimator.vocabulary is not None and not estimator.use_idf:
        return estimator.fit(data.example)
    found = yield from _terms(estimator, data)
    if estimator.vocabulary is None:
        _fit_on_one(estimator, found)
        estimator.vocabulary_ = _vocabulary(estimator, found)
    else:
        estimator.fit(data.example)
    terms = sorted(estimator.vocabulary_, key=estimator.vocabulary_.__getitem__)
    having = np.array([found.having[term] for term in terms])
    once = sparse.csr_matrix(np.ones((1, len(terms)), dtype=estimator.dtype))
    estimator._tfidf.fit(once)  # the inner transformer's own fit, of a document that has all terms
    if estimator.use_idf:
        estimator.idf_ = _idf(estimator, having, found.documents, estimator._tfidf.idf_.dtype)
    return estimator


def _terms(estimator: Any, data: Data) -> Steps:
    found: Terms = yield data.ask(count_terms, joined_terms, estimator, what="terms")
    return found


def count_terms(batch: Batch, estimator: Any) -> Terms:
    """The terms of some documents."""
    analyze = estimator.build_analyzer()
    found = Terms(batch.height, Counter(), Counter())
    for document in batch.X:
        terms = list(analyze(document))
        found.having.update(dict.fromkeys(terms).keys())
        if estimator.max_features is not None:
            found.times.update(terms)
        if found.example is None and terms:
            found.example = document
    return found


def joined_terms(left: Terms, right: Terms) -> Terms:
    """Those of all documents; the left ones are added to."""
    left.documents += right.documents
    left.having.update(right.having)
    left.times.update(right.times)
    left.example = right.example if left.example is None else left.example
    return left


def _fit_on_one(estimator: Any, found: Terms) -> None:
    """Names and all that is private; limits of frequencies mean nothing for one document."""
    if found.example is None:
        raise ValueError("empty vocabulary; perhaps the documents only contain stop words")
    limits = {name: getattr(estimator, name) for name in ("min_df", "max_df", "max_features")}
    estimator.set_params(min_df=1, max_df=1.0, max_features=None).fit([found.example])
    estimator.set_params(**limits)


def _vocabulary(estimator: Any, found: Terms) -> dict[str, Any]:
    """The terms that are neither too rare nor too frequent, numbered by name, in the order of appearance."""
    names = sorted(found.having)
    having = np.array([found.having[name] for name in names])
    least, most = (_documents(limit, found) for limit in (estimator.min_df, estimator.max_df))
    if most < least:
        raise ValueError("max_df corresponds to < documents than min_df")
    kept = (having <= most) & (having >= least)
    if estimator.max_features is not None and kept.sum() > estimator.max_features:
        kept = _most_frequent(estimator, found, names, kept)
    if not kept.any():
        raise ValueError("After pruning, no terms remain. Try a lower min_df or a higher max_df.")
    number = dict(zip(np.array(names, dtype=object)[kept], range(int(kept.sum())), strict=True))
    return {name: number[name] for name in found.having if name in number}


def _documents(limit: Any, found: Terms) -> float:
    return float(limit) if isinstance(limit, Integral) else limit * found.documents


def _most_frequent(estimator: Any, found: Terms, names: list[str], kept: Array) -> Array:
    """The terms that come most often; of those that come equally often scikit-learn's sort takes some."""
    counts = found.having if estimator.binary else found.times
    times = np.array([counts[name] for name in names], dtype=estimator.dtype)
    chosen = np.zeros(len(names), dtype=bool)
    chosen[np.flatnonzero(kept)[(-times[kept]).argsort()[: estimator.max_features]]] = True
    return chosen


def _idf(estimator: Any, having: Array, documents: int, dtype: Any) -> Array:
    """The logarithm of the share of documents, turned upside down, by scikit-learn's rule."""
    smooth = int(estimator.smooth_idf)
    found = having.astype(dtype) + dtype.type(smooth)
    found = np.full_like(found, documents + smooth) / found
    return np.asarray(np.log(found) + dtype.type(1.0))


def tfidf_transformer(estimator: Any, data: Data) -> Steps:
    """How many rows have each column."""
    if not estimator.use_idf:
        return estimator.fit(data.example)
    having: Array
    having, rows = yield data.ask(
        count_stored, added, type(estimator).__name__, what="documents with each term"
    )
    estimator.fit(data.example)
    estimator.idf_ = _idf(estimator, having, rows, estimator.idf_.dtype)
    return estimator


def count_stored(batch: Batch, who: str) -> tuple[Array, int]:
    """How many rows have a value in each column that is stored, or not zero."""
    x = checked_matrix(batch, who)
    if hasattr(x, "indices"):
        return np.bincount(x.indices, minlength=x.shape[1]), x.shape[0]
    return np.count_nonzero(x, axis=0), len(x)


def dict_vectorizer(estimator: Any, data: Data) -> Steps:
    """The names of features that rows have."""
    names: list[str] = yield data.ask(name_features, joined_names, estimator, what="features")
    return estimator.fit([dict.fromkeys(names, 1.0)])


def name_features(batch: Batch, estimator: Any) -> list[str]:
    """Those of some rows, in the order of the estimator."""
    return list(estimator.fit(list(batch.X)).feature_names_)


def joined_names(left: Iterable[str], right: Iterable[str]) -> list[str]:
    """Those of all rows, in the order in which they come."""
    return list(dict.fromkeys([*left, *right]))


STRATEGIES: Mapping[str, Strategy] = {
    "CountVectorizer": Strategy("statistics", "exact", "1", count_vectorizer),
    "DictVectorizer": Strategy("statistics", "exact", "1", dict_vectorizer),
    "TfidfTransformer": Strategy("statistics", "exact", "1", tfidf_transformer),
    "TfidfVectorizer": Strategy("statistics", "exact", "1", tfidf_vectorizer),
}
