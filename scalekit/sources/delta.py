"""Delta tables as a source: one version of a table, pinned when it is scanned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import AccessError, MissingDependencyError, PathNotFoundError, SourceError
from scalekit.sources.base import Source, Statistics
from scalekit.sources.failures import as_source_error, source_errors
from scalekit.sources.footer import width
from scalekit.sources.redact import StorageOptions, redact
from scalekit.sources.uri import local_path, scheme_of
from scalekit.storage import parse_location

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator


@dataclass(frozen=True)
class DeltaSource(Source):
    """One version of a Delta table; see :func:`delta_source`."""

    uri: str
    version: int
    columns: tuple[tuple[str, pl.DataType], ...]
    rows: int | None
    stored_bytes: int
    options: StorageOptions

    @property
    def schema(self) -> pl.Schema:
        """Names and types of the columns in this version."""
        return pl.Schema(self.columns)

    def splits(self) -> tuple[None]:
        """The whole table: Polars skips its files by the statistics of the log."""
        return (None,)

    def read(self, splits: Sequence[Any] | None = None) -> pl.LazyFrame:
        """Scan the files of this version."""
        with _delta_errors(self.describe(), self.options):
            lazy = pl.scan_delta(
                self.uri, version=self.version, storage_options=self.options.to_dict() or None
            )
            return lazy if splits is None or len(splits) else lazy.clear()

    def statistics(self) -> Statistics:
        """Rows and sizes as the log tells them."""
        if self.rows is None:
            return Statistics()
        text = [
            name
            for name, dtype in self.columns
            if dtype.is_nested() or dtype in (pl.String, pl.Binary)
        ]
        sizes = {name: int(self.rows * (width(dtype) + 1 / 8)) for name, dtype in self.columns}
        for name in text:
            # Compressed on disk, so more in memory; the footers would tell, but there may be thousands.
            sizes[name] += 3 * self.stored_bytes // len(text)
        return Statistics(
            self.rows, sum(sizes.values()), exact=False, column_bytes=tuple(sizes.items())
        )

    def describe(self) -> str:
        """Path and version."""
        return f"Delta table {redact(self.uri, self.options)!r} version {self.version}"

    def __repr__(self) -> str:
        return f"<{self.describe()}>"

    def local_paths(self) -> tuple[str, ...]:
        """The table's folder, where it is local."""
        return (self.uri,) if scheme_of(self.uri) is None else ()

    def inputs(self) -> tuple[str, ...]:
        """The table's folder."""
        return (str(parse_location(self.uri)),)


def delta_source(
    source: str | os.PathLike[str],
    *,
    version: int | str | datetime | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
) -> DeltaSource:
    """Open a Delta table and pin a version, so that the same query gives the same rows again.

    Parameters
    ----------
    source
        The table's folder, as a path or URI.
    version
        A number, or a time (ISO 8601 text or a datetime) for the version that was current then; the
        latest by default.
    storage_options
        Options of the object store, as for Polars.

    Raises
    ------
    PathNotFoundError
        When there is no table, or no such version.
    AccessError
        When it may not be read.
    MissingDependencyError
        Without the package ``deltalake``.
    """
    try:
        from deltalake import DeltaTable
    except ImportError:
        raise MissingDependencyError.for_extra(
            "deltalake", "delta", purpose="scan_delta()"
        ) from None
    options = StorageOptions.of(storage_options)
    text = str(source)
    uri = local_path(text) if scheme_of(text) in (None, "file") else text
    what = f"Delta table {redact(text, options)!r}"
    with _delta_errors(what, options):
        number = version if isinstance(version, int) else None
        table = DeltaTable(uri, version=number, storage_options=_text_options(options))
        if version is not None and number is None:
            table.load_as_version(version)
        lazy = pl.scan_delta(
            uri, version=table.version(), storage_options=options.to_dict() or None
        )
        files = pl.DataFrame(table.get_add_actions(flatten=True))
        counts = files["num_records"] if "num_records" in files.columns else pl.Series([None])
        has_deletes = any("deletion_vector" in name for name in files.columns)
        known = not has_deletes and counts.null_count() == 0
        return DeltaSource(
            uri=uri,
            version=table.version(),
            columns=tuple(lazy.collect_schema().items()),
            rows=int(counts.sum()) if known else None,
            stored_bytes=int(files["size_bytes"].sum()) if "size_bytes" in files.columns else 0,
            options=options,
        )


def _text_options(options: StorageOptions) -> dict[str, str] | None:
    return {key: str(value) for key, value in options.items} or None


@contextmanager
def _delta_errors(what: str, options: StorageOptions) -> Iterator[None]:
    from deltalake.exceptions import DeltaError, TableNotFoundError

    with source_errors(what, options=options):
        try:
            yield
        except TableNotFoundError:
            raise PathNotFoundError(f"{what}: there is no Delta table; check the path") from None
        except DeltaError as error:
            text = redact(str(error).splitlines()[0], options)
            if (
                "not the same as the specified end version" in text
                or "nvalid table version" in text
            ):
                raise PathNotFoundError(
                    f"{what}: it has no such version ({text}); see its history"
                ) from None
            known = as_source_error(OSError(str(error)), what, options=options)
            raise (
                known if isinstance(known, AccessError) else SourceError(f"{what}: {text}")
            ) from None
