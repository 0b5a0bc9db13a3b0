"""The catalogue of bad input, TRUST.md section 6.3, cases 1 to 62: the right error, early, with the path in it.

A case makes its input below a folder and gives back what to scan. What it should come to is an error
class and what the message says, or a check of the rows: nothing is silently wrong.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest

from scalekit.errors import (
    AccessError,
    CorruptFileError,
    EmptyInputError,
    PathNotFoundError,
    ScalekitError,
    SchemaError,
    SchemaMismatchError,
    SecurityError,
    SourceError,
)
from scalekit.sources.base import Source
from scalekit.sources.csv import csv_source
from scalekit.sources.ndjson import ndjson_source
from scalekit.sources.parquet import parquet_source
from scalekit.sources.reading import reading_errors

Make = Callable[[Path], Any]
Scan = Callable[..., Source]


@dataclass(frozen=True)
class Case:
    number: int
    name: str
    scan: Scan
    make: Make
    error: type[ScalekitError] | None = None
    says: str | None = None
    rows: Callable[[pl.DataFrame], bool] | None = None

    def __str__(self) -> str:
        return f"case-{self.number:02}"


def file(name: str, content: bytes | str) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def parquet_bytes(table: pa.Table | dict, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(table) if isinstance(table, dict) else table, buffer, **options)
    return buffer.getvalue()


GOOD = parquet_bytes({"a": pa.array(range(100), pa.int64())})


def parquet(content: bytes) -> Make:
    return file("bad.parquet", content)


def footer_flipped() -> bytes:
    content = bytearray(GOOD)
    for place in range(len(content) - 60, len(content) - 20):
        content[place] ^= 0xFF
    return bytes(content)


def page_flipped(folder: Path) -> dict[str, Any]:
    checked = parquet_bytes(
        {"a": pa.array(range(1000), pa.int64())},
        write_page_checksum=True,
        compression="none",
        use_dictionary=False,
    )
    content = bytearray(checked)
    content[len(content) // 2] ^= 1
    return {"source": parquet(bytes(content))(folder), "verify": True}


def duplicate_columns() -> bytes:
    return parquet_bytes(pa.table([[1], [2]], names=["a", "a"]))


ODD_NAMES = ["a b", "ü", "x\ny", "", "a.b", "a'b", 'a"b', "*", "a=b", "col\t"]


def spark_folder(folder: Path) -> Path:
    for name in ("_SUCCESS", ".part-0.parquet.crc", "part-0.parquet", "readme.md"):
        (folder / name).write_bytes(GOOD if name == "part-0.parquet" else b"x")
    return folder


def two_files(first: dict, second: dict) -> Make:
    def make(folder: Path) -> Path:
        (folder / "1.parquet").write_bytes(parquet_bytes(first))
        (folder / "2.parquet").write_bytes(parquet_bytes(second))
        return folder

    return make


def hive(folder: Path) -> Path:
    for value in ("1", "x"):
        (folder / f"k={value}").mkdir()
        (folder / f"k={value}" / "a.parquet").write_bytes(GOOD)
    return folder


def dangling(folder: Path) -> Path:
    (folder / "link.parquet").symlink_to(folder / "gone.parquet")
    return folder / "link.parquet"


def folder_named_as_file(folder: Path) -> Path:
    (folder / "x.parquet").mkdir()
    return folder / "x.parquet"


def crafted() -> bytes:
    metadata = {"ARROW:extension:name": "ray.data.arrow_pickled_object"}
    field = pa.field("x", pa.binary(), metadata=metadata)
    return parquet_bytes(pa.table([pa.array([b""])], schema=pa.schema([field])))


class Keys(pe.KmsClient):
    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
        return key_bytes.hex().encode()

    def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
        return bytes.fromhex(wrapped_key.decode())


def encrypted(*, plaintext_footer: bool) -> bytes:
    factory = pe.CryptoFactory(lambda _: Keys())
    how = pe.EncryptionConfiguration(
        footer_key="f", column_keys={"c": ["s"]}, plaintext_footer=plaintext_footer
    )
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), how)
    table, buffer = pa.table({"s": ["x"]}), io.BytesIO()
    with pq.ParquetWriter(buffer, table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)
    return buffer.getvalue()


def many_files(folder: Path) -> Path:
    one = parquet_bytes({"a": [1]})
    for number in range(10_000):
        (folder / f"{number:05}.parquet").write_bytes(one)
    return folder


def int96() -> bytes:
    table = pa.table({"t": pa.array([dt.datetime(3000, 1, 1)], pa.timestamp("us"))})
    return parquet_bytes(table, use_deprecated_int96_timestamps=True)


def bomb() -> bytes:
    """Constant text, which a dictionary makes as small as nothing."""
    buffer = io.BytesIO()
    pl.select(s=pl.repeat("x" * 1000, 3_000_000)).write_parquet(buffer)
    return buffer.getvalue()


def is_like(expected: list[tuple]) -> Callable[[pl.DataFrame], bool]:
    return lambda rows: rows.rows() == expected


P, C, N = parquet_source, csv_source, ndjson_source


def csv(text: bytes | str, **options: Any) -> Make:
    return lambda folder: {"source": file("bad.csv", text)(folder), **options}


def json(text: bytes | str) -> Make:
    return file("bad.ndjson", text)


CASES = [
    Case(1, "empty file", P, parquet(b""), CorruptFileError, "it is empty"),
    Case(2, "half of it", P, parquet(GOOD[: len(GOOD) // 2]), CorruptFileError, "does not end"),
    Case(3, "without its tail", P, parquet(GOOD[:-4]), CorruptFileError, "does not end"),
    Case(4, "magic alone", P, parquet(b"PAR1"), CorruptFileError, "no Parquet file"),
    Case(5, "text", P, parquet(b"hello, I am no table at all"), CorruptFileError, "does not end"),
    Case(6, "footer flipped", P, parquet(footer_flipped()), CorruptFileError),
    Case(
        7,
        "footer of 2 GB",
        P,
        parquet(GOOD[:-8] + (2**31 - 1).to_bytes(4, "little") + b"PAR1"),
        CorruptFileError,
        "claims 2,147,483,647 bytes",
    ),
    Case(
        8, "footer of 0", P, parquet(GOOD[:-8] + bytes(4) + b"PAR1"), CorruptFileError, "claims 0"
    ),
    Case(9, "page flipped, checksummed", P, page_flipped, CorruptFileError, "restore"),
    Case(
        10,
        "no rows",
        P,
        parquet(parquet_bytes(pa.table({"a": pa.array([], pa.int32())}))),
        rows=lambda rows: rows.schema == {"a": pl.Int32()} and rows.height == 0,
    ),
    Case(11, "no columns", P, parquet(parquet_bytes(pa.table({}))), rows=lambda r: r.width == 0),
    Case(12, "duplicate columns", P, parquet(duplicate_columns()), SchemaError, "'a'"),
    Case(
        13,
        "odd names",
        P,
        parquet(parquet_bytes({name: [1] for name in ODD_NAMES})),
        rows=lambda rows: rows.columns == ODD_NAMES,
    ),
    Case(14, "empty folder", P, lambda folder: folder, PathNotFoundError, "no file ending in"),
    Case(15, "markers and a readme", P, spark_folder, SourceError, r"readme\.md"),
    Case(
        16,
        "text and number",
        P,
        two_files({"a": ["x"]}, {"a": [1]}),
        SchemaMismatchError,
        r"'a' is String in .*1\.parquet' and Int64 in .*2\.parquet'",
    ),
    Case(
        17,
        "missing column",
        P,
        two_files({"a": [1], "b": [2]}, {"a": [1]}),
        SchemaMismatchError,
        r"2\.parquet' lacks the column 'b'",
    ),
    Case(18, "k=1 and k=x", P, hive, rows=lambda rows: rows.schema["k"] == pl.String()),
    Case(19, "dangling link", P, dangling, PathNotFoundError, r"gone\.parquet"),
    Case(20, "absent", P, lambda f: f / "absent.parquet", PathNotFoundError, r"absent\.parquet"),
    Case(
        21,
        "glob of nothing",
        P,
        lambda f: f"{f}/none*.parquet",
        PathNotFoundError,
        "matches no file",
    ),
    Case(23, "folder named as a file", P, folder_named_as_file, PathNotFoundError, r"x\.parquet"),
    Case(24, "asks to be unpickled", P, parquet(crafted()), SecurityError, "pickled"),
    Case(
        25, "encrypted", P, parquet(encrypted(plaintext_footer=False)), CorruptFileError, "decrypt"
    ),
    Case(
        25,
        "encrypted columns",
        P,
        parquet(encrypted(plaintext_footer=True)),
        CorruptFileError,
        "decrypt",
    ),
    Case(
        26,
        "10,000 columns",
        P,
        parquet(parquet_bytes({f"c{n}": [n] for n in range(10_000)})),
        rows=lambda rows: rows.shape == (1, 10_000) and rows["c9999"][0] == 9999,
    ),
    Case(27, "10,000 files", P, many_files, rows=lambda rows: rows["a"].sum() == 10_000),
    Case(28, "INT96", P, parquet(int96()), rows=is_like([(dt.datetime(3000, 1, 1),)])),
    Case(
        29,
        "Null first",
        P,
        two_files({"a": pa.nulls(1)}, {"a": [1]}),
        rows=lambda rows: rows.schema == {"a": pl.Int64()} and rows["a"].to_list() == [None, 1],
    ),
    Case(32, "empty", C, csv(""), EmptyInputError, "empty"),
    Case(
        33, "header alone", C, csv("a,b\n"), rows=lambda r: r.columns == ["a", "b"] and not r.height
    ),
    Case(
        34, "too many fields", C, csv("a,b\n1,2\n1,2,3\n"), CorruptFileError, "record 3 .* 3 fields"
    ),
    Case(
        35, "too few fields", C, csv("a,b\n1,2\n1\n"), CorruptFileError, "record 3 .*ragged='null'"
    ),
    Case(35, "too few, on request", C, csv("a,b\n1\n", ragged="null"), rows=is_like([(1, None)])),
    Case(36, "bad UTF-8", C, csv(b"a,b\n1,\xff\n"), CorruptFileError, "UTF-8"),
    Case(37, "UTF-16", C, csv("a,b\n1,2\n".encode("utf-16")), CorruptFileError, "UTF-16"),
    Case(
        37,
        "UTF-16 without mark",
        C,
        csv("a,b\n1,2\n".encode("utf-16-le")),
        CorruptFileError,
        "UTF-16",
    ),
    Case(38, "byte order mark", C, csv("\ufeffa,b\n1,2\n"), rows=lambda r: r.columns == ["a", "b"]),
    Case(39, "NUL", C, csv("a,b\n1,x\0y\n"), CorruptFileError, "NUL"),
    Case(40, "unclosed quote", C, csv('a,b\n1,"x\n2,y\n'), CorruptFileError, "never closed"),
    Case(41, "CR LF", C, csv("a,b\r\n1,x\r\n"), rows=is_like([(1, "x")])),
    Case(42, "CR alone", C, csv("a,b\r1,2\r3,4\r"), CorruptFileError, "lone carriage returns"),
    Case(
        43,
        "late change of type",
        C,
        csv("a\n" + "1\n" * 5000 + "x\n"),
        rows=lambda rows: rows["a"].dtype == pl.String and rows["a"][-1] == "x",
    ),
    Case(45, "gz without suffix", C, csv(gzip.compress(b"a,b\n1,2\n")), rows=is_like([(1, 2)])),
    Case(
        46,
        "gz cut short",
        C,
        csv(gzip.compress(b"a,b\n1,2\n" * 999)[:-9]),
        CorruptFileError,
        "damaged",
    ),
    Case(47, "decimal comma", C, csv("a;b\n1,5;2\n", separator=";"), rows=is_like([("1,5", 2)])),
    Case(
        47,
        "decimal comma, said",
        C,
        csv("a;b\n1,5;2\n", separator=";", decimal_comma=True),
        rows=is_like([(1.5, 2)]),
    ),
    Case(
        48,
        "5 MB in a field",
        C,
        csv('a,b\n1,"' + "x" * 5_000_000 + '"\n'),
        rows=lambda rows: len(rows["b"][0]) == 5_000_000,
    ),
    Case(49, "blank lines", C, csv("a,b\n\n1,2\n\n\n3,4\n\n"), rows=is_like([(1, 2), (3, 4)])),
    Case(50, "no final line end", C, csv("a,b\n1,2\n3,4"), rows=is_like([(1, 2), (3, 4)])),
    Case(51, "name twice", C, csv("a,a\n1,2\n"), SchemaError, "'a' twice"),
    Case(52, "no name", C, csv(",a\n1,2\n"), rows=lambda rows: rows.columns == ["", "a"]),
    Case(52, "no names", C, csv(",,\n1,2,3\n"), SchemaError, "'' twice"),
    Case(53, "beyond 64 bits", C, csv(f"a\n1\n{2**63}\n"), rows=is_like([("1",), (str(2**63),)])),
    Case(
        54,
        "line ends in quotes",
        C,
        csv("a,b\n" + '"x\ny",1\n' * 20_000),
        rows=lambda rows: rows.height == 20_000 and rows["a"].unique().to_list() == ["x\ny"],
    ),
    Case(
        55, "kind changes", N, json('{"a":1}\n{"a":"x"}\n'), SchemaMismatchError, "'a' .*in line 2"
    ),
    Case(56, "cut short", N, json('{"a":1}\n{"a":2'), CorruptFileError, "line 2"),
    Case(57, "new key", N, json('{"a":1}\n{"a":2,"b":3}\n'), rows=is_like([(1, None), (2, 3)])),
    Case(
        58,
        "2,000 deep",
        N,
        json('{"a":' + "[" * 2000 + "]" * 2000 + "}"),
        CorruptFileError,
        "deeper",
    ),
    Case(59, "NaN", N, json('{"a":1}\n{"a":NaN}\n'), CorruptFileError, "line 2 holds NaN"),
    Case(60, "key twice", N, json('{"a":1,"a":2}\n'), CorruptFileError, "line 1 .*'a' twice"),
    Case(
        61,
        "30 digits",
        N,
        json('{"a":1}\n{"a":' + "9" * 30 + "}\n"),
        rows=lambda rows: rows["a"].to_list() == [1, int("9" * 30)],
    ),
    Case(
        62,
        "late float",
        N,
        json('{"a":1}\n' * 5000 + '{"a":1.5}\n'),
        rows=lambda r: r["a"][-1] == 1.5,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case}-{case.name.replace(' ', '-')}")
def test_bad_input(case: Case, tmp_path: Path) -> None:
    made = case.make(tmp_path)
    arguments = made if isinstance(made, dict) else {"source": made}
    if case.error is None:
        assert case.rows is not None
        assert case.rows(case.scan(**arguments).read().collect())
        return
    with pytest.raises(case.error, match=case.says) as caught:
        case.scan(**arguments)
    named = str(arguments["source"])
    assert named in str(caught.value) or str(tmp_path) in str(caught.value)
    assert isinstance(caught.value, Exception)
    assert "Traceback" not in str(caught.value)


def test_case_22_no_permission() -> None:
    """Root may read everything, so that it takes another user's identity for a moment."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "closed.parquet")
        path.write_bytes(GOOD)
        path.chmod(0)
        Path(folder).chmod(0o755)
        was = os.geteuid()
        try:
            if was == 0:
                os.seteuid(65534)
            with pytest.raises(AccessError, match=r"closed\.parquet"):
                parquet_source(path)
        finally:
            os.seteuid(was)


def test_case_30_replaced_during_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet_bytes({"a": list(range(200_000))}))
    source = parquet_source(path)
    lazy = source.read()
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(SourceError, match="replaced while it was read"), reading_errors([source]):
        lazy.collect()
    path.write_bytes(parquet_bytes({"a": [7]}))
    assert source.read().collect()["a"].to_list() == [7], "read again, it is the new file"


def test_case_31_bomb(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    path.write_bytes(bomb())
    assert path.stat().st_size < 200_000
    statistics = parquet_source(path).statistics()
    assert statistics.rows == 3_000_000
    assert (statistics.bytes or 0) > 48_000_000, "16 bytes for each view: admission can refuse it"


def test_case_44_wrong_delimiter(tmp_path: Path) -> None:
    path = file("bad.csv", "a;b\n1;2\n")(tmp_path)
    with pytest.warns(UserWarning, match=r"bad\.csv.*did you mean separator=';'"):
        source = csv_source(path)
    assert source.read().collect().rows() == [("1;2",)]


def test_every_case_of_the_catalogue_is_here() -> None:
    here = {case.number for case in CASES} | {22, 30, 31, 44}
    assert here == set(range(1, 63))
