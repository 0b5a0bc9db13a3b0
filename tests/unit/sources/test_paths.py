from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from scalekit.errors import AccessError, PathNotFoundError, SecurityError, SourceError
from scalekit.sources.paths import find_files, without_wildcards
from scalekit.sources.uri import check_web_address, local_path, scheme_of, split_bucket

SUFFIXES = (".parquet",)


def names(source, root: Path, suffixes=SUFFIXES) -> list[str]:
    found = find_files(source, suffixes=suffixes)
    return [os.path.relpath(file.uri, root) for file in found.files]


@pytest.fixture
def lake(put, tmp_path: Path) -> Path:
    for name in ("b.parquet", "a.parquet", "sub/c.parquet", "sub/deep/d.parquet"):
        put(f"lake/{name}", b"x")
    return tmp_path / "lake"


def test_a_file_a_list_and_a_path_object(lake):
    assert names(str(lake / "a.parquet"), lake) == ["a.parquet"]
    assert names(lake / "a.parquet", lake) == ["a.parquet"]
    assert names([lake / "b.parquet", lake / "a.parquet"], lake) == ["b.parquet", "a.parquet"]


def test_a_folder_is_read_with_all_below_it_in_order(lake):
    every = ["a.parquet", "b.parquet", "sub/c.parquet", "sub/deep/d.parquet"]
    assert names(lake, lake) == every
    assert names(f"{lake}/", lake) == every
    assert find_files(lake, suffixes=SUFFIXES).root == str(lake)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.parquet", ["a.parquet", "b.parquet"]),
        ("[ab].parquet", ["a.parquet", "b.parquet"]),
        ("?.parquet", ["a.parquet", "b.parquet"]),
        ("*/*.parquet", ["sub/c.parquet"]),
        ("**/*.parquet", ["a.parquet", "b.parquet", "sub/c.parquet", "sub/deep/d.parquet"]),
        ("su*", ["sub/c.parquet", "sub/deep/d.parquet"]),
    ],
)
def test_globs(lake, pattern, expected):
    assert names(f"{lake}/{pattern}", lake) == expected


def test_hidden_files_of_a_folder_are_passed_over(lake, put):
    for name in (
        "_SUCCESS",
        ".hidden.parquet",
        "a.parquet.crc",
        "_temporary/x.parquet",
        ".x/y.parquet",
    ):
        put(f"lake/{name}", b"x")
    assert len(names(lake, lake)) == 4
    assert len(names(f"{lake}/*", lake)) == 4


def test_other_files_of_a_folder_are_named(lake, put):
    put("lake/readme.md", "x")
    with pytest.raises(SourceError, match=r"readme\.md.*move them, or pass a glob"):
        names(lake, lake)
    assert names(f"{lake}/*.parquet", lake) == ["a.parquet", "b.parquet"]


def test_a_name_with_wildcards_in_it_is_found_first(lake, put):
    put("lake/x[1].parquet", b"x")
    assert names(lake / "x[1].parquet", lake) == ["x[1].parquet"]
    assert without_wildcards("/a[1]*?.csv") == "/a[[]1][*][?].csv"


def test_file_uris_home_and_dots(lake, monkeypatch):
    assert names(f"file://{lake}/a.parquet", lake) == ["a.parquet"]
    assert names(f"file://localhost{lake}/a.parquet", lake) == ["a.parquet"]
    assert names(f"{lake}/sub/../a.parquet", lake) == ["a.parquet"]
    monkeypatch.setenv("HOME", str(lake))
    assert names("~/a.parquet", lake) == ["a.parquet"]
    monkeypatch.chdir(lake)
    assert names("a.parquet", lake) == ["a.parquet"]
    with pytest.raises(SourceError, match="three slashes"):
        find_files("file://a.parquet", suffixes=SUFFIXES)


def test_a_link_is_followed_and_its_target_is_the_input(lake):
    (lake / "link.parquet").symlink_to(lake / "a.parquet")
    found = find_files(lake / "link.parquet", suffixes=SUFFIXES)
    assert found.inputs() == (str(lake / "a.parquet"),)


