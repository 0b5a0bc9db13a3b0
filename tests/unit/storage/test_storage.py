from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from scalekit.errors import CorruptFileError
from scalekit.storage import committed_files, parse_location
from scalekit.storage import filesystem as fs
from scalekit.storage.location import glob_root, is_glob, local_path
from scalekit.storage.manifest import (
    Manifest,
    ManifestFile,
    manifest_name,
    parse_manifest_name,
)
from scalekit.storage.names import (
    Marker,
    PartName,
    hive_segment,
    is_hidden,
    key_marker,
    listing_digest,
    parse_key_marker,
    write_token,
)
from scalekit.storage.redaction import redact, secret_values
from scalekit.storage.workspace import is_workspace, repair, workspace_of


class TestLocations:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ("s3://b/k", "s3://b/k"),
            ("S3A://b//k/./", "s3://b/k"),
            ("gcs://b/k", "gs://b/k"),
            ("abfss://c@account.dfs.core.windows.net/k", "az://c/k"),
            ("s3://b", "s3://b/"),
            ("/a/../b/", "/b"),
            ("file:///a%20b", "/a b"),
            ("file://localhost/a", "/a"),
            ("file:/a", "/a"),
            ("http://h/x", "http://h/x"),
        ],
    )
    def test_one_spelling(self, given: str, expected: str) -> None:
        assert str(parse_location(given)) == expected

    def test_relative_paths_links_and_home(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = tmp_path.resolve()
        monkeypatch.chdir(real)
        monkeypatch.setenv("HOME", str(real))
        (real / "link").symlink_to("d")
        for given in ("d", "./d", "~/d", "link", Path("d")):
            assert parse_location(given).path == f"{real}/d"
        assert local_path("link") == real / "link"
        assert parse_location("c:d").is_local, "a colon is no scheme"

    def test_globs(self) -> None:
        assert is_glob("a/*.csv")
        assert not is_glob("a/b.csv")
        roots = {g: glob_root(g) for g in ("a/b/*.csv", "*.csv", "/*.csv", "a/b[0-9]/c", "a/b.csv")}
        assert list(roots.values()) == ["a/b", ".", "/", "a", "a/b.csv"]


class TestNames:
    def test_parts_come_back(self) -> None:
        part = PartName(3, 100_000, write_token("a"), "0123abcd", "f" * 64, ".csv.gz")
        again = PartName.parse(f"k=v/{part}")
        assert again is not None
        assert str(again) == str(part)
        assert (again.generation, again.index, again.suffix) == (3, 100_000, ".csv.gz")
        for foreign in (
            "part-00000-abc.parquet",
            "part-1.parquet",
            "x.parquet",
            f"{part}.bak/x",
            "",
        ):
            assert PartName.parse(foreign) is None

    def test_markers_come_back(self) -> None:
        marker = Marker(7, write_token("a"), "0123abcd", 12, listing_digest(["a", "b"]))
        assert Marker.parse(str(marker)) == marker
        assert Marker.parse("manifest-7") is None
        assert listing_digest(["b", "a"]) == listing_digest(["a", "b"]) != listing_digest(["a"])

    @pytest.mark.parametrize("name", ["k", "a-b", "a/b", "é ü", "key-0-x", "%2F", "k=v"])
    def test_keys_come_back(self, name: str) -> None:
        marker = key_marker(3, name, "Int64")
        assert "/" not in marker
        assert parse_key_marker(marker) == (3, name, "Int64")

    def test_hidden(self) -> None:
        hidden = ["_SUCCESS", ".x.crc", "_scalekit/m", "k=1/.x", "_delta_log/0.json"]
        assert all(map(is_hidden, hidden))
        assert not any(map(is_hidden, ["a.csv", "k=_x/a.csv", "_year=2024/a.csv"]))

    def test_names_are_short_enough_for_every_file_system(self) -> None:
        part = PartName(10**9, 10**9, write_token("a"), "0" * 8, "f" * 64, ".parquet")
        assert len(str(part)) < 100
        with pytest.raises(OSError, match="too long"):
            os.stat(hive_segment("k", "é" * 100))


class TestManifests:
    def test_they_come_back(self) -> None:
        schema = pl.Schema(
            {
                "e": pl.Enum(["b", "a"]),
                "c": pl.Categorical(),
                "l": pl.List(pl.Struct({"t": pl.Datetime("ns", "Europe/Paris")})),
                "d": pl.Decimal(20, 3),
                "i": pl.Int128(),
                "n": pl.Null(),
            }
        )
        files = (ManifestFile("k=1/a", 5, 2, "ff"), ManifestFile("x.csv", 1, foreign=True))
        manifest = Manifest(2, "wé", "n", "append", "csv", schema, (("k", "Int64"),), files)
        assert Manifest.decode(manifest.encode()) == manifest
        assert manifest.paths == {"k=1/a", "x.csv"}

    @pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"version": 2}', b'{"version": 1}'])
    def test_what_is_none(self, text: bytes) -> None:
        with pytest.raises((ValueError, KeyError, AttributeError)):
            Manifest.decode(text)

    def test_their_numbers(self) -> None:
        assert parse_manifest_name(f"a/{manifest_name(12)}") == 12
        assert parse_manifest_name("a/_scalekit/manifest-x.json") is None


