"""The manifest of a dataset in an object store: one JSON object for each commit, created once, never changed."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Self

import polars as pl

from scalekit.storage.names import META, PartName

_NAME = re.compile(rf"(?:^|/){META}/manifest-(\d+)\.json$")
_VERSION = 1


@dataclass(frozen=True)
class ManifestFile:
    """A live file of a commit.

    Parameters
    ----------
    path
        Relative to the dataset.
    bytes, rows, checksum
        What its writer measured; rows and checksum of a foreign file are not known.
    foreign
        Whether scalekit found it there rather than wrote it.
    """

    path: str
    bytes: int
    rows: int | None = None
    checksum: str | None = None
    foreign: bool = False


@dataclass(frozen=True)
class Manifest:
    """The state of a dataset after one commit.

    Parameters
    ----------
    generation
        The number of the commit, which is in the manifest's name.
    write_id, nonce
        The write that made it, and the session: after a lost answer a writer finds itself here.
    mode
        How it was written.
    format
        The format of the files.
    schema
        The columns, those of the partition keys included.
    keys
        Name and type of each partition key.
    files
        All live files in the order of their rows.
    """

    generation: int
    write_id: str
    nonce: str
    mode: str
    format: str
    schema: pl.Schema
    keys: tuple[tuple[str, str], ...]
    files: tuple[ManifestFile, ...]

    @property
    def writes(self) -> set[str]:
        """The tokens of the writes whose rows are live."""
        return {part.write for part in (PartName.parse(f.path) for f in self.files) if part}

    @property
    def paths(self) -> set[str]:
        """The relative paths of the live files."""
        return {file.path for file in self.files}

    def encode(self) -> bytes:
        """The JSON of the manifest."""
        plain = {
            "version": _VERSION,
            "generation": self.generation,
            "write_id": self.write_id,
            "nonce": self.nonce,
            "mode": self.mode,
            "format": self.format,
            "columns": {name: str(dtype) for name, dtype in self.schema.items()},
            "schema": _encode_schema(self.schema),
            "keys": self.keys,
            "files": [asdict(file) for file in self.files],
        }
        return json.dumps(plain, indent=1).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the JSON of a manifest.

        Raises
        ------
        ValueError
            It is not one, or a later version of scalekit wrote it.
        """
        plain: dict[str, Any] = json.loads(data)
        if plain.get("version") != _VERSION:
            raise ValueError(f"version {plain.get('version')}; this scalekit reads {_VERSION}")
        return cls(
            generation=plain["generation"],
            write_id=plain["write_id"],
            nonce=plain["nonce"],
            mode=plain["mode"],
            format=plain["format"],
            schema=_decode_schema(plain["schema"]),
            keys=tuple((name, dtype) for name, dtype in plain["keys"]),
            files=tuple(ManifestFile(**file) for file in plain["files"]),
        )


def manifest_name(generation: int) -> str:
    """The relative path of a manifest."""
    return f"{META}/manifest-{generation:08}.json"


def parse_manifest_name(path: str) -> int | None:
    """The generation that a path names, or None where it is no manifest."""
    match = _NAME.search(path)
    return int(match.group(1)) if match else None


def _encode_schema(schema: pl.Schema) -> str:
    """An Arrow IPC file without rows, which holds every type that Polars has."""
    with io.BytesIO() as file:
        pl.DataFrame(schema=schema).write_ipc(file)
        return base64.b64encode(file.getvalue()).decode()


def _decode_schema(text: str) -> pl.Schema:
    return pl.Schema(pl.read_ipc_schema(io.BytesIO(base64.b64decode(text))))
