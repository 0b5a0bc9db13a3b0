"""A run that is in the store: what it says of itself, and its files, read when they are asked for."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import RunNotFoundError, TrackingError
from scalekit.tracking.files.base import Files
from scalekit.tracking.models import OnMismatch, load_saved
from scalekit.tracking.record import RunRecord
from scalekit.tracking.tables import tables_from_parquet

if TYPE_CHECKING:
    import pyarrow as pa

RECORD = "run.json"
METRICS = "metrics.parquet"
STATISTICS = "stats.parquet"
REPORT = "report.json"
PAGE = "report.html"
PROTOCOL = "protocol.yaml"
LOGGED = "files"


def folder_of(record: RunRecord) -> str:
    """The folder of a run below the root."""
    return f"{record.project}/runs/{record.id}"


@dataclass(frozen=True, repr=False)
class Run:
    """One run of a store.

    Attributes
    ----------
    record
        What ``run.json`` says.
    files
        Where it lies.
    """

    record: RunRecord
    files: Files

    @property
    def id(self) -> str:
        """The identifier, a ULID."""
        return self.record.id

    @property
    def place(self) -> str:
        """The folder, for messages."""
        return f"{self.files.root}/{folder_of(self.record)}"

    def __repr__(self) -> str:
        record = self.record
        shown = ", ".join(f"{name}={m.value:.4g}" for name, m in list(record.metrics.items())[:3])
        return f"Run({record.project}/{record.id}, {record.name!r}, {record.kind}, {record.status}{shown and f', {shown}'})"

    def read(self, name: str) -> bytes | None:
        """The content of one of its files, or None where there is none."""
        return self.files.read(f"{folder_of(self.record)}/{name}")

    def metrics(self) -> pl.DataFrame:
        """Every number with its interval, by model and slice; columns as the report's ``frame()``.

        A run without any has a frame without rows, of the columns ``model``, ``metric`` and ``value``.
        """
        content = self.read(METRICS)
        if content is None:
            return pl.DataFrame(
                schema={"model": pl.String(), "metric": pl.String(), "value": pl.Float64()}
            )
        return pl.read_parquet(io.BytesIO(content))

    def tallies(self) -> dict[str, dict[str, pa.Table]]:
        """Block statistics by role of the rows and name of the table; empty where nothing was evaluated."""
        content = self.read(STATISTICS)
        return {} if content is None else tables_from_parquet(content, f"{self.place}/{STATISTICS}")

    def report(self) -> Mapping[str, Any] | None:
        """The report as a dictionary, without its statistics; None where nothing was evaluated."""
        content = self.read(REPORT)
        return None if content is None else dict(json.loads(content))

    def report_html(self) -> str | None:
        """The report as one page; None where there is none."""
        return _text(self.read(PAGE))

    def protocol(self) -> str | None:
        """The protocol as YAML, as it was when the run was made; None where nothing was evaluated."""
        return _text(self.read(PROTOCOL))

    def logged(self, name: str) -> bytes:
        """The content of a file that ``run.log(files=...)`` was given.

        Raises
        ------
        RunNotFoundError
            Where it was not; the message lists those that were.
        """
        content = self.read(f"{LOGGED}/{name}") if name in self.record.files else None
        if content is None:
            raise RunNotFoundError.missing("file", name, self.record.files, place=self.place)
        return content

    def load_model(self, *, on_mismatch: OnMismatch = "error") -> Any:
        """Load its model: a genuine fitted object, as it was saved.

        A pickle runs code when it is loaded: load models only from stores whose writers you trust.

        Parameters
        ----------
        on_mismatch
            ``"error"``, ``"warn"`` or ``"ignore"`` where the versions installed are not those it was saved under.

        Raises
        ------
        TrackingError
            Where the run has no model.
        ModelVersionError
            Where versions differ.
        CorruptFileError
            Where the file is not the one that was saved.
        """
        if self.record.model is None:
            raise TrackingError(f"{self.place} has no model: nothing was fitted or evaluated in it")
        return load_saved(self.read, self.record.model, self.place, on_mismatch=on_mismatch)


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode()