def test_secrets_are_found_in_options_and_text() -> None:
    options = {"aws_secret_access_key": "hunter2", "aws_region": "eu-1", "account_key": "xyz=="}
    assert set(secret_values(options)) == {"hunter2", "xyz=="}
    shown = redact(
        "hunter2 at https://u:p@h/?sig=abc and xyz== of AKIAABCDEFGHIJKLMNOP",
        secret_values(options),
    )
    assert not any(s in shown for s in ("hunter2", "u:p", "abc", "xyz", "AKIAABCD"))


class TestFileSystem:
    def test_exchange_swaps_in_one_step(self, tmp_path: Path) -> None:
        for name in "ab":
            (tmp_path / name).mkdir()
            (tmp_path / name / name).touch()
        if not fs.exchange(tmp_path / "a", tmp_path / "b"):
            pytest.skip("this file system cannot exchange")
        assert (tmp_path / "a" / "b").exists()
        assert (tmp_path / "b" / "a").exists()

    @pytest.mark.parametrize("flags", [True, False])
    @pytest.mark.parametrize("links", [True, False])
    def test_rename_new_never_replaces(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: bool, links: bool
    ) -> None:
        if not flags:
            monkeypatch.setattr(fs, "_rename_flags", lambda *_: False)
        if not links:
            monkeypatch.setattr(os, "link", _not_permitted)
        (tmp_path / "a").write_text("a")
        fs.rename_new(tmp_path / "a", tmp_path / "b")
        assert not (tmp_path / "a").exists()
        (tmp_path / "a").write_text("new")
        with pytest.raises(FileExistsError):
            fs.rename_new(tmp_path / "a", tmp_path / "b")
        assert (tmp_path / "b").read_text() == "a"

    def test_the_lock_falls_back_to_a_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """NFS locks only what is open for writing."""
        real = fs.fcntl.flock

        def like_nfs(handle: int, how: int) -> None:
            if os.path.isdir(f"/proc/self/fd/{handle}"):
                raise OSError(9, "Bad file descriptor")
            real(handle, how)

        monkeypatch.setattr(fs.fcntl, "flock", like_nfs)
        with fs.exclusive(tmp_path):
            assert [p.name for p in tmp_path.iterdir()] == [".scalekit-lock"]

    def test_steps_are_announced_before_they_happen(self, tmp_path: Path) -> None:
        seen = []
        with fs.observe(lambda step, path: seen.append((step, os.path.exists(path)))):
            fs.make_dirs(tmp_path / "a" / "b")
            fs.write_text(tmp_path / "a" / "c", "x")
            fs.remove_file(tmp_path / "a" / "c")
            assert fs.remove_dir(tmp_path / "a" / "b")
            assert fs.remove_dir(tmp_path / "a" / "b")
        assert seen == [
            ("mkdir", False), ("mkdir", False), ("write", False), ("unlink", True), ("rmdir", True),
            ("rmdir", False),
        ]  # fmt: skip
        fs.create_empty(tmp_path / "a" / "c")
        assert len(seen) == 6
        assert not fs.remove_dir(tmp_path / "a")


def _not_permitted(*_: object) -> None:
    raise OSError(1, "Operation not permitted")


class TestReading:
    def test_a_listing_is_one_generation(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A folder that is swapped while it is listed is listed again."""
        from scalekit.storage import committed

        folder = tmp_path / "d"
        folder.mkdir()
        (folder / "a.csv").write_text("old")
        listed, seen = committed.list_data, []

        def list_then_swap(root: Path) -> list[tuple[str, int]]:
            found = listed(root)
            if not seen:
                seen.append(1)
                (folder / "_scalekit").mkdir()
                marker = Marker(1, write_token("w"), "0" * 8, 0, listing_digest([]))
                (folder / "_scalekit" / str(marker)).touch()
                (folder / "a.csv").rename(folder / "b.csv")
            return found

        monkeypatch.setattr(committed, "list_data", list_then_swap)
        assert [Path(p).name for p in committed_files(folder).paths] == ["b.csv"]

    def test_a_marker_that_does_not_fit_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "_scalekit").mkdir()
        marker = Marker(4, write_token("w"), "0" * 8, 2, listing_digest(["x", "y"]))
        (tmp_path / "_scalekit" / str(marker)).touch()
        (tmp_path / "a.csv").write_text("x")
        with pytest.raises(CorruptFileError, match=r"commit 4 .*2 files"):
            committed_files(tmp_path)

    def test_hidden_and_empty_files_are_passed_over(self, tmp_path: Path) -> None:
        for name in ("a.csv", ".a.csv", "_b.csv", "k=1/c.csv", "k=1/.d.csv", "_tmp/e.csv"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("x")
        (tmp_path / "empty.csv").touch()
        found = committed_files(tmp_path)
        assert [Path(p).relative_to(tmp_path).as_posix() for p in found.paths] == [
            "a.csv",
            "k=1/c.csv",
        ]
        assert (found.generation, found.keys) == (None, ())

    def test_one_file_is_itself(self, tmp_path: Path) -> None:
        (tmp_path / "_a.csv").write_text("abc")
        found = committed_files(tmp_path / "_a.csv")
        assert (found.paths, found.files[0].bytes) == ((str(tmp_path / "_a.csv"),), 3)

    def test_workspaces(self, tmp_path: Path) -> None:
        assert is_workspace(workspace_of(tmp_path / "d"))
        assert not repair(tmp_path / "d")
