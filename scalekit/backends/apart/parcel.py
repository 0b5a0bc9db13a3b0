"""Plans on their way to another process: rows in memory go as files that it maps, everything else as a pickle."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.ipc

from scalekit.errors import ScalekitError
from scalekit.kernels.schema import has_user_code
from scalekit.plan.nodes import Plan
from scalekit.sources.base import Source
from scalekit.sources.memory import LazySource, MemorySource


def pack(value: Any, plan: Plan, folder: Path) -> bytes:
    """Pickle ``value``, of which ``plan`` is a part; a user's functions go by value where cloudpickle is installed.

    Rows that only this process has are written to Arrow files in ``folder``: the other process maps them, so that they
    are in memory once.

    Raises
    ------
    Exception
        Of any kind, where something cannot be pickled.
    """
    base: Any = pickle.Pickler
    if has_user_code(plan):
        try:
            import cloudpickle

            base = cloudpickle.Pickler
        except ModuleNotFoundError:
            pass  # functions go by name: those of installed modules can
    sent: dict[int, tuple[str, str, str]] = {}

    class Packer(base):  # type: ignore[misc]
        def persistent_id(self, value: Any) -> tuple[str, str, str] | None:
            if not isinstance(value, Source) or value.travels() or isinstance(value, LazySource):
                return None
            if id(value) not in sent:
                sent[id(value)] = _written(value, folder / f"input-{len(sent)}.arrow")
            return sent[id(value)]

    into = io.BytesIO()
    Packer(into, protocol=5).dump(value)
    return into.getvalue()


def unpack(packed: bytes, folder: Path) -> Any:
    """What was packed, with its rows mapped from ``folder``."""

    class Unpacker(pickle.Unpickler):
        def persistent_load(self, pid: tuple[str, str, str]) -> MemorySource:
            name, origin, token = pid
            return MemorySource(mapped(folder / name), origin, token)

    return Unpacker(io.BytesIO(packed)).load()


def mapped(path: Path) -> pl.DataFrame:
    """The rows of an Arrow file, which stay in the file until somebody looks at them.

    Polars 2.1 reads such files into memory, PyArrow maps them. What it has no type for is read.
    """
    try:
        with pa.memory_map(os.fspath(path)) as file:
            rows = pl.from_arrow(pa.ipc.open_file(file).read_all())
    except pa.ArrowNotImplementedError:
        return pl.read_ipc(path)
    assert isinstance(rows, pl.DataFrame)
    return rows


def keep(rows: pl.DataFrame | pl.LazyFrame, path: Path) -> None:
    """Write rows to an Arrow file that can be mapped; lazy ones run meanwhile, a few at a time."""
    rows.lazy().sink_ipc(path, compression="uncompressed", maintain_order=True, engine="streaming")


def _written(source: Source, path: Path) -> tuple[str, str, str]:
    keep(source.read(), path)
    path.chmod(0o600)
    origin, token = getattr(source, "origin", ""), getattr(source, "token", path.name)
    return path.name, origin or "another process", token


def cannot_go(attempt: Callable[[], bytes]) -> bytes | str:
    """What an attempt to pack gives, or why it fails, in a line."""
    try:
        return attempt()
    except ScalekitError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
