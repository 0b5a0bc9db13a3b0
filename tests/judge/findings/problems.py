"""Problems to judge: clean ones, and the same with one fault planted in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import scalekit as sk
from scalekit.judge.evaluate import evaluate
from scalekit.judge.report import Report

FEATURES = ["a", "b", "c", "d"]


@dataclass(frozen=True)
class Problem:
    """Rows, a model to fit on the training rows, and how it is judged."""

    rows: pl.DataFrame
    model: Any
    protocol: Mapping[str, Any] = field(default_factory=dict)
    features: list[str] = field(default_factory=lambda: list(FEATURES))
    train: pl.DataFrame | None = None

    def report(self, **settings: Any) -> Report:
        """Fit the model where there are training rows, and judge it."""
        frame = sk.from_polars(self.rows)
        protocol = {"target": "y", **self.protocol}
        train = self.train
        if train is None:
            keys = {k: v for k, v in protocol.items() if k in ("key", "group", "time")}
            train = sk.split(frame, **keys).train.collect()
        model = self.model
        if hasattr(model, "fit"):
            y = train["y"].to_numpy()
            model = model.fit(train.select(self.features).to_pandas(), y)
        given = {} if self.train is None else {"train": sk.from_polars(self.train)}
        with sk.config(**{"track": False, **settings}):
            return evaluate(model, frame, features=self.features, **protocol, **given)


def normal(seed: int, height: int) -> tuple[np.random.Generator, np.ndarray]:
    random = np.random.default_rng(seed)
    return random, random.normal(size=(height, len(FEATURES)))


def table(x: np.ndarray, **more: Any) -> pl.DataFrame:
    columns = {name: x[:, place] for place, name in enumerate(FEATURES)}
    return pl.DataFrame({"id": np.arange(len(x)), **columns, **more})


def risk(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(1.2 * x[:, 0] - 0.8 * x[:, 1] + 0.4 * x[:, 2])))


def binary(seed: int, height: int = 5000, **more: Any) -> pl.DataFrame:
    random, x = normal(seed, height)
    y = random.random(height) < risk(x)
    region = random.choice(["north", "south", "west"], height)
    return table(x, y=y, region=region, **more)


def logistic() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression())


# twenty problems with nothing wrong


def clean_binary(seed: int) -> Problem:
    return Problem(binary(seed), logistic(), {"key": "id", "slices": ["region"]})


def clean_coarse(seed: int) -> Problem:
    """Features of few values: rows are equal by chance, and that is no leak."""
    random = np.random.default_rng(seed)
    x = random.integers(0, 3, size=(5000, 4)).astype(float)
    return Problem(table(x, y=random.random(5000) < risk(x - 1)), logistic(), {"key": "id"})


def clean_groups(seed: int) -> Problem:
    rows = binary(seed).with_columns(customer=pl.col("id") // 5)
    return Problem(rows, logistic(), {"key": "id", "group": "customer", "slices": ["region"]})


def clean_time(seed: int) -> Problem:
    days = pl.Series([date(2024, 1, 1) + timedelta(days=i // 20) for i in range(5000)])
    return Problem(binary(seed, day=days), logistic(), {"time": "day", "key": "id"})


def clean_classes(seed: int) -> Problem:
    random, x = normal(seed, 5000)
    scores = np.column_stack([x[:, 0], x[:, 1], x[:, 2]]) + random.gumbel(size=(5000, 3))
    return Problem(
        table(x, y=np.array(["p", "q", "r"])[scores.argmax(axis=1)]), logistic(), {"key": "id"}
    )


def clean_numbers(seed: int) -> Problem:
    random, x = normal(seed, 5000)
    y = 2 * x[:, 0] - x[:, 1] + random.normal(size=5000)
    kind = random.choice(["u", "v"], 5000)
    return Problem(
        table(x, y=y, kind=kind), Ridge(), {"key": "id", "slices": ["kind"], "task": "regression"}
    )


def clean_counts(seed: int) -> Problem:
    random, x = normal(seed, 5000)
    y = random.poisson(np.exp(0.5 + 0.4 * x[:, 0] - 0.3 * x[:, 1]))
    return Problem(
        table(x, y=y),
        make_pipeline(StandardScaler(), PoissonRegressor(alpha=0)),
        {"key": "id", "task": "count"},
    )


KINDS: tuple[Callable[[int], Problem], ...] = (
    clean_binary, clean_coarse, clean_groups, clean_time, clean_classes, clean_numbers, clean_counts,
)  # fmt: skip
CLEAN = {f"{kind.__name__}-{seed}": kind(seed) for seed in range(3) for kind in KINDS}
CLEAN.pop("clean_counts-2")
"""Twenty of them."""


# one fault in each


@dataclass(frozen=True)
class Fault:
    """A problem with a fault, the check that should find it, how bad it should say that is, and what else follows."""

    code: str
    status: str
    problem: Problem
    follows: tuple[str, ...] = ()


class Extreme(ClassifierMixin, BaseEstimator):
    """Probabilities that are far too sure."""

    classes_ = np.array([False, True])

    def predict_proba(self, rows: Any) -> np.ndarray:
        p = risk(np.asarray(rows, float))
        odds = (p / (1 - p)) ** 2.5
        return np.column_stack([1 / (1 + odds), odds / (1 + odds)])


class Gaps(ClassifierMixin, BaseEstimator):
    """No answer for some rows."""

    classes_ = np.array([False, True])

    def predict_proba(self, rows: Any) -> np.ndarray:
        p = risk(np.asarray(rows, float))
        p[p > 0.9] = np.nan
        return np.column_stack([1 - p, p])


def halves(rows: pl.DataFrame, by: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    return rows.filter(by), rows.filter(~by)


def duplicated_rows() -> Problem:
    rows = binary(1)
    copies = rows.sample(600, seed=1).with_columns(id=pl.col("id") + 10_000)
    return Problem(pl.concat([rows, copies]), logistic(), {"key": "id"})


def groups_in_both() -> Problem:
    rows = binary(2).with_columns(customer=pl.col("id") // 5)
    train, test = halves(rows, pl.col("id") % 2 == 0)
    return Problem(test, logistic(), {"group": "customer"}, train=train)


def later_training_rows() -> Problem:
    days = pl.Series([date(2024, 1, 1) + timedelta(days=i // 20) for i in range(5000)])
    train, test = halves(binary(3, day=days), pl.col("id") % 2 == 0)
    return Problem(test, logistic(), {"time": "day"}, train=train)


def golden_feature() -> Problem:
    rows = binary(4)
    noise = np.random.default_rng(4).normal(size=rows.height)
    known_late = rows.with_columns(d=pl.col("y").cast(pl.Float64) * 4 + pl.Series(noise) * 1.2)
    return Problem(known_late, logistic(), {"key": "id"})


def the_target_as_a_feature() -> Problem:
    rows = binary(5)
    return Problem(rows.with_columns(d=pl.col("y").cast(pl.Float64)), logistic(), {"key": "id"})


def identifier() -> Problem:
    return Problem(binary(6), logistic(), {"key": "id"}, features=[*FEATURES, "id"])


def scaled_before() -> Problem:
    rows = binary(7).with_columns(pl.col(*FEATURES) * 3 + 5)
    scaled = StandardScaler().fit_transform(rows.select(FEATURES).to_numpy())
    rows = rows.with_columns(pl.Series(name, scaled[:, i]) for i, name in enumerate(FEATURES))
    return Problem(rows, LogisticRegression(), {"key": "id"})


def learned_by_heart() -> Problem:
    return Problem(
        binary(8), DecisionTreeClassifier(min_samples_leaf=4, random_state=0), {"key": "id"}
    )


def nothing_to_learn() -> Problem:
    random, x = normal(9, 5000)
    return Problem(table(x, y=random.random(5000) < 0.4), logistic(), {"key": "id"})


def unseen_drift() -> Problem:
    days = pl.Series([date(2024, 1, 1) + timedelta(days=i // 20) for i in range(5000)])
    shifted = pl.when(pl.col("id") > 4200).then(pl.col("d") + 2).otherwise("d")
    return Problem(
        binary(10, day=days).with_columns(d=shifted), logistic(), {"time": "day", "key": "id"}
    )


def unseen_category() -> Problem:
    rows = binary(
        11, day=pl.Series([date(2024, 1, 1) + timedelta(days=i // 20) for i in range(5000)])
    )
    late = (pl.col("id") > 4200) & (pl.col("id") % 20 == 0)
    rows = rows.with_columns(kind=pl.when(late).then(pl.lit("z")).otherwise("region"))
    return Problem(rows, Columns(), {"time": "day", "key": "id"}, features=[*FEATURES, "kind"])


def missing_later() -> Problem:
    rows = binary(
        12, day=pl.Series([date(2024, 1, 1) + timedelta(days=i // 20) for i in range(5000)])
    )
    late = (pl.col("id") > 4200) & (pl.col("id") % 4 == 0)
    return Problem(
        rows.with_columns(d=pl.when(late).then(None).otherwise("d")),
        Columns(),
        {"time": "day", "key": "id"},
    )


class Columns(ClassifierMixin, BaseEstimator):
    """The risk itself, of the first three columns."""

    classes_ = np.array([False, True])

    def predict_proba(self, rows: Any) -> np.ndarray:
        p = risk(np.asarray(rows[FEATURES[:3]], float))
        return np.column_stack([1 - p, p])


def imbalanced_slice() -> Problem:
    rows = binary(13, 12_000)
    is_rare = (pl.col("region") == "west") & pl.col("y") & (pl.col("id") % 20 != 0)
    return Problem(rows.filter(~is_rare), logistic(), {"key": "id", "slices": ["region"]})


def few_events() -> Problem:
    rows = binary(14, 9000)
    return Problem(rows.filter(~pl.col("y") | (pl.col("id") % 60 == 0)), logistic(), {"key": "id"})


def too_sure() -> Problem:
    return Problem(binary(15), Extreme(), {"key": "id"})


def bad_slice() -> Problem:
    rows = binary(16, 8000)
    other = np.random.default_rng(16).random(rows.height) < 0.5
    rows = rows.with_columns(
        y=pl.when(pl.col("region") == "west").then(pl.Series(other)).otherwise("y")
    )
    return Problem(rows, logistic(), {"key": "id", "slices": ["region"]})


def not_converged() -> Problem:
    rows = binary(17).with_columns(pl.col("a") * 1000, pl.col("b") * 0.001)
    return Problem(rows, LogisticRegression(max_iter=3), {"key": "id"})


def constant() -> Problem:
    return Problem(binary(18), DummyClassifier(), {"key": "id"})


def no_answers() -> Problem:
    return Problem(binary(19), Gaps(), {"key": "id"})


FAULTS: dict[str, Fault] = {
    "duplicate rows": Fault("SKL01", "fail", duplicated_rows()),
    "groups in train and test": Fault("SKL02", "fail", groups_in_both()),
    "training rows after test rows": Fault("SKL03", "fail", later_training_rows()),
    "a golden feature": Fault("SKL04", "warn", golden_feature()),
    "the target as a feature": Fault("SKL04", "fail", the_target_as_a_feature(), ("SKL11",)),
    "an identifier": Fault("SKL05", "warn", identifier()),
    "scaled before the split": Fault("SKL06", "fail", scaled_before()),
    "learned by heart": Fault("SKL07", "fail", learned_by_heart(), ("SKL08", "SKL11")),
    "nothing to learn": Fault("SKL08", "fail", nothing_to_learn(), ("SKL11",)),
    "drift that training did not see": Fault("SKL09", "fail", unseen_drift(), ("SKL11",)),
    "a category that training did not see": Fault("SKL09", "warn", unseen_category()),
    "values that are missing later": Fault("SKL09", "warn", missing_later()),
    "an imbalanced slice": Fault("SKL10", "warn", imbalanced_slice(), ("SKL11", "SKL12")),
    "few events": Fault("SKL10", "warn", few_events(), ("SKL08", "SKL11")),
    "a miscalibrated model": Fault("SKL11", "fail", too_sure(), ("SKL08",)),
    "a slice without skill": Fault("SKL12", "fail", bad_slice(), ("SKL11",)),
    "a fit that did not converge": Fault("SKL13", "warn", not_converged(), ("SKL08", "SKL11")),
    "a constant model": Fault("SKL16", "fail", constant(), ("SKL08",)),
    "rows without an answer": Fault("SKL16", "fail", no_answers(), ("SKL08",)),
}
"""By what is wrong."""
