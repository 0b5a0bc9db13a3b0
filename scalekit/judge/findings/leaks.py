"""Leaks: what the model could know of the test rows before it saw them (SKL01 to SKL04, SKL06)."""

from __future__ import annotations

from math import sqrt
from typing import Any

import polars as pl

from scalekit.judge.findings.look import Look, Said, fine, not_applicable, raised
from scalekit.judge.findings.single_features import best_single_feature
from scalekit.judge.findings.summaries import GROUPS, MOMENTS, ROWS, TIMES
from scalekit.judge.judged import FOLD

TRAIN, TEST = 0, 2

FEW_TWINS, MANY_TWINS = 0.001, 0.01
"""Shares of the test rows that have a twin: from the first on a warning, from the second on a failure."""
VARIED = 0.1
"""A column has so many values, as a share of the different rows, that equal rows are copies rather than chance."""
GOLDEN, IS_THE_TARGET = 0.98, 0.9995
"""AUC or R2 of one feature alone: from the first on a warning, from the second on a failure."""
LEAST = 20
"""Rows of which the mean and the deviation say something."""
SCALED = 1e-6
"""How near to 0 and 1 the mean and the deviation of a column are that was standardized on these very rows."""


def twins(look: Look) -> Said:
    """SKL01: test rows whose features and target are those of a training row (or of a row of another fold).

    Rows of few, coarse features are equal by chance: a column that is nearly continuous, or a target that is, has to
    be among them. A share of rows is looked at where there are more than a hundred thousand.
    """
    found = look.found(ROWS)
    if found is None or not _has_pairs(found["twins"], look):
        return not_applicable("there are no training rows to compare with")
    sample: pl.DataFrame = found["sample"]
    if not _is_varied(sample, look):
        return not_applicable(
            "no column has enough values: rows of these features are equal by chance"
        )
    share, count = _shared(found["twins"], look)
    message = (
        f"{_percent(share)} of the test rows have the features and the target of a training row"
    )
    if share < FEW_TWINS:
        return fine(share, message)
    fix = (
        "drop duplicates before the split (frame.unique()), or split by what the copies have in common: group= in the "
        "protocol"
    )
    return raised(
        share, f"{message} ({count:,} of those that were compared)", fix, fails=share >= MANY_TWINS
    )


def groups(look: Look) -> Said:
    """SKL02: test rows whose group is among the training rows too."""
    if not look.protocol.group:
        return not_applicable("the protocol names no group")
    found = look.found(GROUPS)
    if found is None or not _has_pairs(found, look):
        return not_applicable("there are no training rows to compare with")
    names = ", ".join(look.protocol.group)
    share, _ = _shared(found, look)
    message = f"{_percent(share)} of the test rows are of a {names} that is among the training rows"
    if look.protocol.split.kind == "time":
        return fine(share, f"{message}; the split is by time, which a group may outlast")
    if not share:
        return fine(share, message)
    fix = f"split by {names}: sk.split(frame, group=...), or let the protocol split the frame instead of train="
    return raised(share, message, fix, fails=True)


def times(look: Look) -> Said:
    """SKL03: whether the last training row is later than the first test row."""
    name = look.protocol.time
    if name is None:
        return not_applicable("the protocol names no time")
    found = look.found(TIMES)
    ends = {} if found is None else {row["part"]: row for row in found.iter_rows(named=True)}
    if TRAIN not in ends or TEST not in ends:
        return not_applicable("there are no training rows with a time to compare with")
    last, first = ends[TRAIN]["last"], ends[TEST]["first"]
    if last < first:
        return fine(0.0, f"training ends at {last}, and the test begins at {first}")
    message = f"training rows reach to {name}={last}, and test rows begin at {first}"
    fix = "split by time: split={'kind': 'time'} in the protocol, with gap= for what is known late"
    return raised(1.0, message, fix, fails=look.protocol.split.kind != "hash")


def golden_features(look: Look) -> Said:
    """SKL04: how well the best single feature alone ranks or explains the target, on rows it was not fitted on."""
    found = look.found(ROWS)
    if found is None or look.layout.task == "quantile":
        return not_applicable("there are no rows, or no single prediction, to look at")
    best = best_single_feature(found["sample"], look)
    if best is None:
        return not_applicable("too few rows, or no feature with a value to look at")
    name, score = best
    what = "AUC" if look.layout.is_classification else "R2"
    message = f"{name} alone has {what} {score:.4f}, more than any other feature"
    if score < GOLDEN:
        return fine(score, message)
    fix = f"ask when {name} is known: if only with or after the target, leave it out of features="
    return raised(score, message, fix, fails=score >= IS_THE_TARGET)


def preprocessing(look: Look) -> Said:
    """SKL06: columns that were standardized on the rows of the frame, so that test rows took part in it.

    The mean of such a column is 0, and its deviation 1, to many more digits than chance gives.
    """
    found = look.found(MOMENTS)
    if found is None:
        return not_applicable("no feature is a float")
    own = {name: found[name] for name in look.evidence.features if name in found}
    of_all = sorted(name for name, roles in own.items() if _is_scaled(*roles.sum(axis=0)))
    of_train = sorted(name for name, roles in own.items() if _is_scaled(*roles[TRAIN]))
    if not of_all and not of_train:
        return fine(0.0, "no feature was standardized on these rows")
    names, rows = (
        (of_all, "all rows, those of the test among them")
        if of_all
        else (of_train, "the training rows")
    )
    message = f"{', '.join(names[:5])}{', ...' * (len(names) > 5)}: standardized on {rows}, before the model saw them"
    fix = "put the scaler into the model: make_pipeline(StandardScaler(), estimator), and give it the raw columns"
    return raised(float(len(names)), message, fix, fails=bool(of_all))


def _is_scaled(n: float, total: float, squares: float) -> bool:
    """Whether a mean is 0 and a deviation, with either divisor, is 1."""
    if n < LEAST or abs(total / n) >= SCALED:
        return False
    squared = max(squares - total * total / n, 0.0)
    return any(abs(sqrt(squared / rows) - 1) < SCALED for rows in (n, n - 1))


def _has_pairs(counted: pl.DataFrame, look: Look) -> bool:
    """Whether there are two parts to compare: train and test, or several folds."""
    parts = set(counted["part"].to_list())
    return len(parts) > 1 if is_folded(look) else {TRAIN, TEST} <= parts


def _shared(counted: pl.DataFrame, look: Look) -> tuple[float, int]:
    """The share of test rows whose hash is among the training rows, or of all rows whose hash is in another fold."""
    if is_folded(look):
        own = counted.with_columns(twin=pl.col("part").n_unique().over("hash") > 1)
    else:
        learned = counted.filter(pl.col("part") == TRAIN)["hash"]
        own = counted.filter(pl.col("part") == TEST).with_columns(
            twin=pl.col("hash").is_in(learned.implode())
        )
    count = int(own.filter("twin")["n"].sum())
    return count / max(1, int(own["n"].sum())), count


def is_folded(look: Look) -> bool:
    """Whether each row was predicted by a model that was fitted without its fold."""
    return FOLD in look.evidence.frame.columns


def _is_varied(sample: pl.DataFrame, look: Look) -> bool:
    """Whether a feature, or a target that is a number, is nearly continuous."""
    names = [name for name in look.evidence.features if name in sample.columns]
    if not look.layout.is_classification:
        names.append(look.protocol.target)
    rows = sample.select(*names)
    different = rows.unique().height
    return any(rows[name].n_unique() >= max(VARIED * different, 20) for name in rows.columns)


def _percent(share: Any) -> str:
    return f"{100 * share:.3g} %"
