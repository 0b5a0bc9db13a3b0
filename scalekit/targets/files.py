"""The file formats: how rows become bytes, how they are counted and joined to one file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, ClassVar, Literal, cast

import polars as pl

from scalekit.errors import TargetError
from scalekit.targets.base import FileTarget

_WRITE_IDS = "scalekit.write_ids"
_Compression = Literal["uncompressed", "gzip", "zstd"]
ParquetCompression = Literal["uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4"]
_BY_SUFFIX: dict[str, _Compression] = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}


@dataclass(frozen=True, kw_only=True)
class ParquetTarget(FileTarget):
    """A Parquet file, or a folder of them; the parameters are those of Polars' ``sink_parquet``."""

    formats: ClassVar[str] = "parquet"
    suffix: ClassVar[str] = ".parquet"

    compression: ParquetCompression = "zstd"
    compression_level: int | None = None
    statistics: bool | str = True
    row_group_size: int | None = None
    data_page_size: int | None = None

    def write_file(self, frame: pl.LazyFrame, into: IO[bytes] | pl.PartitionBy) -> None:
        """Write rows as Parquet."""
        self._sink(frame, into, None)

    def count_rows(self, path: Path) -> int:
        """Read the row count of the footer."""
        return _length(pl.scan_parquet(path, glob=False, hive_partitioning=False))

    def read_schema(self, path: Path) -> pl.Schema:
        """Read the schema of the footer."""
        return pl.Schema(pl.read_parquet_schema(path))

    def merge(
        self,
        paths: list[Path],
        merged: Path,
        *,
        schema: pl.Schema,  # noqa: ARG002 - each file has it
        write_ids: tuple[str, ...] = (),
    ) -> None:
        """Join files row group by row group; ``write_ids`` go into the footer."""
        frames = [pl.scan_parquet(p, glob=False, hive_partitioning=False) for p in paths]
        metadata = {_WRITE_IDS: json.dumps(write_ids)} if write_ids else None
        with merged.open("wb") as into:
            self._sink(pl.concat(frames), into, metadata)

    def read_write_ids(self, path: Path) -> tuple[str, ...]:
        """The identities of the writes in the footer."""
        return tuple(json.loads(pl.read_parquet_metadata(path).get(_WRITE_IDS, "[]")))

    @property
    def records_write_ids(self) -> bool:
        """A footer has room for them."""
        return True

    def _sink(
        self, frame: pl.LazyFrame, into: IO[bytes] | pl.PartitionBy, metadata: dict[str, str] | None
    ) -> None:
        frame.sink_parquet(
            into,
            compression=self.compression,
            compression_level=self.compression_level,
            statistics=self.statistics,
            row_group_size=self.row_group_size,
            data_page_size=self.data_page_size,
            metadata=metadata,
        )


@dataclass(frozen=True, kw_only=True)
class IpcTarget(FileTarget):
    """An Arrow IPC (Feather 2) file, or a folder of them."""

    formats: ClassVar[str] = "ipc"
    suffix: ClassVar[str] = ".arrow"

    compression: Literal["uncompressed", "lz4", "zstd"] = "zstd"

    def write_file(self, frame: pl.LazyFrame, into: IO[bytes] | pl.PartitionBy) -> None:
        """Write rows as Arrow IPC."""
        # string_view, which the newest level writes, breaks sorts in pandas 3.1
        level = pl.CompatLevel.oldest()
        frame.sink_ipc(into, compression=self.compression, compat_level=level)

    def count_rows(self, path: Path) -> int:
        """Read the row counts of the batches."""
        return _length(pl.scan_ipc(path, glob=False, hive_partitioning=False))

    def read_schema(self, path: Path) -> pl.Schema:
        """Read the schema of the footer."""
        return pl.Schema(pl.read_ipc_schema(path))

    def merge(
        self,
        paths: list[Path],
        merged: Path,
        *,
        schema: pl.Schema,  # noqa: ARG002 - each file has it
        write_ids: tuple[str, ...] = (),  # noqa: ARG002 - there is no room for them
    ) -> None:
        """Join files batch by batch."""
        frames = [pl.scan_ipc(p, glob=False, hive_partitioning=False) for p in paths]
        with merged.open("wb") as into:
            self.write_file(pl.concat(frames), into)


