"""Compare files with the checksums that their writers left: in the name, or in each page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from scalekit.errors import CorruptFileError
from scalekit.sources.failures import source_errors
from scalekit.sources.redact import StorageOptions, redact
from scalekit.sources.remote import open_file
from scalekit.sources.uri import File
from scalekit.storage.names import PartName

_CHUNK = 4 * 1024**2


def verify_files(files: Sequence[File], options: StorageOptions) -> None:
    """Read every file to its end and compare it with its checksum.

    A file that scalekit wrote has its SHA-256 in its name. In other Parquet files the pages are compared
    with their CRC, where the writer added one; without one, only what does not decode is found.

    Raises
    ------
    CorruptFileError
        Naming the file.
    """
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda file: _verify(file, options), files))


@lru_cache(maxsize=50_000)
def _verify(file: File, options: StorageOptions) -> None:
    what = f"Parquet file {redact(file.uri, options)!r}"
    part = PartName.parse(file.uri)
    with source_errors(what, options=options), open_file(file.uri, options) as opened:
        if part is None:
            _verify_pages(opened, what)
            return
        digest = hashlib.sha256()
        for start in range(0, opened.size(), _CHUNK):
            opened.seek(start)
            digest.update(opened.read(min(_CHUNK, opened.size() - start)))
        if not digest.hexdigest().startswith(part.checksum):
            raise CorruptFileError(
                f"{what}: its content does not have the checksum that was written with it; restore the file"
            )


def _verify_pages(opened: Any, what: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = pa.BufferReader(opened.read(opened.size()))
    try:
        for _ in pq.ParquetFile(content, page_checksum_verification=True).iter_batches():
            pass
    except (OSError, ValueError) as error:
        raise CorruptFileError(f"{what}: {redact(str(error))}; restore the file") from None
