"""What ``run.json`` says of a run: frozen, and the same whichever way the run came about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from scalekit.errors import CorruptFileError
from scalekit.tracking.plain import number, plain

FORMAT = 1

Kind: TypeAlias = Literal["run", "fit", "evaluation"]
Status: TypeAlias = Literal["finished", "failed"]


@dataclass(frozen=True)
class Measured:
    """A number that was measured, with its interval where there is one.

    Attributes
    ----------
    value
        The number.
    low, high
        Bounds of its confidence interval; None where it has none.
    """

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run as its ``run.json`` keeps it; a run never changes.

    Attributes
    ----------
    id
        A ULID: sorts by the time at which the run began.
    project, name
        Where it belongs, and what it is called there.
    kind
        ``"evaluation"`` where something was evaluated, else ``"fit"`` where something was fitted, else ``"run"``.
    status, error
        ``"failed"`` where the block was left by an exception, and the first line of that.
    started, seconds
        When the run began, in UTC, and how long it took.
    parent
        The run in whose block this one came about.
    tags, parameters
        What ``sk.track`` and ``run.log`` were given.
    metrics
        What was logged, and the judged model's metrics on all test rows.
    estimator
        ``class``, ``text``, all ``parameters``, and those that are not the default under ``changed``.
    fit
        The :class:`~scalekit.learn.record.FitRecord`, ``seconds``, and what is known of the rows under ``training``.
    evaluation
        ``protocol_id``, ``fingerprint`` of the test rows, ``primary``, ``skill``, ``threshold``, ``findings`` and the
        report's ``provenance``.
    model
        How the model is saved: ``file``, ``format``, ``sha256``, ``bytes``; or why it is not, under ``error``.
    code
        ``commit``, ``branch`` and ``dirty`` of the git repository that the process runs in.
    machine
        ``user``, ``host``, ``platform``.
    versions
        Versions of Python and of the packages that took part.
    files
        Names of logged files, below ``files/``.
    """

    id: str
    project: str
    name: str
    kind: Kind
    status: Status
    started: datetime
    seconds: float
    error: str | None = None
    parent: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Measured] = field(default_factory=dict)
    estimator: Mapping[str, Any] | None = None
    fit: Mapping[str, Any] | None = None
    evaluation: Mapping[str, Any] | None = None
    model: Mapping[str, Any] | None = None
    code: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()


def to_json(record: RunRecord) -> bytes:
    """The content of ``run.json``: secrets taken out."""
    content = {"format": FORMAT, **plain(asdict(record))}
    return json.dumps(content, indent=1, ensure_ascii=False).encode()


def from_json(content: bytes, place: str) -> RunRecord:
    """A record from the content of ``run.json``; fields that a later version added are passed over.

    Raises
    ------
    CorruptFileError
        The content is not that of a ``run.json``, or of a format that this version does not know.
    """
    try:
        found = json.loads(content)
        if found["format"] > FORMAT:
            raise CorruptFileError(
                f"{place} is of format {found['format']}, and this scalekit reads up to {FORMAT}: update scalekit"
            )
        known = {name: found[name] for name in RunRecord.__dataclass_fields__ if name in found}
        known["started"] = datetime.fromisoformat(found["started"])
        known["seconds"] = number(found["seconds"])
        known["metrics"] = {name: _measured(m) for name, m in found.get("metrics", {}).items()}
        known["files"] = tuple(found.get("files", ()))
        return RunRecord(**known)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise CorruptFileError(f"{place} is not what scalekit wrote: {error}") from error


def _measured(found: Mapping[str, Any]) -> Measured:
    bounds = [None if found.get(name) is None else number(found[name]) for name in ("low", "high")]
    return Measured(number(found["value"]), *bounds)
