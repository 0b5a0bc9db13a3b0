from __future__ import annotations

import io

import polars as pl
import pytest

from scalekit.errors import AccessError, CorruptFileError, PathNotFoundError, SourceError
from scalekit.sources.csv import csv_source
from scalekit.sources.delta import delta_source
from scalekit.sources.ipc import ipc_source
from scalekit.sources.ndjson import ndjson_source
from scalekit.sources.parquet import parquet_source
from scalekit.sources.remote import _glob_pattern
from scalekit.targets import ParquetTarget
from scalekit.targets import write as write_target
from tests.battery.s3_server import BUCKET

pytestmark = pytest.mark.s3


def parquet_bytes(data: dict) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(data).write_parquet(buffer)
    return buffer.getvalue()


@pytest.fixture
def upload(s3):
    def upload(key: str, content: bytes) -> str:
        s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        return f"s3://{BUCKET}/{key}"

    return upload


@pytest.fixture
def lake(upload):
    upload("t/k=1/a.parquet", parquet_bytes({"a": [1]}))
    upload("t/k=2/b.parquet", parquet_bytes({"a": [2, 3]}))
    upload("t/_SUCCESS", b"")
    return f"s3://{BUCKET}/t"


@pytest.mark.parametrize(
    ("suffix", "rows"),
    [
        ("", [(1, 1), (2, 2), (3, 2)]),
        ("/", [(1, 1), (2, 2), (3, 2)]),
        ("/k=1/a.parquet", [(1,)]),
        ("/*/*.parquet", [(1,), (2,), (3,)]),
        ("/k=[2]/?.parquet", [(2,), (3,)]),
        ("/**/*.parquet", [(1,), (2,), (3,)]),
    ],
)
def test_files_folders_and_globs(lake, s3_options, check, suffix, rows):
    source = parquet_source(lake + suffix, storage_options=s3_options)
    assert check(source).rows() == rows
    assert source.statistics().rows == len(rows)


def test_two_spellings_have_one_identity(lake, s3_options):
    one = parquet_source(f"{lake}/k=1/a.parquet", storage_options=s3_options)
    two = parquet_source(
        f"s3a://{BUCKET}//t/k=1/./a.parquet".replace("/./", "/").replace("//t", "/t"),
        storage_options=s3_options,
    )
    assert one.inputs() == two.inputs() == (f"s3://{BUCKET}/t/k=1/a.parquet",)


def test_text_formats(upload, s3_options, check):
    csv = upload("x/a.csv", b"zip,n\n02139,1\n\n94103,\n")
    assert check(csv_source(csv, storage_options=s3_options)).rows() == [
        ("02139", 1),
        ("94103", None),
    ]
    lines = upload("x/a.ndjson", b'{"a":1}\n\n{"a":2,"b":"x"}\n')
    assert check(ndjson_source(lines, storage_options=s3_options)).rows() == [(1, None), (2, "x")]
    with pytest.raises(CorruptFileError, match="record 3"):
        csv_source(upload("x/bad.csv", b"a,b\n1,2\n3\n"), storage_options=s3_options)


def test_ipc(upload, s3_options, check):
    buffer = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_ipc(buffer)
    uri = upload("x/a.arrow", buffer.getvalue())
    assert check(ipc_source(uri, storage_options=s3_options)).rows() == [(1,)]


def test_delta(s3, s3_options, check):
    uri = f"s3://{BUCKET}/delta"
    unsafe = {**s3_options, "aws_s3_allow_unsafe_rename": "true"}
    pl.DataFrame({"a": [1, 2]}).write_delta(uri, storage_options=unsafe)
    source = delta_source(uri, storage_options=s3_options)
    assert check(source)["a"].to_list() == [1, 2]
    with pytest.raises(PathNotFoundError, match="no Delta table"):
        delta_source(f"s3://{BUCKET}/none", storage_options=s3_options)