def test_two_spellings_have_one_identity(lake, monkeypatch):
    monkeypatch.chdir(lake.parent)
    spellings = ["lake", f"{lake}", f"{lake}/./", f"file://{lake}", "./lake/../lake"]
    assert len({find_files(spelling, suffixes=SUFFIXES).inputs() for spelling in spellings}) == 1


@pytest.mark.parametrize("source", ["nothing.parquet", "none*.parquet", "no/folder/x.parquet"])
def test_nothing_there_says_where_and_what_there_is(lake, monkeypatch, source):
    monkeypatch.chdir(lake)
    with pytest.raises(PathNotFoundError) as caught:
        find_files(source, suffixes=SUFFIXES)
    assert source in str(caught.value)
    assert str(lake) in str(caught.value)
    assert "a.parquet" in str(caught.value)
    assert isinstance(caught.value, FileNotFoundError)


def test_an_empty_folder(tmp_path):
    with pytest.raises(PathNotFoundError, match=r"holds no file ending in \.parquet"):
        find_files(tmp_path, suffixes=SUFFIXES)


@pytest.mark.parametrize(
    ("source", "error", "says"),
    [
        ("", PathNotFoundError, "empty"),
        ([], PathNotFoundError, "empty"),
        (5, SourceError, "not int"),
        (b"x", SourceError, "not bytes"),
        ("ftp://h/x.parquet", SourceError, "'ftp' is not read; known: file, s3"),
        ("javascript://x", SourceError, "not read"),
        ("a\0b.parquet", SourceError, "NUL"),
        ("s3://", SourceError, "names no bucket"),
        ("~nobody-at-all/x.parquet", SourceError, "home directory"),
    ],
)
def test_what_is_no_path(source, error, says):
    with pytest.raises(error, match=says):
        find_files(source, suffixes=SUFFIXES)


def test_a_dangling_link_names_its_target(lake):
    (lake / "gone.parquet").symlink_to("/no/where.parquet")
    with pytest.raises(PathNotFoundError, match=r"link to '/no/where\.parquet'"):
        find_files(lake / "gone.parquet", suffixes=SUFFIXES)


def test_a_file_that_may_not_be_read():
    """As root, the test takes another user's identity for a moment: root may read everything."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "secret.parquet")
        path.write_bytes(b"x")
        path.chmod(0)
        Path(folder).chmod(0o755)
        was = os.geteuid()
        try:
            if was == 0:
                os.seteuid(65534)
            with pytest.raises(AccessError, match=r"secret\.parquet.*permissions"):
                find_files(path, suffixes=SUFFIXES)
        finally:
            os.seteuid(was)


def test_a_folder_that_may_not_be_entered():
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder, "closed")
        inner.mkdir()
        (inner / "a.parquet").write_bytes(b"x")
        Path(folder).chmod(0o755)
        inner.chmod(0)
        was = os.geteuid()
        try:
            if was == 0:
                os.seteuid(65534)
            for source in (inner, inner / "a.parquet"):
                with pytest.raises(AccessError, match="closed"):
                    find_files(source, suffixes=SUFFIXES)
        finally:
            os.seteuid(was)
            inner.chmod(0o700)


def test_schemes():
    assert scheme_of("S3://bucket/key") == "s3"
    assert scheme_of("C:/data") is None
    assert split_bucket("s3a://b/k/x") == ("s3", "b", "k/x")
    assert local_path("file:///a%20b/c") == "/a b/c"


@pytest.mark.parametrize(
    "uri",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://2852039166/",
        "http://0xA9FEA9FE/",
        "http://0251.0376.0251.0376/",
        "http://[::ffff:169.254.169.254]/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://metadata.google.internal/computeMetadata",
        "http://METADATA.google.internal./x",
        "http://100.100.100.200/",
        "http://0.0.0.0/",
        "https://user:pw@169.254.169.254/x",
    ],
)
def test_addresses_of_the_machine_itself_are_never_read(uri):
    with pytest.raises(SecurityError) as caught:
        check_web_address(uri)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("uri", ["http://127.0.0.1/x", "http://192.168.1.5/x", "http://10.0.0.1/"])
def test_other_addresses_are_allowed(uri):
    check_web_address(uri)
