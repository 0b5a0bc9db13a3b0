"""What work costs on this machine: constants that ``python -m benchmarks calibrate`` measures and keeps in a file."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import polars as pl

from scalekit.estimate.shipped import SHIPPED, SLOTS

SCHEMA = 1
"""Of the file: one with another number is of another version of scalekit, and is not read."""

VARIABLE = "SCALEKIT_COSTS"
"""Names the file where it is not the one in the user's cache."""

MOST_SLOTS = 16
"""Threads of one process beyond which a query is hardly quicker."""

THREADED = ("polars", "memory")
"""Who uses all threads of this process."""


@dataclass(frozen=True, kw_only=True)
class EngineCosts:
    """Seconds that one backend takes for one unit of each kind of work, with so many ``slots``.

    Parameters
    ----------
    slots
        Threads, or workers of a cluster, with which the others were measured.
    query, node, stage, task
        For every query, node of its plan, stage on a cluster, and task of a stage.
    parquet_value, parquet_text
        Decoding Parquet: a value that is no text, and a byte of text as it is in memory.
    skipped_value, skipped_text
        The same of rows that a filter right above the scan leaves out.
    csv_byte, csv_value, ndjson_byte
        Parsing: a byte of the file, and a value that is wanted.
    frame_byte, convert_byte
        A byte of a frame in this process that the backend takes over, and one that it turns into its own form.
    arithmetic, text, copied_byte
        A value that a function gives; one that a function of text gives; a byte of rows that move in memory.
    group_row, key_text, group_new
        A row looked up by its keys; a text that is such a key, of a join too; a group that is new.
    join_build, join_probe
        A row of the smaller and of the larger side of a join.
    sort_row, top_row, window_row
        A comparison of a sort: a row times the logarithm of their number, the same where few of the sorted rows
        are wanted; a row of a window function.
    exchange_byte, result_byte
        A byte that moves between workers, and one of the result that comes back to this process.
    """

    slots: int = 1
    query: float = 0.0
    node: float = 0.0
    stage: float = 0.0
    task: float = 0.0
    parquet_value: float = 0.0
    parquet_text: float = 0.0
    skipped_value: float = 0.0
    skipped_text: float = 0.0
    csv_byte: float = 0.0
    csv_value: float = 0.0
    ndjson_byte: float = 0.0
    frame_byte: float = 0.0
    convert_byte: float = 0.0
    arithmetic: float = 0.0
    text: float = 0.0
    copied_byte: float = 0.0
    group_row: float = 0.0
    key_text: float = 0.0
    group_new: float = 0.0
    join_build: float = 0.0
    join_probe: float = 0.0
    sort_row: float = 0.0
    top_row: float = 0.0
    window_row: float = 0.0
    exchange_byte: float = 0.0
    result_byte: float = 0.0


KINDS = tuple(one.name for one in fields(EngineCosts) if one.name != "slots")
"""The kinds of work."""


@dataclass(frozen=True)
class Costs:
    """The constants of every backend on one machine; ``origin`` says who measured them, for messages."""

    machine: str
    engines: Mapping[str, EngineCosts] = field(default_factory=dict)
    origin: str = "shipped with scalekit"

    def of(self, engine: str) -> EngineCosts:
        """The constants of a backend; those of Polars for one that was never measured."""
        return self.engines.get(engine) or self.engines["polars"]


def this_machine() -> str:
    """What tells machines apart that share a home: the name of the host and the threads that Polars uses."""
    return f"{platform.node() or 'unnamed'}/{pl.thread_pool_size()}"


def shipped_costs() -> Costs:
    """What was measured on the machine where scalekit was made, for as many slots as it had."""
    here = pl.thread_pool_size()
    return Costs(this_machine(), {n: _engine(n, told, here) for n, told in SHIPPED.items()})


def costs_path() -> Path:
    """The file of constants: ``SCALEKIT_COSTS``, or one in the user's cache."""
    given = os.environ.get(VARIABLE, "").strip()
    if given:
        return Path(given)
    cache = os.environ.get("XDG_CACHE_HOME", "").strip() or os.environ.get("LOCALAPPDATA", "")
    return (Path(cache) if cache else Path.home() / ".cache") / "scalekit" / "costs.json"


def load_costs(path: Path | None = None) -> Costs:
    """The constants of this machine: measured ones where there are any, otherwise those that are shipped.

    A file that is absent, damaged, or of another version is as good as none: a query does not fail for it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from scalekit.estimate.costs import load_costs
    >>> load_costs(Path("nowhere.json")).origin
    'shipped with scalekit'
    """
    with suppress(OSError, RuntimeError):  # no file, or nobody's home
        found = path or costs_path()
        status = found.stat()
        return _read(found, this_machine(), (status.st_mtime_ns, status.st_size))
    return shipped_costs()


def save_costs(costs: Costs, path: Path | None = None) -> Path:
    """Keep constants beside those of other machines, whole or not at all; give the file back."""
    found = path or costs_path()
    found.parent.mkdir(parents=True, exist_ok=True)
    machines = {**_machines(found), costs.machine: _as_json(costs)}
    with NamedTemporaryFile("w", dir=found.parent, suffix=".part", delete=False) as part:
        json.dump({"schema": SCHEMA, "machines": machines}, part, indent=1)
    Path(part.name).replace(found)
    return found


@lru_cache(maxsize=8)
def _read(path: Path, machine: str, _generation: tuple[int, int]) -> Costs:
    found = _machines(path).get(machine)
    shipped = shipped_costs()
    if not isinstance(found, dict) or not isinstance(found.get("engines"), dict):
        return shipped
    measured = {name: one for name, told in found["engines"].items() if (one := _checked(told))}
    if not measured:
        return shipped
    return Costs(machine, {**shipped.engines, **measured}, f"measured, in {path}")


def _machines(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        return {}
    machines = content.get("machines")
    return machines if isinstance(machines, dict) else {}


def _as_json(costs: Costs) -> dict[str, Any]:
    return {"engines": {name: asdict(one) for name, one in costs.engines.items()}}


def _checked(told: Any) -> EngineCosts | None:
    """One backend's constants; None unless each is there, a number, and not negative."""
    if not isinstance(told, dict) or set(told) != {"slots", *KINDS}:
        return None
    numbers = [v for v in told.values() if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len(told) or not all(math.isfinite(v) and v >= 0 for v in numbers):
        return None
    return EngineCosts(**told) if told["slots"] >= 1 else None


def _engine(name: str, told: Mapping[str, float], threads: int) -> EngineCosts:
    """Constants for a machine that nobody measured: Polars has other threads there."""
    made = EngineCosts(slots=SLOTS, **told)
    if name not in THREADED:
        return made
    share = SLOTS / min(threads, MOST_SLOTS)
    scaled = {k: getattr(made, k) * share for k in KINDS if k not in ("query", "node")}
    return replace(made, slots=threads, **scaled)
