"""What every estimator's fit over partitions is compared with: scikit-learn's own fit on the same rows (LEARN.md, 6)."""

from __future__ import annotations

import os
import pickle
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

import scalekit as sk
from scalekit.learn.local import weight_parameter
from scalekit.learn.matrix import to_features, to_target, to_weights
from scalekit.learn.one_column import as_given

SIZES: Mapping[str, Sequence[float]] = {
    "1": (1.0,),
    "3": (0.2, 0.5, 0.3),
    "8 uneven": (0.31, 0.0, 1e-9, 0.05, 0.24, 0.17, 0.02, 0.21),
}
"""Shares of the rows in each file: one part, three, and eight of which one is empty and one has a single row."""

ALL_WAYS = ("polars", "serial-1", "serial-3", "serial-8")

WAYS = ALL_WAYS if os.environ.get("SCALEKIT_TEST_ALL_WAYS") else ("polars", "serial-8")
"""Backends and parts of every fit that is tested in this process: in ``make battery`` all of them, in ``make test`` batches of
one machine and the most awkward parts. Dask and Ray have their own tests."""


def numbers(rows: int = 2_000, seed: int = 0) -> pl.DataFrame:
    """Columns that fits stumble over, and targets of all kinds; rows lie in the order of ``kind``.

    ``x0``..``x3`` are normal, of scales 1 to 1e3; ``gap`` has missing values, ``constant`` one value, ``offset`` lies around 1e6,
    ``twin`` nearly repeats ``x0``, ``small`` holds whole numbers; ``kind`` and ``city`` are text, a rare value of each in
    few rows, so that not all parts have it. ``y`` is a number, ``late`` yes or no, ``mode`` one of three texts, ``count`` a count,
    ``amount`` positive; ``w`` weights, ``days`` whole weights.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4))
    city = rng.choice(["Rome", "Oslo", "Lima", "Perth"], p=[0.5, 0.3, 0.195, 0.005], size=rows)
    mode = np.array(["air", "rail", "road"])[
        np.argmax(np.c_[x[:, 0], x[:, 1], 0.5 * x[:, 2]] + rng.gumbel(size=(rows, 3)), axis=1)
    ]
    signal = 2 * x[:, 0] - x[:, 1] + 0.5 * x[:, 2] + (city == "Oslo") * 1.5
    frame = pl.DataFrame(
        {
            **{f"x{i}": x[:, i] * 10.0**i for i in range(4)},
            "gap": np.where(rng.random(rows) < 0.1, np.nan, x[:, 1] + rng.normal(size=rows)),
            "constant": np.full(rows, 3.7),
            "offset": 1e6 + rng.normal(size=rows),
            "twin": x[:, 0] + 1e-3 * rng.normal(size=rows),
            "small": rng.integers(0, 7, size=rows),
            "kind": np.sort(
                rng.choice(["a", "b", "c", "d", "e"], p=[0.4, 0.3, 0.2, 0.095, 0.005], size=rows)
            ),
            "city": city,
            "y": signal + rng.normal(size=rows),
            "late": signal + 2 * rng.logistic(size=rows) > 1.0,
            "mode": mode,
            "count": rng.poisson(np.exp(0.3 * x[:, 0] - 0.2 * x[:, 1])),
            "amount": rng.gamma(2.0, np.exp(0.3 * x[:, 0]) / 2.0) + 1e-3,
            "w": rng.uniform(0.2, 3.0, size=rows),
            "days": rng.integers(1, 5, size=rows),
        }
    )
    return frame.with_columns(pl.col("gap").fill_nan(None))


Case: TypeAlias = "tuple[Any, Roles, float, dict[str, Any]]"
"""An estimator, what it is fitted to, the tolerance, and what else :func:`assert_same` is told."""


@contextmanager
def scattered(rows: pl.DataFrame, way: str, folder: Path) -> Iterator[sk.Frame]:
    """The rows on a backend, in parts of very different size, in this order."""
    backend, _, parts = way.partition("-")
    settings = {"partition_bytes": 20_000} if backend == "polars" else {"partitions": int(parts)}
    frame = uneven(rows, {"1": SIZES["1"], "3": SIZES["3"]}.get(parts, SIZES["8 uneven"]), folder)
    with sk.config(backend=backend, **settings):
        yield frame


def uneven(rows: pl.DataFrame, shares: Sequence[float], folder: Path) -> sk.Frame:
    """A frame whose parts have these shares of the rows, where it is read in as many parts.

    Parts are cut of a file by bytes: each gets a row group of the same size, from which a filter leaves its share.
    """
    ends = np.ceil(np.cumsum([0.0, *shares]) * rows.height - 1e-6).astype(int).clip(0, rows.height)
    size = int(np.diff(ends).max())
    groups = [
        rows.slice(start, end - start).with_columns(kept=pl.lit(1)).vstack(
            rows.head(size - (end - start)).with_columns(kept=pl.lit(0))
        )
        for start, end in pairwise(ends)
    ]  # fmt: skip
    pl.concat(groups).write_parquet(folder / "rows.parquet", row_group_size=size)
    scan = sk.scan_parquet(str(folder / "rows.parquet"))
    return scan.filter(sk.col("kept") * 2 > 1).drop("kept")  # no bounds of a row group say that


@dataclass(frozen=True)
class Roles:
    """What is fitted to what."""

    features: Sequence[str]
    target: str | Sequence[str] | None = None
    weight: str | None = None


def plain(estimator: Any, rows: pl.DataFrame, roles: Roles) -> Any:
    """scikit-learn's own fit on the same rows, in memory."""
    arguments: list[Any] = [as_given(estimator, to_features(rows.select(roles.features)))]
    if roles.target is not None:
        arguments.append(to_target(rows.select(roles.target)))
    weights = {}
    if roles.weight:
        weights = {weight_parameter(estimator): to_weights(rows[roles.weight])}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return clone(estimator).fit(*arguments, **weights)


