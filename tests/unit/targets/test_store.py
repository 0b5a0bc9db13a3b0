from __future__ import annotations

import datetime as dt
import errno
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import polars as pl
import pytest

from scalekit.errors import (
    AccessError,
    CorruptFileError,
    MissingDependencyError,
    PathNotFoundError,
    SchemaError,
    TargetError,
    TargetExistsError,
    WriteConflictError,
)
from scalekit.storage import committed_files, objects
from scalekit.storage import filesystem as fs
from scalekit.storage.manifest import Manifest
from scalekit.storage.objects import ObjectStore, StoreError
from scalekit.targets import (
    CsvTarget,
    FileTarget,
    NdjsonTarget,
    ParquetTarget,
    begin,
    store_dataset,
    write_attempt,
    write_files,
)
from tests.battery.s3_server import BUCKET, client

pytestmark = pytest.mark.s3


class Lake:
    """A folder of its own in the bucket, and what is in it."""

    def __init__(self, options: dict[str, str]) -> None:
        self.options = options
        self.prefix = f"t{uuid4().hex[:8]}"
        self.client = client(options)

    def target(
        self, name: str = "d", kind: type[FileTarget] = ParquetTarget, **more: Any
    ) -> FileTarget:
        return kind(path=self.uri(name), storage_options=tuple(self.options.items()), **more)

    def uri(self, name: str) -> str:
        return f"s3://{BUCKET}/{self.prefix}/{name}"

    def names(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{self.prefix}/")
        return [item["Key"].removeprefix(f"{self.prefix}/") for item in found.get("Contents", [])]

    def put(self, name: str, body: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=f"{self.prefix}/{name}", Body=body)

    def remove(self, name: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=f"{self.prefix}/{name}")

    def manifest(self, number: int) -> Manifest:
        key = f"{self.prefix}/d/_scalekit/manifest-{number:08}.json"
        return Manifest.decode(self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def read(self, name: str = "d") -> pl.DataFrame:
        found = committed_files(self.uri(name), self.options)
        return pl.read_parquet(
            list(found.paths),
            storage_options=self.options,
            hive_partitioning=bool(found.keys),
            hive_schema=dict(found.keys) or None,
        )


@pytest.fixture
def lake(s3: dict[str, str]) -> Lake:
    return Lake(s3)


def test_a_dataset_is_its_parts_and_a_manifest(lake: Lake, frame: pl.DataFrame) -> None:
    result = write_files(lake.target(), [frame, frame.lazy()])
    assert result.rows == 8
    assert lake.read().equals(pl.concat([frame, frame]))
    names = lake.names()
    assert [n for n in names if not n.startswith("d/part-")] == [
        "d/_SUCCESS", "d/_scalekit/manifest-00000001.json",
    ]  # fmt: skip
    assert [f"{lake.uri('')}{n}" for n in names if n.startswith("d/part-")] == sorted(result.files)
    manifest = lake.manifest(1)
    assert manifest.schema == frame.schema
    assert [file.rows for file in manifest.files] == [4, 4]
    assert manifest.write_id == result.write_id
    files = committed_files(lake.uri("d"), lake.options).files
    assert [(f.rows, f.bytes) for f in files] == [(4, f.bytes) for f in manifest.files]


def test_a_reader_that_knows_nothing_of_scalekit_sees_the_live_files(
    lake: Lake, frame: pl.DataFrame
) -> None:
    write_files(lake.target(), [frame] * 3)
    write_files(lake.target(mode="overwrite"), [frame])
    glob = lake.uri("d/**/*.parquet")
    assert pl.scan_parquet(glob, storage_options=lake.options).collect().equals(frame)


def test_the_three_modes(lake: Lake, frame: pl.DataFrame) -> None:
    write_files(lake.target(), [frame])
    before = lake.names()
    with pytest.raises(TargetExistsError, match="mode='overwrite' or mode='append'"):
        write_files(lake.target(), [frame])
    assert lake.names() == before
    write_files(lake.target(mode="append"), [frame.reverse()])
    assert lake.read().equals(pl.concat([frame, frame.reverse()]))
    write_files(lake.target(mode="overwrite"), [frame.head(1)])
    assert lake.read().equals(frame.head(1))
    assert len([n for n in lake.names() if n.endswith(".parquet")]) == 1


@pytest.mark.parametrize("mode", ["error", "append", "overwrite"])
def test_the_same_write_id_adds_nothing_the_second_time(
    lake: Lake, frame: pl.DataFrame, mode: str
) -> None:
    if mode == "append":
        write_files(lake.target(), [frame])
    once = write_files(lake.target(mode=mode), [frame], write_id="run 7")
    before = lake.names()
    again = write_files(lake.target(mode=mode), [frame], write_id="run 7")
    assert (once.committed, again.committed, again.rows) == (True, False, 0)
    assert lake.names() == before


def test_partitions_and_an_empty_result(lake: Lake) -> None:
    frame = pl.DataFrame({"k": ["a/b", "é", "007", None, ""], "v": range(5)})
    write_files(lake.target(partition_by="k"), [frame, frame.clear()])
    assert lake.read().select("k", "v").sort("v").equals(frame)
    with pytest.raises(TargetError, match="is partitioned by"):
        write_files(lake.target(mode="append"), [frame])
    write_files(lake.target(partition_by="k", mode="overwrite"), [frame.clear()])
    assert lake.read().schema == {"v": pl.Int64, "k": pl.String}


def test_text_formats(lake: Lake, frame: pl.DataFrame) -> None:
    for kind, name in ((CsvTarget, "c"), (NdjsonTarget, "n")):
        write_files(lake.target(name, kind), [frame, frame])
        write_files(lake.target(name, kind, mode="append"), [frame])
        assert len(committed_files(lake.uri(name), lake.options).files) == 3
    with pytest.raises(TargetError, match="holds csv files"):
        write_files(lake.target("c", mode="append"), [frame])


def test_an_append_of_other_columns_is_refused(lake: Lake, frame: pl.DataFrame) -> None:
    write_files(lake.target(), [frame])
    before = lake.names()
    with pytest.raises(SchemaError, match="cannot append"):
        write_files(lake.target(mode="append"), [frame.select("v")])
    assert lake.names() == before


class TestForeign:
    def test_files_of_others_are_read_kept_and_not_overwritten(
        self, lake: Lake, frame: pl.DataFrame
    ) -> None:
        frame.write_parquet(lake.uri("d/x.parquet"), storage_options=lake.options)
        assert lake.read().equals(frame)
        with pytest.raises(TargetExistsError):
            write_files(lake.target(), [frame])
        with pytest.raises(TargetError, match=r"1 files that scalekit did not write.*x.parquet"):
            write_files(lake.target(mode="overwrite"), [frame])
        write_files(lake.target(mode="append"), [frame.reverse()])
        assert lake.read().equals(pl.concat([frame, frame.reverse()]))
        with pytest.raises(TargetError, match="did not write"):
            write_files(lake.target(mode="overwrite"), [frame])
        write_files(lake.target(mode="overwrite", overwrite_foreign=True), [frame])
        assert lake.read().equals(frame)
        assert "d/x.parquet" not in lake.names()

    def test_a_listed_file_that_is_gone_is_an_error(self, lake: Lake, frame: pl.DataFrame) -> None:
        write_files(lake.target(), [frame, frame])
        lake.remove(next(n for n in lake.names() if n.endswith(".parquet")))
        with pytest.raises(CorruptFileError, match="lists 1 files that are gone"):
            lake.read()
        write_files(lake.target(mode="overwrite"), [frame])
        assert lake.read().equals(frame)

    def test_a_manifest_that_is_none(self, lake: Lake, frame: pl.DataFrame) -> None:
        lake.put("d/_scalekit/manifest-00000001.json", b"{}")
        with pytest.raises(CorruptFileError, match="is no manifest"):
            lake.read()

    def test_objects_and_folders_of_one_name(self, lake: Lake, frame: pl.DataFrame) -> None:
        lake.put("d", b"an object")
        with pytest.raises(TargetError, match="is an object"):
            write_files(lake.target(), [frame])
        lake.put("e.parquet/x", b"a folder")
        with pytest.raises(TargetError, match="is a folder"):
            write_files(lake.target("e.parquet"), [frame])
        with pytest.raises(TargetError, match="whole bucket"):
            write_files(ParquetTarget(path=f"s3://{BUCKET}/"), [frame])


class TestOneObject:
    def test_the_modes(self, lake: Lake, frame: pl.DataFrame) -> None:
        write_files(lake.target("a.parquet"), [frame, frame.lazy()])
        assert lake.read("a.parquet").equals(pl.concat([frame, frame]))
        with pytest.raises(TargetExistsError):
            write_files(lake.target("a.parquet"), [frame])
        write_files(lake.target("a.parquet", mode="overwrite"), [frame])
        assert lake.read("a.parquet").equals(frame)
        with pytest.raises(TargetError, match="cannot grow"):
            write_files(lake.target("a.parquet", mode="append"), [frame])
        assert lake.names() == ["a.parquet"]

    def test_of_two_writers_that_began_together_one_wins(
        self, lake: Lake, frame: pl.DataFrame
    ) -> None:
        for mode in ("error", "overwrite"):
            target = lake.target(f"{mode}.csv", CsvTarget, mode=mode)
            if mode == "overwrite":
                write_files(lake.target(f"{mode}.csv", CsvTarget), [frame])
            first, second = begin(target), begin(target)
            for number, session in enumerate((first, second)):
                session.record(write_attempt(session.staging, 0, frame.head(number + 1)))
            second.commit()
            with pytest.raises(WriteConflictError), first:
                first.commit()
            found = pl.read_csv(lake.uri(f"{mode}.csv"), storage_options=lake.options)
            assert found.height == 2

    def test_an_object_that_was_removed_meanwhile_is_a_conflict(
        self, lake: Lake, frame: pl.DataFrame
    ) -> None:
        write_files(lake.target("a.csv", CsvTarget), [frame])
        with begin(lake.target("a.csv", CsvTarget, mode="overwrite")) as session:
            session.record(write_attempt(session.staging, 0, frame))
            lake.remove("a.csv")
            with pytest.raises(WriteConflictError):
                session.commit()

    def test_what_is_too_large_for_a_conditional_write(
        self, lake: Lake, frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("scalekit.targets.store_object._LARGEST_CONDITIONAL", 10)
        with pytest.raises(TargetError, match="write a folder"):
            write_files(lake.target("a.parquet"), [frame])
        write_files(lake.target("a.parquet", mode="overwrite"), [frame])
        assert lake.read("a.parquet").equals(frame)


class TestConcurrency:
    def test_of_two_writers_that_began_together_one_wins(
        self, lake: Lake, frame: pl.DataFrame
    ) -> None:
        for mode in ("error", "overwrite"):
            target = lake.target(mode, mode=mode)
            if mode == "overwrite":
                write_files(lake.target(mode), [frame])
            first, second = begin(target), begin(target)
            for session in (first, second):
                session.record(write_attempt(session.staging, 0, frame))
            first.commit()
            after = lake.names()
            with pytest.raises(WriteConflictError, match="another writer"), second:
                second.commit()
            assert lake.read(mode).equals(frame)
            assert set(lake.names()) < set(after), "the loser's files are gone"

    def test_appends_of_threads_all_stay(self, lake: Lake, frame: pl.DataFrame) -> None:
        write_files(lake.target(), [frame])
        with ThreadPoolExecutor(4) as pool:
            done = list(
                pool.map(lambda _: write_files(lake.target(mode="append"), [frame]), range(8))
            )
        assert sum(result.rows for result in done) == 32
        assert lake.read().height == 36
        assert committed_files(lake.uri("d"), lake.options).generation == 9

    def test_the_same_append_begun_twice_is_added_once(
        self, lake: Lake, frame: pl.DataFrame
    ) -> None:
        write_files(lake.target(), [frame])
        sessions = [begin(lake.target(mode="append"), write_id="x") for _ in range(2)]
        for session in sessions:
            session.record(write_attempt(session.staging, 0, frame))
        assert [session.commit().committed for session in sessions] == [True, False]
        assert lake.read().height == 8
        assert len([n for n in lake.names() if n.endswith(".parquet")]) == 2

    def test_an_append_that_is_too_old_does_not_follow(
        self, lake: Lake, frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_files(lake.target(), [frame])
        with begin(lake.target(mode="append")) as late:
            late.record(write_attempt(late.staging, 0, frame))
            write_files(lake.target(mode="append"), [frame])
            monkeypatch.setattr(store_dataset, "_OLDEST_REBASE", -1)
            with pytest.raises(WriteConflictError):
                late.commit()

    def test_a_reader_that_listed_before_a_commit_lists_again(
        self, lake: Lake, frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_files(lake.target(), [frame])
        listed = ObjectStore.list
        seen = []

        def list_then_commit(store: ObjectStore, prefix: str) -> list[objects.StoredObject]:
            found = listed(store, prefix)
            if not seen:
                seen.append(1)
                with monkeypatch.context() as patch:
                    patch.setattr(ObjectStore, "list", listed)
                    write_files(lake.target(mode="overwrite"), [frame.head(1)])
                # the manifest of the new commit in the listing, its files not
                manifest = listed(store, f"{prefix}/_scalekit")
                return [*manifest, *found]
            return found

        monkeypatch.setattr(ObjectStore, "list", list_then_commit)
        assert lake.read().equals(frame.head(1))


class TestLostAnswers:
    """The request arrives, its answer does not; or neither does."""

    @pytest.fixture
    def lose(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
        real = ObjectStore.create

        def install(*, arrives: bool, reachable: bool = True) -> None:
            def create(store: ObjectStore, key: str, content: bytes) -> bool:
                if arrives:
                    real(store, key, content)
                if not reachable:
                    monkeypatch.setattr(ObjectStore, "read", _unreachable)
                raise StoreError("unreachable", "the connection was reset")

            monkeypatch.setattr(ObjectStore, "create", create)

        return install  # type: ignore[return-value]

    def test_a_commit_that_arrived_is_recognised(
        self, lake: Lake, frame: pl.DataFrame, lose: Callable[..., None]
    ) -> None:
        lose(arrives=True)
        assert write_files(lake.target(), [frame]).committed
        assert lake.read().equals(frame)

    @pytest.mark.parametrize("reachable", [True, False])
    @pytest.mark.parametrize("arrives", [True, False])
    def test_a_commit_in_doubt_keeps_its_files_and_says_so(
        self,
        lake: Lake,
        frame: pl.DataFrame,
        lose: Callable[..., None],
        monkeypatch: pytest.MonkeyPatch,
        arrives: bool,
        reachable: bool,
    ) -> None:
        if arrives and reachable:
            return
        with monkeypatch.context():
            lose(arrives=arrives, reachable=reachable)
            with pytest.raises(TargetError, match="write_id='mine'"):
                write_files(lake.target(), [frame], write_id="mine")
        monkeypatch.undo()
        assert any(n.endswith(".parquet") for n in lake.names())
        again = write_files(lake.target(), [frame], write_id="mine")
        assert again.committed is not arrives
        assert lake.read().equals(frame)

    @pytest.mark.parametrize("arrives", [True, False])
    def test_one_object(
        self, lake: Lake, frame: pl.DataFrame, lose: Callable[..., None], arrives: bool
    ) -> None:
        lose(arrives=arrives)
        target = lake.target("a.csv", CsvTarget)
        if arrives:
            assert write_files(target, [frame]).committed
        else:
            with pytest.raises(TargetError, match="may or may not be written"):
                write_files(target, [frame])
        assert lake.names() == (["a.csv"] if arrives else [])


def _unreachable(*_: object) -> bytes:
    raise StoreError("unreachable", "no route to host")


class TestLeftovers:
    def test_files_of_a_dead_write_go_after_a_day(
        self, lake: Lake, frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_files(lake.target(), [frame])
        dead = begin(lake.target(mode="append"))
        stray = (
            write_attempt(dead.staging, 0, frame).files[0].staged.removeprefix(f"{lake.prefix}/")
        )
        write_files(lake.target(mode="append"), [frame])
        assert stray in lake.names()
        assert lake.read().height == 8
        monkeypatch.setattr(store_dataset, "_STALE", dt.timedelta(seconds=-60))
        write_files(lake.target(mode="append"), [frame])
        assert stray not in lake.names()
        assert lake.read().height == 12

    def test_old_manifests_go_and_the_young_stay(
        self, lake: Lake, frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(3):
            write_files(lake.target(mode="append"), [frame])
        manifests = [n for n in lake.names() if "manifest" in n]
        assert len(manifests) == 3
        monkeypatch.setattr(store_dataset, "_STALE", dt.timedelta(seconds=-60))
        write_files(lake.target(mode="append"), [frame])
        assert [n[-7:] for n in lake.names() if "manifest" in n] == ["03.json", "04.json"]

    def test_what_a_commit_replaced_and_did_not_remove_goes_with_the_next(
        self, lake: Lake, frame: pl.DataFrame
    ) -> None:
        write_files(lake.target(), [frame] * 3)

        def fail(step: str, _path: str) -> None:
            if step == "delete":
                raise StoreError("unreachable", "gone")

        with fs.observe(fail):
            assert write_files(lake.target(mode="overwrite"), [frame]).committed
        assert len([n for n in lake.names() if n.endswith(".parquet")]) == 4
        assert lake.read().equals(frame)
        write_files(lake.target(mode="append"), [frame])
        assert len([n for n in lake.names() if n.endswith(".parquet")]) == 2

    def test_attempts_that_were_not_taken_go(self, lake: Lake, frame: pl.DataFrame) -> None:
        with begin(lake.target()) as session:
            session.record(write_attempt(session.staging, 0, frame))
            session.record(write_attempt(session.staging, 0, frame.reverse()))
            session.commit()
        assert lake.read().equals(frame)
        assert len([n for n in lake.names() if n.endswith(".parquet")]) == 1

    @pytest.mark.parametrize("mode", ["error", "overwrite", "append"])
    def test_a_store_that_fails_at_any_change_leaves_the_old_state_and_nothing_else(
        self, lake: Lake, frame: pl.DataFrame, mode: str
    ) -> None:
        if mode != "error":
            write_files(lake.target(), [frame])
        before = lake.names()
        point, written = 0, False
        while not written:
            left = point

            def fail(step: str, _path: str) -> None:
                nonlocal left
                left -= 1
                if left == -1 and step in {"put", "put_if"}:
                    raise StoreError("denied", "403 Forbidden")
                if left == -1 and step != "delete":
                    raise OSError(errno.ENOSPC, "No space left on device")

            try:
                with fs.observe(fail):
                    write_files(lake.target(mode=mode), [frame, frame])
                written = True
            except TargetError:
                assert lake.names() == before
            point += 1
        assert point > 10
        assert lake.read().height == (12 if mode == "append" else 8)


class TestAccess:
    @pytest.mark.parametrize(
        ("change", "uri", "message"),
        [
            ({}, "s3://nowhere-at-all/d", "bucket does not exist"),
            ({"aws_endpoint_url": "http://127.0.0.1:1"}, None, "did not answer"),
            ({"aws_endpoint_url": "http://no-such-host.invalid"}, None, "did not answer"),
            ({"aws_no_such_option": "1"}, None, "does not know"),
        ],
    )
    def test_a_store_that_cannot_be_used_is_named_at_once_without_secrets(
        self, lake: Lake, frame: pl.DataFrame, change: dict[str, str], uri: str | None, message: str
    ) -> None:
        options = {**lake.options, **change}
        path = uri or lake.uri("d")
        for name in (path, f"{path}.parquet"):
            with pytest.raises(TargetError, match=message) as caught:
                write_files(
                    ParquetTarget(path=name, storage_options=tuple(options.items())), [frame]
                )
            assert name in str(caught.value)
            assert lake.options["aws_secret_access_key"] not in str(caught.value)
        with pytest.raises((AccessError, PathNotFoundError)) as read:
            committed_files(path, options)
        assert lake.options["aws_secret_access_key"] not in str(read.value)

    def test_nothing_there(self, lake: Lake) -> None:
        with pytest.raises(PathNotFoundError, match="no data at"):
            committed_files(lake.uri("none"), lake.options)

    def test_without_the_package(
        self, lake: Lake, frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import sys

        monkeypatch.setitem(sys.modules, "obstore.store", None)
        objects._connect.cache_clear()
        with pytest.raises(MissingDependencyError, match=r"pip install 'scalekit\[cloud\]'"):
            write_files(lake.target(), [frame])
