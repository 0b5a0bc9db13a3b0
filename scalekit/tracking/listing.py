"""``sk.runs`` and ``sk.models``: what is in a store, as frames."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from scalekit.frame.frame import Frame
from scalekit.io.memory import from_polars
from scalekit.tracking.draft import fingerprint_text
from scalekit.tracking.names import check_name
from scalekit.tracking.record import RunRecord
from scalekit.tracking.registry import model_names, read_aliases, read_version, version_numbers
from scalekit.tracking.store import RunStore

_TIME = pl.Datetime("us", "UTC")

_COLUMNS: dict[str, pl.DataType] = {
    "id": pl.String(),
    "project": pl.String(),
    "name": pl.String(),
    "kind": pl.String(),
    "status": pl.String(),
    "started": _TIME,
    "seconds": pl.Float64(),
    "user": pl.String(),
    "estimator": pl.String(),
    "rows": pl.Int64(),
    "backend": pl.String(),
    "exactness": pl.String(),
    "primary": pl.String(),
    "value": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "skill": pl.Float64(),
    "skill_low": pl.Float64(),
    "skill_high": pl.Float64(),
    "protocol_id": pl.String(),
    "fingerprint": pl.String(),
    "commit": pl.String(),
    "has_model": pl.Boolean(),
    "parent": pl.String(),
    "error": pl.String(),
}

_MODEL_COLUMNS: dict[str, pl.DataType] = {
    "name": pl.String(),
    "version": pl.Int64(),
    "aliases": pl.List(pl.String()),
    "run": pl.String(),
    "project": pl.String(),
    "created": _TIME,
    "user": pl.String(),
    "forced": pl.String(),
    "reasons": pl.List(pl.String()),
    "replaced": pl.Int64(),
    "sha256": pl.String(),
}


def runs(
    project: str | None = None,
    *,
    root: str | os.PathLike[str] | None = None,
    storage_options: Mapping[str, object] | None = None,
) -> Frame:
    """All runs of a project, or of all projects, as a frame: one row for each, the newest first.

    ``primary`` is the name of the primary metric, ``value``, ``low`` and ``high`` what was measured; ``rows`` is what
    the model was fitted on. What runs were given stands in columns ``tags.<name>``, ``params.<name>`` (text: what was
    logged, and parameters of the estimator that are not the default) and ``metrics.<name>``.

    Parameters
    ----------
    project
        By default all projects.
    root, storage_options
        The store; by default the setting ``store``: ``.scalekit`` in the working directory.

    Raises
    ------
    AccessError
        Where the store cannot be read.
    CorruptFileError
        Where a ``run.json`` is not what scalekit wrote.

    Examples
    --------
    >>> import scalekit as sk
    >>> with sk.track("churn", name="wide window") as run:
    ...     run.log(parameters={"window": 90}, metrics={"auc": 0.81})
    >>> sk.runs("churn").select("name", "params.window", "metrics.auc").collect().rows()
    [('wide window', '90', 0.81)]
    """
    store = RunStore(root, storage_options)
    records = store.records(None if project is None else check_name(project, "project"))
    return from_polars(records_frame(records[::-1]))


def models(
    name: str | None = None,
    *,
    root: str | os.PathLike[str] | None = None,
    storage_options: Mapping[str, object] | None = None,
) -> Frame:
    """Registered models as a frame: one row for each version, the newest of each model first.

    Parameters
    ----------
    name
        By default all models.
    root, storage_options
        The store; by default the setting ``store``.

    Examples
    --------
    >>> import scalekit as sk
    >>> from sklearn.dummy import DummyRegressor
    >>> model = DummyRegressor().fit([[0]], [1.0])
    >>> _ = sk.promote("prices", model=model, force="an example")
    >>> sk.models().select("name", "version", "aliases").collect().rows()
    [('prices', 1, ['production'])]
    """
    store = RunStore(root, storage_options)
    rows: list[dict[str, Any]] = []
    for model in model_names(store) if name is None else (check_name(name, "model"),):
        aliases = read_aliases(store, model).versions
        for number in reversed(version_numbers(store, model)):
            found = vars(read_version(store, model, number))
            named = sorted(alias for alias, version in aliases.items() if version == number)
            rows.append({**{n: found[n] for n in _MODEL_COLUMNS if n in found}, "aliases": named})
    return from_polars(pl.DataFrame(rows, schema=_MODEL_COLUMNS))


def evaluations_of(fingerprint: str | Mapping[str, Any], store: RunStore) -> tuple[int, int]:
    """How often the rows of a fingerprint were evaluated on, and by how many people: a test set wears out."""
    wanted = fingerprint_text(fingerprint)
    users = [
        record.machine.get("user")
        for record in store.records()
        if (record.evaluation or {}).get("fingerprint") == wanted
    ]
    return len(users), len({*users})


def records_frame(records: Sequence[RunRecord]) -> pl.DataFrame:
    """Records as rows, in their order; columns that only some of them have are null for the others."""
    rows = [_row(record) for record in records]
    extra = [column for row in rows for column in row if column not in _COLUMNS]
    order = sorted(dict.fromkeys(extra), key=lambda c: ("tpm".index(c[0]), c))
    types = {c: pl.Float64() if c.startswith("metrics.") else pl.String() for c in order}
    return pl.DataFrame(rows, schema={**_COLUMNS, **types})


def _row(record: RunRecord) -> dict[str, Any]:
    fit, evaluation = record.fit or {}, record.evaluation or {}
    estimator, code = record.estimator or {}, record.code
    primary = record.metrics.get(str(evaluation.get("primary")))
    skill = evaluation.get("skill") or {}
    row = {name: getattr(record, name) for name in _COLUMNS if hasattr(record, name)}
    row |= {name: fit.get(name) for name in ("rows", "backend", "exactness")}
    row |= {name: evaluation.get(name) for name in ("primary", "protocol_id", "fingerprint")}
    row |= {name: getattr(primary, name, None) for name in ("value", "low", "high")}
    bounds = {"skill": "value", "skill_low": "low", "skill_high": "high"}
    row |= {name: _number(skill.get(key)) for name, key in bounds.items()}
    row |= {
        "user": record.machine.get("user"),
        "estimator": str(estimator["class"]).rpartition(".")[2] if estimator else None,
        "commit": code.get("commit"),
        "has_model": "sha256" in (record.model or {}),
    }
    chosen = {**estimator.get("changed", {}), **record.parameters}
    row |= {f"tags.{name}": text for name, text in record.tags.items()}
    row |= {f"params.{name}": _text(value) for name, value in chosen.items()}
    return row | {f"metrics.{name}": measured.value for name, measured in record.metrics.items()}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