def over_parts(estimator: Any, frame: sk.Frame, roles: Roles, **settings: Any) -> Any:
    """scalekit's fit over partitions."""
    return sk.fit(
        estimator, frame, target=roles.target, features=list(roles.features), sample_weight=roles.weight,
        **{"solver": "passes", **settings},
    )  # fmt: skip


def assert_same(
    found: Any,
    wanted: Any,
    rtol: float,
    *,
    absent: Sequence[str] = (),
    loose: Mapping[str, float] = {},
) -> None:
    """The same type, parameters, attributes, shapes, dtypes and values (``max |a-b| / max |b|`` of each attribute).

    Parameters
    ----------
    found, wanted
        The fit over partitions, and the plain one.
    rtol
        For every attribute of numbers.
    absent
        Attributes of one value for each row, which are not set.
    loose
        Other tolerances by attribute, or by what it holds, as it is named where it differs; ``inf`` for one that is not compared, such as a count of iterations.
    """
    assert type(found) is type(wanted)
    assert str(found.get_params()) == str(wanted.get_params())
    check_is_fitted(found)
    ours = set(vars(found)) - {"scalekit_fit_"}
    assert ours == set(vars(wanted)) - set(absent)
    for name in sorted(ours):
        for what, difference in differences(vars(found)[name], vars(wanted)[name], name):
            allowed = loose.get(what, loose.get(name, rtol))
            assert difference <= allowed, (type(found).__name__, what, difference)
    assert type(pickle.loads(pickle.dumps(found))) is type(found)
    clone(found)
    assert _names_out(found) == _names_out(wanted)


def _names_out(fitted: Any) -> list[str] | None:
    try:
        return list(fitted.get_feature_names_out())
    except AttributeError:  # a Pipeline has the method whether or not its last step has
        return None


def differences(a: Any, b: Any, name: str) -> Iterator[tuple[str, float]]:
    """How far two values are apart, and all that they are made of: ``max |a - b| / max |b|`` of numbers.

    Counts, names and categories that differ are infinitely far apart; types, shapes and dtypes have to be the same.
    """
    if hasattr(b, "get_params") and hasattr(b, "fit"):
        assert type(a) is type(b), name
        for inner in sorted(set(vars(b)) | set(vars(a)) - {"scalekit_fit_"}):
            yield from differences(getattr(a, inner), getattr(b, inner), f"{name}.{inner}")
    elif isinstance(b, list | tuple) or _is_ragged(b):
        assert type(a) is type(b), name
        assert len(a) == len(b), name
        for place, (left, right) in enumerate(zip(a, b, strict=True)):
            yield from differences(left, right, f"{name}[{place}]")
    elif isinstance(b, dict):
        assert list(a) == list(b), name
        for key in b:
            yield from differences(a[key], b[key], f"{name}[{key!r}]")
    elif sparse.issparse(b):
        assert a.format == b.format, name
        yield name, _apart(a.toarray(), b.toarray(), name)
    elif isinstance(b, np.ndarray | np.generic | int | float) and not isinstance(b, bool):
        yield name, _apart(np.asarray(a), np.asarray(b), name)
    else:
        assert type(a) is type(b), name
        if isinstance(b, str | bool | type(None)):
            yield name, 0.0 if a == b else np.inf


def _is_ragged(b: Any) -> bool:
    """Whether it is an array of arrays, such as edges of bins."""
    return isinstance(b, np.ndarray) and b.dtype == object and b.ndim == 1 and any(map(np.ndim, b))


def _apart(a: Any, b: Any, name: str) -> float:
    assert a.shape == b.shape, (name, a.shape, b.shape)
    assert a.dtype == b.dtype, (name, a.dtype, b.dtype)
    if b.dtype.kind not in "fc":
        return 0.0 if np.array_equal(a, b) or _same_objects(a, b) else np.inf
    finite = np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return np.inf
    scale = np.max(np.abs(b[finite]), initial=0.0) or 1.0
    return float(np.max(np.abs(a[finite] - b[finite]), initial=0.0) / scale)


def _same_objects(a: Any, b: Any) -> bool:
    pairs = zip(a.ravel(), b.ravel(), strict=True)
    return b.dtype == object and all(
        x == y or (x != x and y != y) or (hasattr(y, "get_params") and str(x) == str(y))
        for x, y in pairs
    )