def test_a_folder_that_scalekit_wrote_is_what_its_manifest_says(s3, s3_options, upload, check):
    uri = f"s3://{BUCKET}/mine"
    target = ParquetTarget(path=uri, storage_options=s3_options, partition_by=("k",))
    write_target(target, [pl.DataFrame({"k": ["1", "2"], "v": [1, 2]})])
    source = parquet_source(uri, storage_options=s3_options)
    assert source.schema["k"] == pl.String()
    assert sorted(check(source).rows()) == [(1, "1"), (2, "2")]


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        (f"s3://{BUCKET}/nothing", "'t'"),
        (f"s3://{BUCKET}/t/*.csv", "no file there"),
        (f"s3://{BUCKET}/t/k=1/zz.parquet", "a.parquet"),
        ("s3://no-such-bucket/x", "does not exist"),
        ("s3://no-such-bucket/x/*.parquet", "does not exist"),
    ],
)
def test_nothing_there(lake, s3_options, uri, says):
    with pytest.raises(PathNotFoundError, match=says) as caught:
        parquet_source(uri, storage_options=s3_options)
    assert uri in str(caught.value)


def test_damage_is_found_at_the_end_of_an_object(upload, s3_options):
    content = parquet_bytes({"a": [1]})
    for name, part in {
        "half": content[:-20],
        "empty": b"",
        "text": b"hello, this is no table",
    }.items():
        with pytest.raises(CorruptFileError, match=name):
            parquet_source(upload(f"bad/{name}.parquet", part), storage_options=s3_options)


def test_other_files_of_a_folder_are_named(lake, upload, s3_options):
    upload("t/readme.md", b"x")
    with pytest.raises(SourceError, match=r"readme\.md"):
        parquet_source(lake, storage_options=s3_options)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:1", "http://nonexistent.invalid", "https://nonexistent.invalid"]
)
@pytest.mark.parametrize("scan", [parquet_source, csv_source, ndjson_source, ipc_source])
def test_a_store_out_of_reach(s3_options, scan, endpoint):
    options = {**s3_options, "aws_endpoint_url": endpoint}
    with pytest.raises(AccessError, match="cannot be reached") as caught:
        scan(f"s3://{BUCKET}/x.parquet", storage_options=options)
    assert s3_options["aws_secret_access_key"] not in str(caught.value)
    assert s3_options["aws_access_key_id"] not in str(caught.value)


def test_credentials_that_are_refused(monkeypatch, s3_options, refusing_server):
    options = {**s3_options, "aws_endpoint_url": refusing_server}
    with pytest.raises(AccessError, match=r"may not be read .*credentials") as caught:
        parquet_source(f"s3://{BUCKET}/x.parquet", storage_options=options)
    text = str(caught.value)
    assert s3_options["aws_secret_access_key"] not in text
    assert s3_options["aws_access_key_id"] not in text


def test_an_option_that_does_not_exist(s3_options):
    with pytest.raises(SourceError, match="aws_nonsense"):
        parquet_source(f"s3://{BUCKET}/x", storage_options={**s3_options, "aws_nonsense": "x"})


def test_options_do_not_show(lake, s3_options):
    source = parquet_source(lake, storage_options=s3_options)
    for text in (repr(source), repr(source.__dict__), source.describe(), source.read().explain()):
        assert s3_options["aws_secret_access_key"] not in text


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("a/*.csv", "a/x.csv", True),
        ("a/*.csv", "a/b/x.csv", False),
        ("a/**/*.csv", "a/x.csv", True),
        ("a/**/*.csv", "a/b/c/x.csv", True),
        ("a/**", "a/b/c", True),
        ("a?.csv", "ab.csv", True),
        ("a?.csv", "a/.csv", False),
        ("a[!b].csv", "ac.csv", True),
        ("a[!b].csv", "ab.csv", False),
        ("a.csv", "abcsv", False),
    ],
)
def test_globs_of_keys(glob, path, matches):
    import re

    assert (re.fullmatch(_glob_pattern(glob), path) is not None) == matches