@dataclass(frozen=True, kw_only=True)
class TextTarget(FileTarget):
    """What the text formats share: whole-file compression, and joining by bytes."""

    compression: _Compression | None = None

    @property
    def codec(self) -> _Compression:
        """The compression that was asked for, or the one that the path's suffix names."""
        return self.compression or _BY_SUFFIX.get(Path(self.path).suffix, "uncompressed")

    @property
    def part_suffix(self) -> str:
        """The suffix of a part file, with that of the compression."""
        ending = {"gzip": ".gz", "zstd": ".zst", "uncompressed": ""}[self.codec]
        return f"{self.suffix}{ending}"

    def open_text(self, path: Path, mode: Literal["rb", "wb"]) -> IO[bytes]:
        """Open a file of this target, compression undone or done."""
        raw = path.open(mode)
        if self.codec == "uncompressed":
            return raw
        import pyarrow as pa  # a tenth of a second that other formats need not spend

        wrap = pa.CompressedInputStream if mode == "rb" else pa.CompressedOutputStream
        return cast("IO[bytes]", wrap(raw, self.codec))

    def header(self, schema: pl.Schema) -> bytes:  # noqa: ARG002 - for formats that have one
        """The bytes before the first row of a file, which only the first of several keeps."""
        return b""

    def merge(
        self,
        paths: list[Path],
        merged: Path,
        *,
        schema: pl.Schema,
        write_ids: tuple[str, ...] = (),  # noqa: ARG002 - there is no room for them
    ) -> None:
        """Join files byte by byte, with the header of the first one only."""
        header = self.header(schema)
        filled = [path for path in paths if path.stat().st_size]
        with self.open_text(merged, "wb") as out:
            for position, path in enumerate(filled):
                with self.open_text(path, "rb") as part:
                    if position and part.read(len(header)) != header:
                        raise TargetError(
                            f"{path} does not begin with the header of {dict(schema)}"
                        )
                    _copy_lines(part, out)


