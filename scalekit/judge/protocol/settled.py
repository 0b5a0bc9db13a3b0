"""The keys of a protocol: what each accepts, and the form that it is brought into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from scalekit.judge.protocol import accepted
from scalekit.judge.protocol.split import Intervals, Split
from scalekit.judge.protocol.tasks import BASELINES

Part = TypeVar("Part", Split, Intervals)


def _split(key: str, value: object) -> Split:
    if isinstance(value, str):
        return Split(kind=value)
    return _nested(key, value, Split)


def _ci(key: str, value: object) -> Intervals:
    return _nested(key, value, Intervals)


def _nested(key: str, value: object, kind: type[Part]) -> Part:
    if isinstance(value, kind):
        return value
    if value is None:
        return kind()
    known = tuple(f.name for f in fields(kind))
    if not isinstance(value, Mapping):
        raise accepted.refused(key, value, f"a mapping with some of the keys {', '.join(known)}")
    accepted.known_keys(value, known, f"{key}.")
    return kind(**value)


def _metrics(key: str, value: object) -> tuple[str, ...] | None:
    return None if value is None else accepted.names(key, value)


def _guards(key: str, value: object) -> dict[str, float]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise accepted.refused(key, value, "a mapping from metrics to the change that is tolerated")
    for metric, change in value.items():
        accepted.name(key, metric)
        if not accepted.is_number(change):
            raise accepted.refused(f"{key}.{metric}", change, "a number, such as -0.005")
    return {metric: float(change) for metric, change in value.items()}


def _baselines(key: str, value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(accepted.one_of(key, item, BASELINES) for item in accepted.names(key, value))


def _quantiles(key: str, value: object) -> tuple[float, ...]:
    if value is None:
        return ()
    listed = value if isinstance(value, list | tuple) else [value]
    wanted = "quantiles between 0 and 1, such as [0.1, 0.5, 0.9]"
    return tuple(sorted({accepted.number(key, item, 0, 1, wanted) for item in listed}))


def _text(key: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise accepted.refused(key, value, "a text")
    return value


def _period(key: str, value: object) -> str | None:
    found = accepted.duration(key, value)
    if found is None or isinstance(found, str):
        return found
    raise accepted.refused(key, value, "a length of time such as '1d' or '1mo'")


def _optional_count(key: str, value: object) -> int | None:
    return accepted.optional_count(key, value, 1)


SETTLED: dict[str, Callable[[str, Any], Any]] = {
    "target": accepted.name,
    "key": accepted.names,
    "group": accepted.names,
    "time": accepted.optional_name,
    "split": _split,
    "primary": accepted.optional_name,
    "metrics": _metrics,
    "guards": _guards,
    "baselines": _baselines,
    "ci": _ci,
    "slices": accepted.names,
    "weight": accepted.optional_name,
    "positive": accepted.scalar,
    "quantiles": _quantiles,
    "season": _optional_count,
    "horizon": _optional_count,
    "series": accepted.names,
    "period": _period,
    "name": _text,
}
"""Key -> what it accepts, and the form that it is brought into."""
