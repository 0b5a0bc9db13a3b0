from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from scalekit.errors import CorruptFileError, SchemaMismatchError, SecurityError
from scalekit.sources.ipc import ipc_source


@pytest.fixture
def write(tmp_path: Path):
    def write(name: str, data: dict, **schema: pl.DataType) -> str:
        path = str(tmp_path / name)
        pl.DataFrame(data, schema_overrides=schema).write_ipc(path)
        return path

    return write


def test_a_file(write, check):
    source = ipc_source(write("a.arrow", {"a": [1, None], "s": ["x", "y"]}))
    assert check(source).rows() == [(1, "x"), (None, "y")]
    assert source.statistics().rows == 2


def test_files_of_another_order_and_width(write, check):
    paths = [
        write("a.arrow", {"a": [1, 2], "s": ["x", "y"]}),
        write("b.arrow", {"s": ["z"], "a": [3]}, a=pl.Int32()),
        write("c.arrow", {"a": [4], "s": [None]}, s=pl.Null()),
    ]
    result = check(ipc_source(paths, row_index_name="i", include_file_paths="p", n_rows=4))
    assert result.select("i", "a", "s").rows() == [
        (0, 1, "x"),
        (1, 2, "y"),
        (2, 3, "z"),
        (3, 4, None),
    ]
    assert result["p"].n_unique() == 3


def test_types_that_differ(write):
    with pytest.raises(SchemaMismatchError, match="'a' is Int64 in"):
        ipc_source([write("a.arrow", {"a": [1]}), write("b.arrow", {"a": ["x"]})])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"ARROW1", "not all of it"),
        (b"hello world, this is text" * 3, "no Arrow IPC file"),
        (b"\xff\xff\xff\xff" + b"x" * 50, "IPC stream"),
    ],
)
def test_what_is_no_ipc_file(put, content, says):
    with pytest.raises(CorruptFileError, match=says):
        ipc_source(put("x.arrow", content))


def test_a_file_cut_short(write, put):
    content = Path(write("a.arrow", {"a": range(100)})).read_bytes()
    with pytest.raises(CorruptFileError, match="not all of it"):
        ipc_source(put("half.arrow", content[: len(content) // 2]))


def test_a_file_that_asks_to_be_unpickled_is_refused(tmp_path):
    field = pa.field("x", pa.binary(), metadata={"ARROW:extension:name": "arrow.py_extension_type"})
    table = pa.table([pa.array([b""])], schema=pa.schema([field]))
    with pa.ipc.new_file(tmp_path / "x.arrow", table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(SecurityError, match="py_extension_type"):
        ipc_source(tmp_path / "x.arrow")


def test_a_replaced_file(write):
    source = ipc_source(write("a.arrow", {"a": [1]}))
    write("a.arrow", {"a": [2, 3]})
    assert source.read().collect()["a"].to_list() == [2, 3]
