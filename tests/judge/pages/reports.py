"""Reports and comparisons of few rows for tests of pages: real tallies, and figures whose intervals are made up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from scalekit.judge.comparison import Comparison
from scalekit.judge.decision import Condition, Decision
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.report import Finding, Report, Skill
from scalekit.judge.statistics import Layout, Tally, tally
from scalekit.judge.statistics.results import names_of

ROWS = 4000
RESULTS = {
    "model": pl.String, "metric": pl.String, "slice": pl.String, "level": pl.String, "value": pl.Float64,
    "low": pl.Float64, "high": pl.Float64, "n": pl.Int64, "events": pl.Int64, "bound_low": pl.Float64,
    "bound_high": pl.Float64, "method": pl.String,
}  # fmt: skip
FINDINGS = (
    Finding("SKL01", "same rows in train and test", "pass", 0.0, "no row is in both"),
    Finding("SKL05", "features like an id", "warn", 0.97, "customer has 97 % distinct values", "leave it out"),
    Finding("SKL08", "better than the baseline", "fail", -0.01, "skill -0.01", "look at the features"),
    Finding("SKL13", "converged", "n/a"),
)  # fmt: skip
PROVENANCE = {
    "protocol_id": "0123456789abcdef",
    "fingerprints": {"test": {"rows": ROWS, "xor": 1, "sum": 2}},
    "rows": {"train": 5 * ROWS, "test": ROWS},
    "backend": "polars",
    "features": ["age", "plan"],
    "versions": {"scalekit": "0.1.0", "polars": "2.1.0"},
    "git_commit": "0123abc",
    "seconds": 75.0,
    "at": "2026-11-23T23:00:00+00:00",
    "notes": ["few test rows: intervals are wide"],
}


def random() -> np.random.Generator:
    return np.random.default_rng(6)


def figures(
    models: tuple[str, ...], metrics: tuple[str, ...], slices: Mapping[str, tuple[str, ...]]
) -> pl.DataFrame:
    """A different value for each figure, so that no two texts are alike."""
    return pl.DataFrame(list(_figures(models, metrics, slices)), schema=RESULTS, orient="row")


def _figures(
    models: tuple[str, ...], metrics: tuple[str, ...], slices: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[Any, ...]]:
    levels = [(None, None), *((name, level) for name, known in slices.items() for level in known)]
    number = 0
    for model in models:
        for metric in metrics:
            for name, level in levels:
                number += 1
                value = 0.1 + 0.00137 * number
                n = ROWS if name is None else 100 + number
                yield (
                    model,
                    metric,
                    name,
                    level,
                    value,
                    value - 0.0123,
                    value + 0.0123,
                    n,
                    n // 5,
                    None,
                    None,
                    "jackknife",
                )


def report(
    task: str,
    counted: Tally,
    *,
    slices: Mapping[str, tuple[str, ...]] | None = None,
    **changes: Any,
) -> Report:
    layout = counted.layout
    quantiles = layout.quantiles
    names = tuple(one for name in layout.metrics for one in names_of(layout, layout.metric(name)))
    keywords = {"time": "day", "horizon": 7} if task == "forecast" else {}
    protocol = Protocol(
        task, "target", key=("id",), metrics=layout.metrics, quantiles=quantiles, **keywords
    )
    given: dict[str, Any] = {
        "name": layout.models[0],
        "protocol": protocol,
        "layout": layout,
        "tallies": {"test": counted},
        "results": figures(layout.models, names, slices or {}),
        "threshold": 0.31 if task == "binary" else None,
        "skill": Skill(0.2134, 0.1911, 0.2357),
        "findings": FINDINGS,
        "provenance": PROVENANCE,
    }
    return Report(**{**given, **changes})


def blocks() -> np.ndarray[Any, Any]:
    return np.arange(ROWS) % 200


def binary(
    models: tuple[str, ...] = ("boosted", "linear", "dummy"),
    classes: tuple[Any, ...] = ("no", "yes"),
    **changes: Any,
) -> Report:
    source = random()
    signal = source.normal(size=ROWS)
    p = 1 / (1 + np.exp(-(1.5 * signal - 1.5)))
    y = (source.random(ROWS) < p).astype(int)
    noisy = [
        1 / (1 + np.exp(-(1.5 * signal - 1.5 + n * source.normal(size=ROWS))))
        for n in range(len(models) - 1)
    ]
    outputs = dict(zip(models, [*noisy, np.full(ROWS, y.mean())], strict=True))
    return report(
        "binary", tally(Layout("binary", models, classes=classes), y, outputs, blocks()), **changes
    )


def multiclass(count: int = 4, **changes: Any) -> Report:
    source = random()
    y = source.integers(0, count, ROWS)
    scores = source.normal(size=(ROWS, count)) + 2 * np.eye(count)[y]
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    classes = tuple(f"class {n}" for n in range(count))
    layout = Layout("multiclass", ("boosted", "dummy"), classes=classes)
    counted = tally(layout, y, {"boosted": p, "dummy": np.full((ROWS, count), 1 / count)}, blocks())
    return report("multiclass", counted, **changes)


def regression(scale: float = 1.0, task: str = "regression", **changes: Any) -> Report:
    source = random()
    y = np.abs(source.normal(50, 15, size=ROWS)) * scale
    outputs = {
        "boosted": y + source.normal(0, 5, size=ROWS) * scale,
        "linear": y + source.normal(0, 9, size=ROWS) * scale,
        "dummy": np.full(ROWS, y.mean()),
    }
    layout = Layout(task, tuple(outputs), centre=50 * scale, scale=15 * scale)
    extra = {"scale": np.ones(ROWS)} if task == "forecast" else {}
    return report(task, tally(layout, y, outputs, blocks(), **extra), **changes)


def skewed(**changes: Any) -> Report:
    """A target of which few are far off."""
    source = random()
    signal = source.normal(size=ROWS)
    y = 100 * np.exp(1.2 * signal)
    outputs = {
        "boosted": y * np.exp(0.3 * source.normal(size=ROWS)),
        "dummy": np.full(ROWS, y.mean()),
    }
    layout = Layout("regression", tuple(outputs), centre=200.0, scale=128.0)
    return report("regression", tally(layout, y, outputs, blocks()), **changes)


def quantile(**changes: Any) -> Report:
    source = random()
    y = source.normal(size=ROWS)
    levels = (0.1, 0.5, 0.9)
    outputs = {
        "boosted": np.tile([-1.28, 0.0, 1.28], (ROWS, 1)),
        "dummy": np.tile([-2.0, 0.0, 2.0], (ROWS, 1)),
    }
    layout = Layout("quantile", tuple(outputs), quantiles=levels)
    return report("quantile", tally(layout, y, outputs, blocks()), **changes)


def extras() -> dict[str, Any]:
    """What is only there where it was asked for."""
    importance = pl.DataFrame(
        {"feature": [f"feature {n}" for n in range(40)], "importance": [0.04 - 0.001 * n for n in range(40)],
         "low": [0.03 - 0.001 * n for n in range(40)], "high": [0.05 - 0.001 * n for n in range(40)],
         "kind": ["permutation"] * 40}
    )  # fmt: skip
    curve = pl.DataFrame(
        {"share": [0.01, 0.1, 1.0], "rows": [200, 2000, 20_000], "metric": ["log_loss"] * 3,
         "value": [0.41, 0.33, 0.30], "low": [0.39, 0.31, 0.29], "high": [0.43, 0.35, 0.31]}
    )  # fmt: skip
    return {"importance": importance, "learning_curve": curve}


def comparison(names: tuple[str, ...] = ("production", "candidate"), **changes: Any) -> Comparison:
    judged = binary((*names, "dummy"))
    reference, *others = names
    slices = {"region": ("north", "south")}
    results = figures(names, judged.layout.metrics, slices)
    given: dict[str, Any] = {
        "names": names, "reference": reference, "protocol": judged.protocol, "layout": judged.layout,
        "tally": judged.tallies["test"], "results": results, "differences": _differences(results, reference),
        "best": (others[0],),
        "disagreement": pl.DataFrame(
            {"model": others, "reference": reference, "both_right": 3100, "only_reference": 210, "only_model": 340,
             "both_wrong": 350, "p": 1e-7, "correlation": 0.93, "psi": 0.021}
        ),
        "models": pl.DataFrame(
            {"model": list(names), "features": [[f"f{n}"] for n in range(len(names))], "added": [["new"]] * len(names),
             "removed": [[]] * len(names), "microseconds": 1.25, "bytes": 12_345},
            schema_overrides={"removed": pl.List(pl.String)},
        ),
        "findings": {name: FINDINGS for name in names},
        "decisions": {name: _decision(name, reference) for name in others},
        "provenance": PROVENANCE,
    }  # fmt: skip
    return Comparison(**{**given, **changes})


def _decision(name: str, reference: str) -> Decision:
    reasons = (
        Condition(
            "skill", True, "skill is not lower: its change is at least -0.002", -0.002, -0.01
        ),
        Condition(
            "guard roc_auc",
            False,
            "roc_auc may fall by 0.011, and 0.005 are tolerated",
            -0.011,
            -0.005,
        ),
    )
    return Decision(False, name, reference, reasons)


def _differences(results: pl.DataFrame, reference: str) -> pl.DataFrame:
    rows = []
    for number, one in enumerate(
        results.filter(pl.col("model") != reference).iter_rows(named=True)
    ):
        value = -0.02 + 0.0011 * number
        verdict = "worse" if value > 0.005 else "better" if value < -0.005 else "tied"
        rows.append(
            {"model": one["model"], "reference": reference, "metric": one["metric"], "slice": one["slice"],
             "level": one["level"], "value": value, "low": value - 0.005, "high": value + 0.005, "p": 0.031,
             "p_adjusted": 0.062, "direction": "down", "verdict": verdict, "guard": None}
        )  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"guard": pl.Float64})
