"""A protocol for a frame: the task where the target says it, and an error where it does not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit.errors import (
    ColumnNotFoundError,
    ConfigError,
    InvalidOperationError,
    PlanError,
    SchemaError,
)
from scalekit.judge.protocol.inferred import protocol_of
from scalekit.judge.protocol.protocol import Protocol

BACKENDS = ("polars", "pandas", "serial")

SAID: dict[str, tuple[pl.Series, str]] = {
    "truth values": (pl.Series([True, False, None]), "binary"),
    "only true": (pl.Series([True, True, True]), "binary"),
    "two texts": (pl.Series(["a", "b", None]), "binary"),
    "categories": (pl.Series(["a", "b", "c"], dtype=pl.Categorical), "multiclass"),
    "0 and 1": (pl.Series([0, 1, None], dtype=pl.Int8), "binary"),
    "0.0 and 1.0": (pl.Series([0.0, 1.0, 1.0]), "binary"),
    "fractions": (pl.Series([0.0, 1.5, None]), "regression"),
    "decimals": (pl.Series([Decimal("0.5"), Decimal(1), Decimal(2)]), "regression"),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", SAID)
def test_what_the_target_says(case: str, backend: str) -> None:
    values, task = SAID[case]
    frame = sk.from_polars(pl.DataFrame({"id": [1, 2, 3], "y": values}))
    with sk.config(backend=backend):
        assert protocol_of(frame, target="y", key="id").task == task


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([0, 1, 2], "whole numbers from 0 to 2, .* task= one of 'multiclass', 'count', 'regression'"),
        ([-1, 1, 1], "whole numbers from -1 to 1, .* task= one of 'multiclass', 'regression'"),
        ([1.0, 2.0, 5.0], "whole numbers from 1 to 5"),
        ([1, 1, 1], "has 1 distinct values"),
        ([None, None, 0.5], "has 1 distinct values"),
        (["a", "a", None], "has 1 distinct values"),
    ],
)  # fmt: skip
def test_what_is_not_said_is_asked_for(values: list[Any], says: str) -> None:
    frame = sk.from_polars(pl.DataFrame({"id": [1, 2, 3], "y": values}))
    with pytest.raises(InvalidOperationError, match=says):
        protocol_of(frame, target="y", key="id")


def test_texts_of_all_rows_are_no_classes() -> None:
    frame = sk.from_dict({"y": [f"c{i}" for i in range(1_001)]})
    with pytest.raises(InvalidOperationError, match=r"1,001 distinct texts: .* task='multiclass'"):
        protocol_of(frame, target="y")
    assert protocol_of(frame, target="y", task="multiclass").task == "multiclass"


def test_keys_of_one_task_say_it() -> None:
    frame = sk.from_dict({"t": [1, 2, 3], "y": [4, 5, 6]})
    assert protocol_of(frame, target="y", time="t", horizon=1).task == "forecast"
    assert protocol_of(frame, target="y", quantiles=[0.5]).task == "quantile"


def test_a_protocol_a_file_a_mapping_and_keywords_are_the_same(tmp_path: Path) -> None:
    frame = sk.from_dict({"id": [1, 2], "y": [0, 1]})
    wanted = Protocol("binary", "y", key="id")
    path = tmp_path / "protocol.yaml"
    path.write_text(wanted.to_yaml(), encoding="utf-8")
    for given in (wanted, path, str(path), wanted.to_dict(), {"target": "y", "key": ["id"]}):
        assert protocol_of(frame, given) == wanted
        assert protocol_of(frame, given, slices=["id"]) == wanted.with_(slices=["id"])


@pytest.mark.parametrize(
    ("keywords", "error", "says"),
    [
        ({"target": "z"}, ColumnNotFoundError, "target column 'z' not found"),
        ({"target": "lat"}, ColumnNotFoundError, "did you mean 'late'"),
        ({"target": "late", "key": ["id", "nr"]}, ColumnNotFoundError, "key column 'nr' not found"),
        ({"target": "late", "group": "citty"}, ColumnNotFoundError, "group column 'citty'.*'city'"),
        ({"target": "late", "weight": "w"}, ColumnNotFoundError, "weight column 'w'"),
        ({"target": "late", "weight": "city"}, SchemaError, "weight column 'city' is of type String"),
        ({"target": "late", "time": "city"}, SchemaError, r"time column 'city' .*\.str\.to_datetime"),
        ({"target": "city", "task": "regression"}, SchemaError, "target column 'city' is of type String"),
        ({"target": "day"}, SchemaError, "target 'day' is of type Date"),
        ({"target": "day", "task": "binary"}, SchemaError, "classes: texts, truth values"),
        ({"key": "id"}, ConfigError, "no target: give target='column'"),
        ({"target": "late", "metrcs": ["ece"]}, ConfigError, "did you mean 'metrics'"),
        ({"protocol": 3}, PlanError, "protocol: a Protocol, the path of its file, or a mapping"),
    ],
    ids=str,
)  # fmt: skip
def test_what_does_not_fit_the_frame_is_named(
    keywords: dict[str, Any], error: type[Exception], says: str
) -> None:
    frame = sk.from_dict(
        {"id": [1, 2], "late": [0, 1], "city": ["a", "b"], "day": [date(2024, 1, 1), None]}
    )
    with pytest.raises(error, match=says):
        protocol_of(frame, **keywords)


def test_rows_of_another_library_are_wrapped_first() -> None:
    with pytest.raises(PlanError, match="takes a scalekit Frame"):
        protocol_of(pl.DataFrame({"y": [0, 1]}), target="y")  # type: ignore[arg-type]
