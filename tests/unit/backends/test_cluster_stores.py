"""Tasks that read from and write to an object store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import polars as pl
import pytest

import scalekit as sk
from scalekit.backends.serial import SerialBackend, SerialCluster
from scalekit.backends.tasks.cluster import Ref, Submitted
from scalekit.errors import ExecutionError
from scalekit.kernels.task import Facts
from tests.battery.s3_server import BUCKET, client, s3_server

pytestmark = pytest.mark.s3

ROWS = pl.DataFrame({"i": range(100), "k": [f"k{n % 3}" for n in range(100)]})
SERIAL: dict[str, Any] = {"backend": "serial", "partitions": 4}


@pytest.fixture(scope="module")
def options() -> Iterator[dict[str, str]]:
    with s3_server() as found:
        yield found


@pytest.fixture
def folder() -> str:
    return f"t{uuid4().hex[:8]}"


def names(options: dict[str, str], folder: str) -> list[str]:
    found = client(options).list_objects_v2(Bucket=BUCKET, Prefix=f"{folder}/")
    return [item["Key"].removeprefix(f"{folder}/") for item in found.get("Contents", [])]


@pytest.mark.parametrize("keys", [[], ["k"]])
def test_parts_become_visible_with_one_manifest(options, folder, keys):
    path = f"s3://{BUCKET}/{folder}"
    frame = sk.from_polars(ROWS)
    result = frame.write_parquet(path, partition_by=keys, storage_options=options, **SERIAL)
    assert result.rows == 100
    parts = [name for name in names(options, folder) if name.endswith(".parquet")]
    assert len(parts) == len(result.files) == (12 if keys else 4)
    assert [name for name in names(options, folder) if "manifest" in name] == [
        "_scalekit/manifest-00000001.json"
    ]
    read = sk.scan_parquet(path, storage_options=options).sort("i")
    for settings in (SERIAL, {"backend": "polars"}):
        assert read.collect(**settings).select("i", "k").equals(ROWS)


class Failing(SerialCluster):
    """A cluster that loses the last part after it was written."""

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        done = super().submit(packed, facts, tables, outputs)
        if facts.part == 3 and done.report.answer is not None:
            raise ExecutionError("the worker is gone")
        return done


def test_a_task_that_fails_leaves_nothing_in_the_store(options, folder, monkeypatch):
    monkeypatch.setattr(SerialBackend, "connect", lambda _self, _config: Failing())
    with pytest.raises(ExecutionError, match="worker is gone"):
        sk.from_polars(ROWS).write_parquet(
            f"s3://{BUCKET}/{folder}", storage_options=options, **SERIAL
        )
    assert names(options, folder) == []


@pytest.mark.parametrize("kind", ["parquet", "csv", "ndjson", "ipc"])
def test_files_of_a_store_are_read_in_parts(options, folder, kind):
    frame = sk.from_polars(ROWS)
    path = f"s3://{BUCKET}/{folder}/"
    write, scan = getattr(frame, f"write_{kind}"), getattr(sk, f"scan_{kind}")
    write(path, storage_options=options, **SERIAL)
    found = scan(path, storage_options=options).filter(sk.col("i") >= 30)
    assert found.collect(backend="serial", partitions=3).equals(ROWS[30:])
