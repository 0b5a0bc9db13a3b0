"""Judge one model on rows that it was not fitted on, in one pass, against baselines, with an interval on every figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import polars as pl

from scalekit.checks.report import DataReport
from scalekit.errors import RunNotFoundError
from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.judge.entries import entry_of
from scalekit.judge.exact import refined
from scalekit.judge.examining import examined, wanted_of
from scalekit.judge.importance import permutation_importance
from scalekit.judge.judged import Judged
from scalekit.judge.judging import (
    Ground,
    best_naive,
    dummy,
    is_forecast,
    judge,
    judged_model,
    linear,
    naive_baselines,
)
from scalekit.judge.learning_curve import learning_curve_of, shares_of
from scalekit.judge.preparing import Prepared, one_model, prepare
from scalekit.judge.protocol.inferred import protocol_of
from scalekit.judge.recorded import recorded
from scalekit.judge.report import LINEAR, PRODUCTION, Report
from scalekit.judge.reporting import checks_of, reported, timed
from scalekit.learn.arguments import check_frame
from scalekit.tracking.keeping import untracked


@folded
def evaluate(
    model: Any,
    frame: Frame,
    protocol: Any = None,
    *,
    train: Frame | None = None,
    valid: Frame | None = None,
    name: str | None = None,
    features: Any = None,
    reference: Any = None,
    data_checks: Any = None,
    exact: bool = False,
    importance: bool = False,
    learning_curve: bool | Sequence[float] = False,
    **keywords: Any,
) -> Report:
    """Judge a model by a protocol: figures with intervals, against baselines, of the whole and of slices.

    Each row of the frame is a train, valid or test row by the protocol's split. One pass over the parts of the rows,
    wherever they are, asks the model and its baselines about all of them, and brings back counts and sums by block:
    the report is made of these. The threshold of a binary model is chosen on the valid rows, and every figure is of the
    test rows.

    Parameters
    ----------
    model
        A fitted model: from :func:`scalekit.fit`, or any object with ``predict_proba`` (for classes) or ``predict``; for
        quantiles also a mapping from each to a model. An estimator that is not fitted is fitted with
        :func:`scalekit.fit` on the protocol's train rows; where the test rows are fewer than 10,000, or than 300 of
        the rarest class, or there are no train rows, it is cross-validated instead. ``{"name": model}`` gives it a name.
    frame
        All rows, which the protocol splits; or the test rows, where the protocol has no key, group or time, or
        ``train=`` or ``valid=`` are given.
    protocol
        A :class:`scalekit.Protocol`, or the path of its file; over it, or instead of it, its keys as ``keywords``.
    train, valid
        Rows that the model was fitted on, and rows to choose the threshold on, where the protocol does not split.
    name
        What the model is called in the report; its class by default.
    features
        Names or selectors of the columns that the model reads, where it does not say: by default all but the
        target, the weights and the protocol's key, group, time and series.
    reference
        What to hold it against as ``"production"``: a fitted model, a run, or ``"models:/churn@production"``. By default,
        where ``"production"`` is among the protocol's baselines, the registered model of the protocol's name.
    data_checks
        Rules for the rows, as for :func:`scalekit.check`.
    exact
        Whether further passes over the test rows, mostly one, bring ROC AUC and average precision, and those of each class,
        within 1e-6 of what the rows give (and KS and lift as near), rather than within bounds. Figures of slices stay.
    importance
        Whether to shuffle each feature among the test rows, 50,000 of them at most, and say how much that costs.
    learning_curve
        Whether to fit the estimator on nested samples of the training rows too (1 %, 3 %, 10 %, 30 %, 100 %), or their
        shares, and judge each on the same test rows: what more rows are worth.
    keywords
        Keys of the protocol, such as ``target="late"``, ``key="id"``.

    Returns
    -------
    Report
        ``report.frame()`` has the figures, ``report.to_html("report.html")`` a page.

    Raises
    ------
    ColumnNotFoundError
        Where the model or the protocol names columns that are not there.
    InvalidOperationError
        Where the model cannot be asked, the target is null somewhere, labels do not go together, or there are no
        test rows.
    ComputeError
        Where the model fails on some rows; it names the model.

    Notes
    -----
    Intervals are of the test rows that happened to be drawn, not of the training's randomness. A model that gives no
    valid prediction for a row (NaN, or no probability) has no figures, and the report says for how many rows.

    Examples
    --------
    >>> import scalekit as sk
    >>> from sklearn.linear_model import LogisticRegression
    >>> frame = sk.from_dict({"id": list(range(600)), "x": [i % 7 for i in range(600)]})
    >>> frame = frame.with_columns(late=sk.col("x") > 2)
    >>> report = sk.evaluate(LogisticRegression(), frame, target="late", key="id")
    >>> report.value("roc_auc") > 0.99, report.skill.low > 0.5
    (True, True)
    """
    began = perf_counter()
    check_frame(frame, "evaluate")
    named = one_model(model, name)
    found = protocol_of(frame, protocol, **keywords)
    shares = shares_of(learning_curve)
    with untracked():  # fits of baselines and folds are steps of this one
        prepared = prepare(named, frame, found, train=train, valid=valid, features=features)
        report = _report(prepared, reference, checks_of(frame, data_checks), exact=exact)
        if importance:
            report = replace(report, importance=_importance(prepared))
        if shares:
            report = replace(report, learning_curve=_learning_curve(prepared, shares))
    seconds = perf_counter() - began
    return recorded(timed(report, seconds), seconds)


def _report(
    prepared: Prepared, reference: Any, checks: DataReport | None, *, exact: bool
) -> Report:
    """The pass, and what is made of its tallies."""
    ((name, model),) = prepared.models.items()
    judged = judged_model(name, model, prepared.ground)
    baselines, notes = _baselines(prepared.ground, judged, reference)
    judgement = judge(prepared.ground, [judged, *baselines], wanted_of(prepared.ground, [judged]))
    report = reported(prepared, judgement, name, notes, checks=checks)
    if exact:
        report = refined(report, prepared.ground, judgement.models)
    return examined(report, prepared, judgement)


def _importance(prepared: Prepared) -> pl.DataFrame:
    ((name, model),) = prepared.models.items()
    return permutation_importance(prepared.ground, judged_model(name, model, prepared.ground))


def _learning_curve(prepared: Prepared, shares: Sequence[float]) -> pl.DataFrame:
    ((name, model),) = prepared.final.items()
    inputs = judged_model(name, model, prepared.ground).inputs
    return learning_curve_of(prepared.ground, model, inputs, shares)


def _baselines(
    ground: Ground, judged: Judged, reference: Any
) -> tuple[list[Judged], tuple[str, ...]]:
    """What the model is held against, and why something of that is missing."""
    found, notes = [dummy(ground), *naive_baselines(ground)], []
    if is_forecast(ground):
        notes.append(f"the dummy is the {best_naive(ground.protocol).replace('_', ' ')} forecast")
    elif not ground.has_train:
        notes.append(
            "the dummy is the best constant of the test rows themselves: there are no training rows"
        )
    if LINEAR in (ground.protocol.baselines or ()):
        baseline, why = linear(ground, judged.inputs)
        found += [] if baseline is None else [baseline]
        notes += [why] if why else []
    production, why = _production(ground, reference)
    found += [] if production is None else [production]
    notes += [why] if why else []
    return found, tuple(notes)


def _production(ground: Ground, reference: Any) -> tuple[Judged | None, str]:
    """The model in production, or why there is none; no reason where nobody asked for it."""
    protocol = ground.protocol
    if reference is None:
        if PRODUCTION not in (protocol.baselines or ()):
            return None, ""
        if not protocol.name:
            return (
                None,
                "no model in production: the protocol has no name= by which it is registered",
            )
        reference = f"models:/{protocol.name}@{PRODUCTION}"
        try:
            return judged_model(PRODUCTION, entry_of(PRODUCTION, reference).model(), ground), ""
        except RunNotFoundError:
            return None, f"no model in production: {reference} is not registered"
    return judged_model(PRODUCTION, entry_of(PRODUCTION, reference).model(), ground), ""
