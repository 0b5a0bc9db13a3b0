"""What the keys of a protocol mean together: defaults that follow from others, and what excludes what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scalekit.errors import ConfigError
from scalekit.judge.metrics import METRICS, default_metrics
from scalekit.judge.protocol import accepted
from scalekit.judge.protocol.tasks import default_baselines, default_primary, worsens

SLICE = "slice:"


def defaults(protocol: Any) -> dict[str, Any]:
    """The values of keys that were left to follow from others."""
    primary = protocol.primary or default_primary(protocol.task)
    metrics = protocol.metrics or default_metrics(protocol.task)
    split, ci = protocol.split, protocol.ci
    return {
        "primary": primary,
        "metrics": _with_primary(metrics, primary),
        "baselines": _baselines(protocol) if protocol.baselines is None else protocol.baselines,
        "split": split if split.kind else replace(split, kind=_kind(protocol)),
        "ci": ci if ci.unit else replace(ci, unit=_unit(protocol)),
    }


def undone_defaults(protocol: Any) -> dict[str, Any]:
    """The same keys, left open again where they have what followed from others: for a protocol that is changed."""
    primary = default_primary(protocol.task)
    metrics = _with_primary(default_metrics(protocol.task), protocol.primary)
    open_split = protocol.split.kind == _kind(protocol)
    open_unit = protocol.ci.unit == _unit(protocol)
    return {
        "primary": None if protocol.primary == primary else protocol.primary,
        "metrics": None if protocol.metrics == metrics else protocol.metrics,
        "baselines": None if protocol.baselines == _baselines(protocol) else protocol.baselines,
        "split": replace(protocol.split, kind=None) if open_split else protocol.split,
        "ci": replace(protocol.ci, unit=None) if open_unit else protocol.ci,
    }


def _kind(protocol: Any) -> str:
    if protocol.time is not None:
        return "time"
    return "hash" if protocol.key or protocol.group else "given"


def _unit(protocol: Any) -> str:
    return "group" if protocol.group else "row"


def _with_primary(metrics: tuple[str, ...], primary: str) -> tuple[str, ...]:
    return metrics if primary in metrics else (primary, *metrics)


def _baselines(protocol: Any) -> tuple[str, ...]:
    return default_baselines(protocol.task, protocol.season)


def check_protocol(protocol: Any) -> None:
    """Raise where values exclude each other.

    Raises
    ------
    ConfigError
        Naming the key, its value and the way out.
    """
    _check_columns(protocol)
    _check_split(protocol)
    _check_of_forecasts(protocol)
    _check_of_tasks(protocol)
    _check_metrics(protocol)
    _check_guards(protocol)


def _check_columns(protocol: Any) -> None:
    for key in ("key", "group", "series", "time", "weight"):
        value = getattr(protocol, key)
        if protocol.target in (value if isinstance(value, tuple) else (value,)):
            raise accepted.refused(
                key, value, f"{protocol.target!r} is the target, which models do not know"
            )
    if protocol.ci.unit == "group" and not protocol.group:
        raise accepted.refused(
            "ci.unit", "group", "the protocol names no group: give group=, or unit 'row'"
        )


def _check_split(protocol: Any) -> None:
    split = protocol.split
    if split.kind == "time" and protocol.time is None:
        raise accepted.refused(
            "split.kind", "time", "the protocol names no time: give time=, or another kind"
        )
    for key in ("gap", "valid_from", "test_from"):
        value = getattr(split, key)
        if value is not None and split.kind != "time":
            raise accepted.refused(
                f"split.{key}", value, f"has no meaning in a split of kind {split.kind!r}"
            )


def _check_of_forecasts(protocol: Any) -> None:
    if protocol.task == "forecast":
        for key, example in (("time", "'month'"), ("horizon", "12 periods")):
            if getattr(protocol, key) is None:
                raise ConfigError(
                    f"the key {key!r} is missing: a forecast has one, such as {example}"
                )
        if protocol.split.kind == "hash":
            wanted = "a forecast is judged on later rows than it learned from: 'time', or 'given'"
            raise accepted.refused("split.kind", "hash", wanted)
        if "seasonal_naive" in protocol.baselines and protocol.season is None:
            raise accepted.refused(
                "baselines", protocol.baselines, "'seasonal_naive' needs season="
            )
        return
    for key in ("season", "horizon", "series", "period"):
        if value := getattr(protocol, key):
            raise accepted.refused(
                key, value, f"only a forecast has one, and task={protocol.task!r}"
            )
    if others := {"last_value", "seasonal_naive"} & set(protocol.baselines):
        raise accepted.refused("baselines", min(others), "is a baseline of forecasts alone")


def _check_of_tasks(protocol: Any) -> None:
    if protocol.positive is not None and protocol.task != "binary":
        raise accepted.refused(
            "positive", protocol.positive, f"only task='binary' has one, and task={protocol.task!r}"
        )
    if protocol.quantiles and protocol.task != "quantile":
        raise accepted.refused(
            "quantiles", protocol.quantiles, f"task={protocol.task!r} has none; task='quantile' has"
        )
    if protocol.task == "quantile" and not protocol.quantiles:
        raise ConfigError(
            "the key 'quantiles' is missing: give those that models predict, such as [0.1, 0.5, 0.9]"
        )


def _check_metrics(protocol: Any) -> None:
    known = METRICS[protocol.task]
    accepted.one_of("primary", protocol.primary, known)
    for name in protocol.metrics:
        accepted.one_of("metrics", name, known)
    if known[protocol.primary].each is not None:
        wanted = "one value for each class or quantile: give a metric of a single value"
        raise accepted.refused("primary", protocol.primary, wanted)


def _check_guards(protocol: Any) -> None:
    sliced = [f"{SLICE}{name}" for name in protocol.slices]
    metrics = METRICS[protocol.task]
    for guard, change in protocol.guards.items():
        if not guard.startswith(SLICE):
            accepted.one_of("guards", guard, metrics)
            if not worsens(metrics[guard], change):
                wanted = f"{guard} is better {metrics[guard].direction}: what is tolerated is {-change:g}"
                raise accepted.refused(f"guards.{guard}", change, wanted)
        elif guard not in sliced:
            known = f"known: {', '.join(sliced)}" if sliced else "the protocol has no slices"
            raise accepted.refused(
                f"guards.{guard}", change, f"{accepted.nearest(guard, sliced)}{known}"
            )
