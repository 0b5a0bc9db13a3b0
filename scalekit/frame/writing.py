"""Methods that write: all or nothing, at one commit point, and never over what the plan reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scalekit import run, targets
from scalekit.config import resolve
from scalekit.display.progress import progress
from scalekit.frame.base import FrameBase
from scalekit.targets.base import Mode, Target, WriteResult

Options = Mapping[str, Any] | None


class WriteMethods(FrameBase):
    """Run the plan and write its rows."""

    __slots__ = ()

    def write_parquet(
        self,
        path: Any,
        *,
        mode: Mode = "error",
        partition_by: str | Sequence[str] = (),
        compression: str = "zstd",
        compression_level: int | None = None,
        statistics: bool | str = True,
        row_group_size: int | None = None,
        overwrite_foreign: bool = False,
        storage_options: Options = None,
        write_id: str | None = None,
        **settings: Any,
    ) -> WriteResult:
        """Run the plan and write Parquet: one file, or a folder where ``path`` has no suffix.

        Readers see what was there before, or all of the new rows, never a mixture, also where this
        process is killed.

        Parameters
        ----------
        path
            A path or URI (``s3://``, ``gs://``, ``az://``). Without a suffix, or ending in ``/``, it is
            a folder of part files.
        mode
            ``"error"`` (the default) refuses to touch what exists, ``"overwrite"`` replaces it in one
            step, ``"append"`` adds to it in one step.
        partition_by
            Columns whose values become folders ``key=value``.
        compression, compression_level, statistics, row_group_size
            As for Polars.
        overwrite_foreign
            Whether ``mode="overwrite"`` may remove files that scalekit did not write.
        storage_options
            Options of the object store, as for Polars; never shown.
        write_id
            An identity of this write: a second run with the same one adds nothing.
        settings
            As in :meth:`collect`.

        Raises
        ------
        TargetExistsError
            Where something is there and ``mode="error"``.
        TargetError
            Where the target cannot be written, or is what the plan reads.
        WriteConflictError
            Where another writer committed first.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"x": [1, 2]})
        >>> frame.write_parquet("numbers.parquet").rows
        2
        >>> sk.scan_parquet("numbers.parquet").collect()["x"].to_list()
        [1, 2]
        """
        target = targets.ParquetTarget(
            path=path,
            mode=mode,
            partition_by=partition_by,  # type: ignore[arg-type]
            compression=compression,  # type: ignore[arg-type]
            compression_level=compression_level,
            statistics=statistics,
            row_group_size=row_group_size,
            overwrite_foreign=overwrite_foreign,
            storage_options=storage_options,  # type: ignore[arg-type]
        )
        return self._write(target, write_id, settings)

    def write_csv(
        self,
        path: Any,
        *,
        mode: Mode = "error",
        partition_by: str | Sequence[str] = (),
        include_header: bool = True,
        separator: str = ",",
        quote_char: str = '"',
        null_value: str | None = None,
        datetime_format: str | None = None,
        date_format: str | None = None,
        time_format: str | None = None,
        float_precision: int | None = None,
        decimal_comma: bool = False,
        compression: str | None = None,
        overwrite_foreign: bool = False,
        storage_options: Options = None,
        write_id: str | None = None,
        **settings: Any,
    ) -> WriteResult:
        """Run the plan and write CSV; ``path``, ``mode`` and the rest as in :meth:`write_parquet`.

        Parameters
        ----------
        include_header, separator, quote_char, null_value, datetime_format, date_format, time_format
            How rows become text, as for Polars. Null is an empty field unless ``null_value`` is given.
        float_precision, decimal_comma
            How numbers become text.
        compression
            ``"gzip"`` or ``"zstd"``; by the path's suffix if None.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"k": ["a", "b"], "x": [1, None]}).write_csv("numbers.csv").rows
        2
        >>> sk.scan_csv("numbers.csv").collect()["x"].to_list()
        [1, None]
        """
        target = targets.CsvTarget(
            path=path,
            mode=mode,
            partition_by=partition_by,  # type: ignore[arg-type]
            include_header=include_header,
            separator=separator,
            quote_char=quote_char,
            null_value=null_value,
            datetime_format=datetime_format,
            date_format=date_format,
            time_format=time_format,
            float_precision=float_precision,
            decimal_comma=decimal_comma,
            compression=compression,  # type: ignore[arg-type]
            overwrite_foreign=overwrite_foreign,
            storage_options=storage_options,  # type: ignore[arg-type]
        )
        return self._write(target, write_id, settings)

    def write_ndjson(
        self,
        path: Any,
        *,
        mode: Mode = "error",
        partition_by: str | Sequence[str] = (),
        compression: str | None = None,
        overwrite_foreign: bool = False,
        storage_options: Options = None,
        write_id: str | None = None,
        **settings: Any,
    ) -> WriteResult:
        """Run the plan and write a JSON object for each row, on a line of its own.

        The parameters are those of :meth:`write_parquet`; ``compression`` is ``"gzip"`` or ``"zstd"``,
        and goes by the path's suffix if None.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1]}).write_ndjson("numbers.ndjson").rows
        1
        """
        target = targets.NdjsonTarget(
            path=path,
            mode=mode,
            partition_by=partition_by,  # type: ignore[arg-type]
            compression=compression,  # type: ignore[arg-type]
            overwrite_foreign=overwrite_foreign,
            storage_options=storage_options,  # type: ignore[arg-type]
        )
        return self._write(target, write_id, settings)

    def write_ipc(
        self,
        path: Any,
        *,
        mode: Mode = "error",
        partition_by: str | Sequence[str] = (),
        compression: str = "zstd",
        overwrite_foreign: bool = False,
        storage_options: Options = None,
        write_id: str | None = None,
        **settings: Any,
    ) -> WriteResult:
        """Run the plan and write Arrow IPC (Feather 2); the parameters as in :meth:`write_parquet`.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1]}).write_ipc("numbers.arrow").rows
        1
        """
        target = targets.IpcTarget(
            path=path,
            mode=mode,
            partition_by=partition_by,  # type: ignore[arg-type]
            compression=compression,  # type: ignore[arg-type]
            overwrite_foreign=overwrite_foreign,
            storage_options=storage_options,  # type: ignore[arg-type]
        )
        return self._write(target, write_id, settings)

    def write_delta(
        self,
        path: Any,
        *,
        mode: Mode = "error",
        partition_by: str | Sequence[str] = (),
        schema_mode: str | None = None,
        storage_options: Options = None,
        write_id: str | None = None,
        **settings: Any,
    ) -> WriteResult:
        """Run the plan and write one version of a Delta table.

        Parameters
        ----------
        path, mode, partition_by, storage_options, write_id, settings
            As in :meth:`write_parquet`.
        schema_mode
            ``"merge"`` lets an append add columns.

        Raises
        ------
        MissingDependencyError
            Where deltalake is not installed.
        SchemaError
            For types that Delta cannot hold exactly.
        """
        target = targets.DeltaTarget(
            path=path,
            mode=mode,
            partition_by=partition_by,  # type: ignore[arg-type]
            schema_mode=schema_mode,  # type: ignore[arg-type]
            storage_options=storage_options,  # type: ignore[arg-type]
        )
        return self._write(target, write_id, settings)

    def write_database(
        self,
        table: str,
        uri: Any,
        *,
        mode: Mode = "error",
        engine: str = "auto",
        write_id: str | None = None,
        **settings: Any,
    ) -> WriteResult:
        """Run the plan and write its rows to a table, in one transaction.

        Parameters
        ----------
        table
            Its name, with that of the schema before a point where there is one.
        uri
            The database, as ``postgresql://user@host/name`` or ``sqlite:///folder/file.db``, or a
            SQLAlchemy engine. Passwords are never shown.
        mode
            ``"error"``, ``"overwrite"`` (the table is dropped and made anew) or ``"append"``.
        engine
            ``"adbc"`` or ``"sqlalchemy"``; the first that has a driver for ``"auto"``.
        write_id, settings
            As in :meth:`write_parquet`.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2]}).write_database("numbers", "sqlite:///numbers.db").rows
        2
        """
        target = targets.DatabaseTarget(table=table, uri=uri, mode=mode, engine=engine)  # type: ignore[arg-type]
        return self._write(target, write_id, settings)

    def _write(
        self, target: Target, write_id: str | None, settings: Mapping[str, Any]
    ) -> WriteResult:
        config = resolve(**settings)
        with progress(config) as watch:
            return run.write(self._plan, target, config, write_id, watch)