@dataclass(frozen=True, kw_only=True)
class CsvTarget(TextTarget):
    """A CSV file, or a folder of them; the parameters are those of Polars' ``sink_csv``."""

    formats: ClassVar[str] = "csv"
    suffix: ClassVar[str] = ".csv"
    cannot_hold: ClassVar[tuple[type[pl.DataType], ...]] = (
        pl.Object,
        pl.Binary,
        pl.Duration,
        pl.List,
        pl.Array,
        pl.Struct,
    )

    include_header: bool = True
    include_bom: bool = False
    separator: str = ","
    line_terminator: str = "\n"
    quote_char: str = '"'
    quote_style: Literal["necessary", "always", "non_numeric", "never"] | None = None
    null_value: str | None = None
    datetime_format: str | None = None
    date_format: str | None = None
    time_format: str | None = None
    float_precision: int | None = None
    float_scientific: bool | None = None
    decimal_comma: bool = False

    def write_file(self, frame: pl.LazyFrame, into: IO[bytes] | pl.PartitionBy) -> None:
        """Write rows as CSV."""
        self._write(frame, into, compression=self.codec)

    def count_rows(self, path: Path) -> int:
        """Parse the file for its row ends.

        Raises
        ------
        TargetError
            Its only column has a null, whose line is blank: readers pass over it.
        """
        if not path.stat().st_size:
            return 0
        scan = pl.scan_csv(
            path,
            has_header=self.include_header,
            separator=self.separator,
            quote_char=None if self.quote_style == "never" else self.quote_char,
            eol_char=self.line_terminator[-1],
            infer_schema=False,
            glob=False,
        )
        names = scan.collect_schema().names()
        if len(names) == 1 and scan.select(pl.col(names[0]).is_null().any()).collect().item():
            raise TargetError(
                f"cannot write {self.describe()}: a null in the only column would be a blank line, which "
                "readers pass over: say null_value='NA', or write Parquet"
            )
        return _length(scan)

    def read_schema(self, path: Path) -> pl.Schema:
        """The names of the header, all of them strings."""
        if not self.include_header or not path.stat().st_size:
            return pl.Schema()
        # Polars 2.1 reads a quote in a quoted header as two
        with (
            self.open_text(path, "rb") as raw,
            io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text,
        ):
            quote = self.quote_char or None
            rows = csv.reader(text, delimiter=self.separator, quotechar=quote)
            return pl.Schema(dict.fromkeys(next(rows, []), pl.String()))

    def header(self, schema: pl.Schema) -> bytes:
        """The header line, or lines, as a name may hold a line end."""
        if not self.include_header:
            return b""
        names = pl.LazyFrame(schema=dict.fromkeys(schema, pl.String))
        with io.BytesIO() as written:
            self._write(names, written, compression="uncompressed")
            return written.getvalue()

    def _write(
        self,
        frame: pl.LazyFrame,
        into: IO[bytes] | pl.PartitionBy,
        *,
        compression: _Compression,
    ) -> None:
        frame.sink_csv(
            into,
            compression=compression,
            check_extension=False,
            include_header=self.include_header,
            include_bom=self.include_bom,
            separator=self.separator,
            line_terminator=self.line_terminator,
            quote_char=self.quote_char,
            quote_style=self.quote_style,
            null_value=self.null_value,
            datetime_format=self.datetime_format,
            date_format=self.date_format,
            time_format=self.time_format,
            float_precision=self.float_precision,
            float_scientific=self.float_scientific,
            decimal_comma=self.decimal_comma,
        )


@dataclass(frozen=True, kw_only=True)
class NdjsonTarget(TextTarget):
    """A file of one JSON object for each line, or a folder of them."""

    formats: ClassVar[str] = "ndjson"
    suffix: ClassVar[str] = ".ndjson"
    cannot_hold: ClassVar[tuple[type[pl.DataType], ...]] = (pl.Object, pl.Binary)

    def write_file(self, frame: pl.LazyFrame, into: IO[bytes] | pl.PartitionBy) -> None:
        """Write rows as JSON lines; JSON has neither NaN nor infinity."""
        floats = [name for name, dtype in frame.collect_schema().items() if dtype.is_float()]
        frame = frame.with_columns(
            pl.col(name).map_batches(
                self._check_finite, return_dtype=pl.self_dtype(), is_elementwise=True
            )
            for name in floats
        )
        frame.sink_ndjson(into, compression=self.codec, check_extension=False)

    def _check_finite(self, values: pl.Series) -> pl.Series:
        if values.is_finite().not_().any():
            raise TargetError(
                f"cannot write {self.describe()}: JSON has neither NaN nor infinity, and column "
                f"{values.name!r} has: say .fill_nan(None) where that is meant, or write Parquet"
            )
        return values

    def count_rows(self, path: Path) -> int:
        """Count the lines; a line end inside a string is written as an escape."""
        with self.open_text(path, "rb") as file:
            return sum(block.count(b"\n") for block in iter(partial(file.read, 1 << 20), b""))

    def read_schema(self, path: Path) -> pl.Schema:  # noqa: ARG002 - there is none to read
        """Nothing: each line names its own keys."""
        return pl.Schema()


def _length(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect().item())


def _copy_lines(source: IO[bytes], out: IO[bytes]) -> None:
    """Copy, ending the last line: a foreign file may lack its line end, and the next row would join it."""
    last = b"\n"
    read: Callable[[], Any] = partial(source.read, 1 << 20)
    for block in iter(read, b""):
        out.write(block)
        last = block[-1:]
    if last != b"\n":
        out.write(b"\n")


__all__ = ["CsvTarget", "IpcTarget", "NdjsonTarget", "ParquetTarget", "TextTarget"]
