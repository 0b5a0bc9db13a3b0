"""Where the figures of a report come from: rows, backend, versions, code, how long it took."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scalekit.judge.independence import Independence, independence_of
from scalekit.judge.judging import Judgement
from scalekit.judge.preparing import Prepared
from scalekit.judge.protocol.fingerprint import schema_hash
from scalekit.judge.rows import FEW_EVENTS, FEW_ROWS
from scalekit.learn.arguments import schema
from scalekit.tracking.surroundings import code_state, loaded_versions


def provenance(
    prepared: Prepared,
    judgement: Judgement,
    name: str,
    notes: tuple[str, ...] = (),
    training: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What a report says of its making; plain values, but for the fingerprints.

    Parameters
    ----------
    prepared
        Rows, protocol and models.
    judgement
        What the pass has kept.
    name
        Of the judged model.
    notes
        What a reader has to know, in the order in which it came up.
    training
        What a run says of the rows that the model was fitted on; by default what the model says.
    """
    ground, scored = prepared.ground, judgement.scored
    tally = scored.tallies["test"]
    model = prepared.final.get(name)
    types = schema(ground.rows.frame)
    learned = training or training_of(prepared, judgement, name)
    known = independence(prepared, name, learned)
    inputs = next((one.inputs for one in judgement.models if one.name == name), ())
    counts = {role: one.rows for role, one in scored.prints.items()}
    asked = sum(one.rows + one.unlabelled for one in scored.tallies.values())
    return {
        "protocol_id": ground.protocol.id,
        "fingerprints": {role: one.to_dict() for role, one in scored.prints.items()},
        "schema": schema_hash({column: types[column] for column in ground.rows.columns}),
        "rows": counts,
        "rows_from": ground.rows.origin,
        "backend": ground.config.backend,
        "sample": ground.config.sample,
        "exactness": getattr(getattr(model, "scalekit_fit_", None), "exactness", None),
        "features": list(inputs),
        "feature_types": {column: str(types[column]) for column in inputs},
        "latency": {one: spent / max(1, asked) for one, spent in scored.seconds.items()},
        "invalid": {one: count for one in judgement.layout.models if (count := tally.invalid(one))},
        "sizes": {name: size_of(model)},
        "training": learned,
        "independence": known._asdict(),
        "versions": dict(loaded_versions()),
        "code": dict(code_state()),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "passes": 1,
        "notes": [*notes, *_notes(prepared, judgement, known)],
    }  # fmt: skip


def size_of(model: Any) -> int | None:
    """Bytes of a pickled model; None where it cannot be pickled."""
    try:
        return len(pickle.dumps(model, protocol=5))
    except Exception:  # whatever a model's own pickling raises
        return None


def training_of(prepared: Prepared, judgement: Judgement, name: str) -> dict[str, Any] | None:
    """What is known of the rows that a model was fitted on."""
    model = prepared.final.get(name)
    record = getattr(model, "scalekit_fit_", None)
    if record is None:
        return None
    is_by_protocol = name in prepared.fitted_here and prepared.is_fitted_on_train
    print_ = judgement.scored.prints.get("train") if is_by_protocol else None
    return {
        "rows": record.rows,
        "by_protocol": is_by_protocol,
        "protocol_id": prepared.ground.protocol.id,
        "fingerprint": None if print_ is None else print_.to_dict(),
    }


def independence(prepared: Prepared, name: str, training: Mapping[str, Any] | None) -> Independence:
    """Whether the test rows are known to lie outside of those that a model was fitted on."""
    ground = prepared.ground
    if ground.rows.folds:
        why = "each row was predicted by a model that was fitted without it"
        return Independence(is_known=True, why=why)
    return independence_of(
        prepared.final.get(name), training, ground.census.rows, ground.protocol.id
    )


def _notes(prepared: Prepared, judgement: Judgement, known: Independence) -> list[str]:
    ground, tally = prepared.ground, judgement.scored.tallies["test"]
    found = []
    if not known.is_known:
        found.append(known.why)
    if not ground.rows.folds:
        if tally.rows < FEW_ROWS:
            found.append(f"{tally.rows:,} test rows: intervals are wide below {FEW_ROWS:,}")
        events = ground.census.minority("test")
        if ground.classes and events < FEW_EVENTS:
            found.append(
                f"{events:,} test rows of the rarest class: intervals are wide below {FEW_EVENTS}"
            )
    if ground.config.sample:
        found.append(f"judged on a sample of {ground.config.sample:.2%} of the rows")
    found += [
        f"{one} gave no valid prediction for {count:,} test rows: it has no figures"
        for one in judgement.layout.models
        if (count := tally.invalid(one))
    ]
    return found
