from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from scalekit.errors import (
    CorruptFileError,
    PathNotFoundError,
    SchemaError,
    TargetError,
    TargetExistsError,
    WriteConflictError,
)
from scalekit.storage import committed_files
from scalekit.storage import filesystem as fs
from scalekit.storage.workspace import workspace_of
from scalekit.targets import (
    CsvTarget,
    NdjsonTarget,
    ParquetTarget,
    begin,
    write_attempt,
    write_files,
)
from scalekit.targets.local_dataset import LocalDatasetSession

Tree = Callable[[], list[str]]


def target(path: Path, **options: object) -> ParquetTarget:
    return ParquetTarget(path=str(path), **options)  # type: ignore[arg-type]


def read(path: Path) -> pl.DataFrame:
    return pl.read_parquet(list(committed_files(path).paths))


def test_a_new_folder_holds_the_parts_in_order_and_nothing_else(
    tmp_path: Path, tree: Tree, frame: pl.DataFrame
) -> None:
    result = write_files(target(tmp_path / "d"), [frame, frame.reverse()])
    assert result.rows == 8
    assert result.committed
    assert sorted(result.files) == sorted(str(p) for p in (tmp_path / "d").glob("*.parquet"))
    assert result.bytes == sum(os.path.getsize(p) for p in result.files)
    assert read(tmp_path / "d").equals(pl.concat([frame, frame.reverse()]))
    names = [n for n in tree() if not n.startswith(("d/part-", "d/_scalekit/manifest-"))]
    assert names == ["d", "d/_SUCCESS", "d/_scalekit"]


def test_readers_that_know_nothing_of_scalekit_see_the_same_rows(
    tmp_path: Path, frame: pl.DataFrame
) -> None:
    path = tmp_path / "d"
    write_files(target(path), [frame, frame])
    write_files(target(path, mode="append"), [frame])
    assert pl.scan_parquet(path).collect().height == 12
    assert len(pd.read_parquet(path)) == 12
    assert len(duckdb.sql(f"select * from '{path}/**/*.parquet'").fetchall()) == 12


def test_error_is_the_default_and_touches_nothing(
    tmp_path: Path, tree: Tree, frame: pl.DataFrame
) -> None:
    write_files(target(tmp_path / "d"), [frame])
    before = tree()
    with pytest.raises(TargetExistsError, match="mode='overwrite' or mode='append'"):
        write_files(target(tmp_path / "d"), [frame])
    assert tree() == before


def test_an_empty_folder_is_no_target_that_exists(tmp_path: Path, frame: pl.DataFrame) -> None:
    (tmp_path / "d" / "inner").mkdir(parents=True)
    assert write_files(target(tmp_path / "d"), [frame]).rows == 4
    assert read(tmp_path / "d").equals(frame)


def test_overwrite_leaves_only_the_new_rows(
    tmp_path: Path, tree: Tree, frame: pl.DataFrame
) -> None:
    write_files(target(tmp_path / "d"), [frame] * 5)
    write_files(target(tmp_path / "d", mode="overwrite"), [frame.head(1)])
    assert read(tmp_path / "d").equals(frame.head(1))
    assert len([n for n in tree() if n.endswith(".parquet")]) == 1
    assert not workspace_of(tmp_path / "d").exists()


def test_append_adds_after_what_is_there_and_keeps_the_files(
    tmp_path: Path, frame: pl.DataFrame
) -> None:
    write_files(target(tmp_path / "d"), [frame])
    first = committed_files(tmp_path / "d").paths
    for n in range(12):
        write_files(
            target(tmp_path / "d", mode="append"), [frame.with_columns(v=pl.lit(n, dtype=pl.Int64))]
        )
    found = committed_files(tmp_path / "d")
    assert found.paths[:1] == first
    assert found.generation == 13
    assert read(tmp_path / "d")["v"].to_list() == [
        1,
        2,
        3,
        4,
        *(n for n in range(12) for _ in "1234"),
    ]


@pytest.mark.parametrize("mode", ["error", "append", "overwrite"])
def test_the_same_write_id_adds_nothing_the_second_time(
    tmp_path: Path, frame: pl.DataFrame, mode: str
) -> None:
    if mode == "append":
        write_files(target(tmp_path / "d"), [frame])
    once = write_files(target(tmp_path / "d", mode=mode), [frame], write_id="run 7/ä")
    before = committed_files(tmp_path / "d")
    again = write_files(target(tmp_path / "d", mode=mode), [frame], write_id="run 7/ä")
    assert (once.committed, again.committed, again.rows) == (True, False, 0)
    assert committed_files(tmp_path / "d") == before


def test_an_overwrite_under_a_write_id_puts_back_what_was_appended_since(
    tmp_path: Path, frame: pl.DataFrame
) -> None:
    write_files(target(tmp_path / "d", mode="overwrite"), [frame], write_id="daily")
    write_files(target(tmp_path / "d", mode="append"), [frame], write_id="late")
    again = write_files(target(tmp_path / "d", mode="overwrite"), [frame], write_id="daily")
    assert again.committed
    assert read(tmp_path / "d").height == 4
    assert write_files(target(tmp_path / "d", mode="append"), [frame], write_id="late").committed


def test_an_empty_result_keeps_its_schema(tmp_path: Path) -> None:
    schema = {"a": pl.Int8(), "b": pl.Categorical(), "c": pl.List(pl.Date)}
    write_files(target(tmp_path / "d"), [pl.DataFrame(schema=schema)])
    write_files(target(tmp_path / "e"), [], schema=pl.Schema(schema))
    for name in "de":
        assert read(tmp_path / name).schema == schema
        assert read(tmp_path / name).height == 0
    with pytest.raises(TargetError, match="one part at least"):
        write_files(target(tmp_path / "f"), [])
    assert not (tmp_path / "f").exists()


def test_all_kinds_of_parts(tmp_path: Path, frame: pl.DataFrame) -> None:
    def by_hand(path: str) -> int:
        frame.write_parquet(path)
        return 4

    arrow = frame.to_arrow()
    assert isinstance(arrow, pa.Table)
    parts = [frame, frame.lazy(), arrow, arrow.to_batches()[0], by_hand]
    assert write_files(target(tmp_path / "d"), parts).rows == 20
    assert read(tmp_path / "d").equals(pl.concat([frame] * 5))


def test_rows_that_differ_from_what_the_kernel_reported_are_not_committed(
    tmp_path: Path, tree: Tree, frame: pl.DataFrame
) -> None:
    def wrong(path: str) -> int:
        frame.write_parquet(path)
        return 5

    with pytest.raises(TargetError, match=r"4 rows on disk.*reported 5"):
        write_files(target(tmp_path / "d"), [frame, wrong])
    with pytest.raises(TargetError, match="7 are expected"):
        write_files(target(tmp_path / "d"), [frame], rows=7)
    assert tree() == []


def test_parts_of_different_schemas_are_refused(tmp_path: Path, tree: Tree) -> None:
    with pytest.raises(SchemaError, match="part 1 has the columns"):
        write_files(target(tmp_path / "d"), [pl.DataFrame({"a": [1]}), pl.DataFrame({"a": ["x"]})])
    assert tree() == []


def test_an_error_of_the_query_comes_through_as_it_is(
    tmp_path: Path, tree: Tree, frame: pl.DataFrame
) -> None:
    def failing() -> object:
        yield frame
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_files(target(tmp_path / "d"), failing())  # type: ignore[arg-type]
    broken = frame.lazy().with_columns(pl.col("k").cast(pl.Int64))
    with pytest.raises(pl.exceptions.InvalidOperationError):
        write_files(target(tmp_path / "d"), [frame, broken])
    with pytest.raises(FileNotFoundError):
        write_files(target(tmp_path / "d"), [pl.scan_parquet(tmp_path / "none.parquet")])
    assert tree() == []


class TestAttempts:
    def test_the_first_recorded_attempt_of_a_part_is_taken(
        self, tmp_path: Path, tree: Tree, frame: pl.DataFrame
    ) -> None:
        with begin(target(tmp_path / "d")) as session:
            winner = write_attempt(session.staging, 0, frame)
            retried = write_attempt(session.staging, 0, frame.reverse())
            assert session.record(winner)
            assert not session.record(retried)
            session.record(write_attempt(session.staging, 1, frame))
            assert not (tmp_path / "d").exists()
            assert session.commit(rows=8, parts=2).rows == 8
        assert read(tmp_path / "d").equals(pl.concat([frame, frame]))
        assert not workspace_of(tmp_path / "d").exists()

    def test_a_missing_part_is_noticed(
        self, tmp_path: Path, tree: Tree, frame: pl.DataFrame
    ) -> None:
        with begin(target(tmp_path / "d")) as session:
            session.record(write_attempt(session.staging, 1, frame))
            with pytest.raises(TargetError, match=r"parts \[0, 2\] were never written"):
                session.commit(parts=3)
        assert tree() == []

    def test_a_file_that_shrank_is_noticed(self, tmp_path: Path, frame: pl.DataFrame) -> None:
        with begin(target(tmp_path / "d")) as session:
            attempt = write_attempt(session.staging, 0, frame)
            os.truncate(attempt.files[0].staged, 10)
            session.record(attempt)
            with pytest.raises(TargetError, match="its writer"):
                session.commit()
        assert not (tmp_path / "d").exists()

    def test_staging_and_attempts_travel(self, tmp_path: Path, frame: pl.DataFrame) -> None:
        import pickle

        with begin(target(tmp_path / "d", partition_by="k")) as session:
            staging = pickle.loads(pickle.dumps(session.staging))
            session.record(pickle.loads(pickle.dumps(write_attempt(staging, 0, frame))))
            session.commit()
        assert read(tmp_path / "d").height == 4


class TestPartitions:
    def test_values_come_back_equal(self, tmp_path: Path) -> None:
        frame = pl.DataFrame(
            {
                "text": ["a/b", "é ü", "007", None, "", "x=y", "100%", "a b", "..", "#?&+"],
                "day": pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, 10), eager=True),
                "flag": [True, False, None] * 3 + [True],
                "n": [-1, 2**62, None, 0, 1, 2, 3, 4, 5, 6],
                "v": range(10),
            }
        )
        keys = ("text", "day", "flag", "n")
        write_files(target(tmp_path / "d", partition_by=keys), [frame, frame.clear()])
        found = committed_files(tmp_path / "d")
        assert dict(found.keys) == {key: frame.schema[key] for key in keys}
        back = pl.read_parquet(
            list(found.paths), hive_schema=dict(found.keys), hive_partitioning=True
        )
        assert back.select(frame.columns).sort("v").equals(frame)

    def test_categories_come_back_as_categories_and_enums_as_text(self, tmp_path: Path) -> None:
        frame = pl.DataFrame({"c": ["x", None], "e": ["p", "q"], "v": [1, 2]}).cast(
            {"c": pl.Categorical, "e": pl.Enum(["q", "p"])}
        )
        write_files(target(tmp_path / "d", partition_by=("c", "e")), [frame])
        assert dict(committed_files(tmp_path / "d").keys) == {
            "c": pl.Categorical(),
            "e": pl.String(),
        }

    def test_other_readers_see_folders_of_hive(self, tmp_path: Path, frame: pl.DataFrame) -> None:
        write_files(target(tmp_path / "d", partition_by="k"), [frame.lazy(), frame])
        assert pl.scan_parquet(tmp_path / "d").collect().height == 8
        assert duckdb.sql(
            f"select sum(v) from read_parquet('{tmp_path}/d/**/*.parquet', hive_partitioning=true)"
        ).fetchall() == [(20,)]
        whole = frame.drop_nulls()
        write_files(target(tmp_path / "e", partition_by="k"), [whole])
        assert sorted(pd.read_parquet(tmp_path / "e")["v"]) == [1, 2, 4]
        folders = {p.parent.name for p in (tmp_path / "d").rglob("*.parquet")}
        assert folders == {"k=a", "k=b", "k=007", "k=__HIVE_DEFAULT_PARTITION__"}

    def test_an_overwrite_removes_partitions_that_are_gone(
        self, tmp_path: Path, frame: pl.DataFrame
    ) -> None:
        write_files(target(tmp_path / "d", partition_by="k"), [frame])
        write_files(target(tmp_path / "d", partition_by="k", mode="overwrite"), [frame.head(1)])
        assert [p.name for p in (tmp_path / "d").glob("k=*")] == ["k=a"]

    def test_no_rows_keep_the_schema(self, tmp_path: Path, frame: pl.DataFrame) -> None:
        write_files(target(tmp_path / "d", partition_by="k"), [frame.clear()])
        found = committed_files(tmp_path / "d")
        back = pl.read_parquet(
            list(found.paths), hive_schema=dict(found.keys), hive_partitioning=True
        )
        assert back.schema == {"v": pl.Int64, "k": pl.String}
        assert back.height == 0

    @pytest.mark.parametrize(
        ("frame", "keys", "message"),
        [
            (pl.DataFrame({"a": [1.5], "v": [1]}), "a", "no exact spelling"),
            (pl.DataFrame({"a": [[1]], "v": [1]}), "a", "no exact spelling"),
            (pl.DataFrame({"a": [1]}), "a", "every column"),
            (pl.DataFrame({"a": [1]}), "b", "does not have"),
            (pl.DataFrame({"a": ["__HIVE_DEFAULT_PARTITION__"], "v": [1]}), "a", "stands for null"),
        ],
    )
    def test_keys_that_would_not_come_back_are_refused(
        self, tmp_path: Path, tree: Tree, frame: pl.DataFrame, keys: str, message: str
    ) -> None:
        with pytest.raises(SchemaError, match=message):
            write_files(target(tmp_path / "d", partition_by=keys), [frame])
        assert tree() == []

    def test_an_append_has_to_have_the_same_keys(self, tmp_path: Path, frame: pl.DataFrame) -> None:
        write_files(target(tmp_path / "d", partition_by="k"), [frame])
        with pytest.raises(TargetError, match="is partitioned by"):
            write_files(target(tmp_path / "d", mode="append"), [frame])

    def test_a_file_cannot_be_partitioned(self, tmp_path: Path) -> None:
        with pytest.raises(TargetError, match="end the path with '/'"):
            target(tmp_path / "d.parquet", partition_by="k")


class TestForeignFiles:
    def test_a_folder_that_others_wrote_is_not_overwritten(
        self, tmp_path: Path, tree: Tree, frame: pl.DataFrame
    ) -> None:
        (tmp_path / "d").mkdir()
        frame.write_parquet(tmp_path / "d" / "x.parquet")
        (tmp_path / "d" / "thesis.doc").write_text("years of work")
        before = tree()
        with pytest.raises(TargetError, match=r"2 files that scalekit did not write.*thesis"):
            write_files(target(tmp_path / "d", mode="overwrite"), [frame])
        assert tree() == before
        write_files(target(tmp_path / "d", mode="overwrite", overwrite_foreign=True), [frame])
        assert read(tmp_path / "d").height == 4
        assert not (tmp_path / "d" / "thesis.doc").exists()

    def test_an_append_keeps_them_and_reads_them_first(
        self, tmp_path: Path, frame: pl.DataFrame
    ) -> None:
        (tmp_path / "d").mkdir()
        frame.write_parquet(tmp_path / "d" / "x.parquet")
        (tmp_path / "d" / "readme.md").write_text("kept")
        write_files(target(tmp_path / "d", mode="append"), [frame.reverse()])
        assert (tmp_path / "d" / "readme.md").read_text() == "kept"
        (tmp_path / "d" / "readme.md").unlink()
        assert read(tmp_path / "d").equals(pl.concat([frame, frame.reverse()]))

    def test_dot_files_survive_an_overwrite(self, tmp_path: Path, frame: pl.DataFrame) -> None:
        write_files(target(tmp_path / "d"), [frame])
        (tmp_path / "d" / ".DS_Store").write_text("finder")
        write_files(target(tmp_path / "d", mode="overwrite"), [frame])
        assert (tmp_path / "d" / ".DS_Store").read_text() == "finder"

    def test_a_file_that_comes_between_the_last_look_and_the_swap_is_given_back(
        self, tmp_path: Path, tree: Tree, frame: pl.DataFrame
    ) -> None:
        write_files(target(tmp_path / "d"), [frame])

        def drop_a_file(step: str, _path: str) -> None:
            if step == "exchange":
                (tmp_path / "d" / "late.txt").write_text("mine")

        with fs.observe(drop_a_file):
            write_files(target(tmp_path / "d", mode="overwrite"), [frame])
        assert (tmp_path / "d" / "late.txt").read_text() == "mine"
        assert not workspace_of(tmp_path / "d").exists()

    def test_data_that_others_add_is_read_too(self, tmp_path: Path, frame: pl.DataFrame) -> None:
        write_files(target(tmp_path / "d"), [frame])
        frame.write_parquet(tmp_path / "d" / "added.parquet")
        assert read(tmp_path / "d").height == 8

    def test_a_part_that_is_missing_is_an_error_and_not_fewer_rows(
        self, tmp_path: Path, frame: pl.DataFrame
    ) -> None:
        result = write_files(target(tmp_path / "d"), [frame, frame])
        os.unlink(result.files[0])
        with pytest.raises(CorruptFileError, match="not those that it wrote"):
            committed_files(tmp_path / "d")

    def test_a_copy_of_the_folder_is_the_same_dataset(
        self, tmp_path: Path, frame: pl.DataFrame
    ) -> None:
        import shutil

        write_files(target(tmp_path / "d", partition_by="k"), [frame], write_id="a")
        shutil.copytree(tmp_path / "d", tmp_path / "e")
        assert committed_files(tmp_path / "e").keys == (("k", pl.String()),)
        again = target(tmp_path / "e", partition_by="k", mode="append")
        assert not write_files(again, [frame], write_id="a").committed
        write_files(target(tmp_path / "e", partition_by="k", mode="overwrite"), [frame])


class TestPlaces:
    def test_folders_that_hold_more_than_a_dataset_are_never_replaced(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frame: pl.DataFrame
    ) -> None:
        home, work = tmp_path / "home", tmp_path / "work" / "here"
        home.mkdir()
        work.mkdir(parents=True)
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.chdir(work)
        for path in (
            "/",
            "~",
            ".",
            "./",
            "..",
            str(work),
            str(work.parent),
            "file:///",
            str(tmp_path),
        ):
            for mode in ("error", "overwrite", "append"):
                with pytest.raises(TargetError, match="never replaced"):
                    write_files(ParquetTarget(path=path, mode=mode), [frame])  # type: ignore[arg-type]

    def test_a_file_where_a_folder_is_needed_and_the_other_way_round(
        self, tmp_path: Path, frame: pl.DataFrame
    ) -> None:
        (tmp_path / "d").write_text("a file")
        with pytest.raises(TargetError, match="is a file"):
            write_files(target(tmp_path / "d", mode="overwrite"), [frame])
        with pytest.raises(TargetError, match="file stands where a folder is needed"):
            write_files(target(tmp_path / "d" / "e", mode="overwrite"), [frame])
        (tmp_path / "f.parquet").mkdir()
        with pytest.raises(TargetError, match="is a folder: end the path with '/'"):
            write_files(target(tmp_path / "f.parquet", mode="overwrite"), [frame])
        write_files(ParquetTarget(path=f"{tmp_path}/f.parquet/"), [frame])
        assert read(tmp_path / "f.parquet").height == 4

    def test_a_symbolic_link_stays_and_what_it_points_to_is_replaced(
        self, tmp_path: Path, frame: pl.DataFrame
    ) -> None:
        write_files(target(tmp_path / "real"), [frame])
        (tmp_path / "link").symlink_to("real")
        write_files(target(tmp_path / "link", mode="overwrite"), [frame.head(1)])
        assert (tmp_path / "link").is_symlink()
        assert read(tmp_path / "real").height == read(tmp_path / "link").height == 1

    def test_a_uri_and_a_folder_that_is_not_there_yet(
        self, tmp_path: Path, frame: pl.DataFrame
    ) -> None:
        write_files(ParquetTarget(path=f"file://{tmp_path}/a%20b/c/d"), [frame])
        assert read(tmp_path / "a b" / "c" / "d").height == 4

    def test_what_is_staged_for_a_partition_is_not_below_its_dataset(self, tmp_path: Path) -> None:
        assert workspace_of(tmp_path / "flights" / "y=1" / "m=2") == tmp_path / ".flights.scalekit"
        assert (
            workspace_of(tmp_path / "flights" / "y=1" / "a.csv") == tmp_path / ".flights.scalekit"
        )
        assert workspace_of(tmp_path / "flights") == tmp_path / ".flights.scalekit"

    def test_permissions_of_the_folder_stay(self, tmp_path: Path, frame: pl.DataFrame) -> None:
        write_files(target(tmp_path / "d"), [frame])
        (tmp_path / "d").chmod(0o750)
        write_files(target(tmp_path / "d", mode="overwrite"), [frame])
        assert (tmp_path / "d").stat().st_mode & 0o777 == 0o750


class TestConcurrency:
    def test_of_two_writers_that_began_together_one_wins(
        self, tmp_path: Path, frame: pl.DataFrame
    ) -> None:
        for mode in ("error", "overwrite"):
            path = tmp_path / mode
            if mode == "overwrite":
                write_files(target(path), [frame])
            first, second = begin(target(path, mode=mode)), begin(target(path, mode=mode))
            for session in (first, second):
                session.record(write_attempt(session.staging, 0, frame))
            first.commit()
            with pytest.raises(WriteConflictError, match="another writer"), second:
                second.commit()
            assert read(path).height == 4
            assert not workspace_of(path).exists()

    def test_appends_that_began_together_both_stay(
        self, tmp_path: Path, frame: pl.DataFrame
    ) -> None:
        write_files(target(tmp_path / "d"), [frame])
        sessions = [begin(target(tmp_path / "d", mode="append")) for _ in range(3)]
        for number, session in enumerate(sessions):
            rows = frame.with_columns(v=pl.lit(10 + number, dtype=pl.Int64))
            session.record(write_attempt(session.staging, 0, rows))
        for session in sessions:
            assert session.commit().rows == 4
        assert read(tmp_path / "d")["v"].unique().sort().to_list() == [1, 2, 3, 4, 10, 11, 12]
        assert committed_files(tmp_path / "d").generation == 4
        assert not workspace_of(tmp_path / "d").exists()

    def test_the_same_append_begun_twice_is_added_once(
        self, tmp_path: Path, frame: pl.DataFrame
    ) -> None:
        write_files(target(tmp_path / "d"), [frame])
        sessions = [begin(target(tmp_path / "d", mode="append"), write_id="x") for _ in range(2)]
        for session in sessions:
            session.record(write_attempt(session.staging, 0, frame))
        assert [session.commit().committed for session in sessions] == [True, False]
        assert read(tmp_path / "d").height == 8

    def test_appending_threads_lose_nothing(self, tmp_path: Path, frame: pl.DataFrame) -> None:
        write_files(target(tmp_path / "d"), [frame])
        with ThreadPoolExecutor(4) as pool:
            done = pool.map(
                lambda _: write_files(target(tmp_path / "d", mode="append"), [frame]), range(8)
            )
        assert sum(result.rows for result in done) == 32
        assert read(tmp_path / "d").height == 36


class TestSchemas:
    def test_an_append_of_other_columns_is_refused(
        self, tmp_path: Path, frame: pl.DataFrame
    ) -> None:
        write_files(target(tmp_path / "d"), [frame])
        for other in (frame.with_columns(pl.col("v").cast(pl.Int32)), frame.select("v")):
            with pytest.raises(SchemaError, match="cannot append"):
                write_files(target(tmp_path / "d", mode="append"), [other])
        write_files(target(tmp_path / "d", mode="append"), [frame.select("v", "k")])
        write_files(CsvTarget(path=str(tmp_path / "c")), [frame])
        with pytest.raises(SchemaError, match="cannot append"):
            write_files(
                CsvTarget(path=str(tmp_path / "c"), mode="append"), [frame.select("v", "k")]
            )

    def test_text_formats_as_datasets(self, tmp_path: Path, frame: pl.DataFrame) -> None:
        write_files(CsvTarget(path=str(tmp_path / "c"), compression="gzip"), [frame, frame])
        write_files(NdjsonTarget(path=str(tmp_path / "n")), [frame, frame.clear()])
        files = committed_files(tmp_path / "c").paths
        assert all(path.endswith(".csv.gz") for path in files)
        assert (
            pl.concat([pl.read_csv(p, schema_overrides={"k": pl.String}) for p in files]).height
            == 8
        )
        assert pl.scan_ndjson(tmp_path / "n").collect().equals(frame)


class TestWithoutExchange:
    """A file system whose rename cannot swap: away, then in, and a repair of what died between."""

    @pytest.fixture(autouse=True)
    def _no_exchange(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fs, "_rename_flags", lambda *_: False)

    def test_the_modes_work(self, tmp_path: Path, frame: pl.DataFrame) -> None:
        write_files(target(tmp_path / "d"), [frame])
        write_files(target(tmp_path / "d", mode="append"), [frame])
        assert read(tmp_path / "d").height == 8
        write_files(target(tmp_path / "d", mode="overwrite"), [frame])
        assert read(tmp_path / "d").height == 4
        assert not workspace_of(tmp_path / "d").exists()

    @pytest.mark.parametrize("who", ["reader", "writer"])
    def test_a_gap_is_repaired_by_whoever_comes_next(
        self, tmp_path: Path, frame: pl.DataFrame, who: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_files(target(tmp_path / "d"), [frame])
        session = begin(target(tmp_path / "d", mode="overwrite"))
        assert isinstance(session, LocalDatasetSession)
        session.record(write_attempt(session.staging, 0, frame.head(1)))
        real_rename = fs.rename_new

        def die_between(source: Path, goal: Path) -> None:
            if source.name == "data":
                raise SystemExit
            real_rename(source, goal)

        with monkeypatch.context() as patch:
            patch.setattr(fs, "rename_new", die_between)
            # the way back is blocked as well: as after a kill
            patch.setattr(LocalDatasetSession, "_swap_in_two", _away_only)
            with pytest.raises(SystemExit):
                session.commit()
        assert not (tmp_path / "d").exists()
        session._release()
        if who == "writer":
            assert write_files(target(tmp_path / "d", mode="append"), [frame]).rows == 4
            assert read(tmp_path / "d").height == 5
        else:
            assert read(tmp_path / "d").height == 1

    def test_a_failed_swap_is_taken_back(
        self, tmp_path: Path, frame: pl.DataFrame, tree: Tree
    ) -> None:
        write_files(target(tmp_path / "d"), [frame])
        before = tree()
        with pytest.raises(TargetError, match="disk is full"), fs.observe(_fail_second_rename()):
            write_files(target(tmp_path / "d", mode="overwrite"), [frame])
        assert tree() == before


def _away_only(session: LocalDatasetSession, staged: Path) -> None:
    fs.rename_new(session.real, session.folder / "replaced")
    fs.rename_new(staged, session.real)


def _fail_second_rename() -> Callable[[str, str], None]:
    seen = []

    def fail(step: str, path: str) -> None:
        if step == "rename_new":
            seen.append(path)
            if len(seen) == 2:
                raise OSError(28, "No space left on device")

    return fail


class TestLeftovers:
    def test_what_a_dead_write_staged_goes_after_a_day(
        self, tmp_path: Path, frame: pl.DataFrame
    ) -> None:
        write_files(target(tmp_path / "d"), [frame])
        dead = begin(target(tmp_path / "d", mode="overwrite"))
        assert isinstance(dead, LocalDatasetSession)
        write_attempt(dead.staging, 0, frame)
        write_files(target(tmp_path / "d", mode="append"), [frame])
        assert dead.folder.exists()
        yesterday = time.time() - 25 * 3600
        for path in (dead.folder, *dead.folder.rglob("*")):
            os.utime(path, (yesterday, yesterday))
        write_files(target(tmp_path / "d", mode="append"), [frame])
        assert dead.folder.exists(), "its process is alive"
        dead._release()
        write_files(target(tmp_path / "d", mode="append"), [frame])
        assert not workspace_of(tmp_path / "d").exists()
        assert read(tmp_path / "d").height == 16

    def test_a_commit_that_could_not_clean_up_has_succeeded(
        self, tmp_path: Path, frame: pl.DataFrame, caplog: pytest.LogCaptureFixture
    ) -> None:
        write_files(target(tmp_path / "d"), [frame])

        def no_unlink(step: str, _path: str) -> None:
            if step == "unlink":
                raise OSError(5, "I/O error")

        with fs.observe(no_unlink):
            result = write_files(target(tmp_path / "d", mode="overwrite"), [frame.head(1)])
        assert result.committed
        assert "removed by the next write" in caplog.text
        assert read(tmp_path / "d").height == 1
        assert workspace_of(tmp_path / "d").exists()
        write_files(target(tmp_path / "d", mode="append"), [frame])
        assert not workspace_of(tmp_path / "d").exists()
        assert read(tmp_path / "d").height == 5


@pytest.mark.parametrize(
    ("mode", "code"), [("error", 28), ("overwrite", 28), ("overwrite", 30), ("append", 13)]
)
def test_a_disk_that_fails_at_any_change_leaves_the_old_state_and_nothing_else(
    tmp_path: Path, tree: Tree, frame: pl.DataFrame, mode: str, code: int
) -> None:
    """Disk full, read-only, not allowed, broken: before each change in turn."""
    if mode != "error":
        write_files(target(tmp_path / "d"), [frame])
    before = tree()
    point, committed = 0, False
    while not committed:
        left = point

        def fail(_step: str, _path: str) -> None:
            nonlocal left
            left -= 1
            if left == -1:
                raise OSError(code, os.strerror(code))

        try:
            with fs.observe(fail):
                write_files(target(tmp_path / "d", mode=mode), [frame, frame])
            committed = True
        except TargetError as error:
            assert str(tmp_path / "d") in str(error)  # noqa: PT017 - it fails or it does not
            assert tree() == before
        point += 1
    assert point > 15
    assert read(tmp_path / "d").height == (12 if mode == "append" else 8)


def test_nothing_there_and_nothing_in_it(tmp_path: Path) -> None:
    with pytest.raises(PathNotFoundError, match="nothing at"):
        committed_files(tmp_path / "none")
    with pytest.raises(PathNotFoundError, match="no data in"):
        committed_files(tmp_path)


def test_the_journal_names_the_target(tmp_path: Path, frame: pl.DataFrame) -> None:
    seen = []

    def look(step: str, path: str) -> None:
        if step == "exchange":
            journal = next(workspace_of(Path(path)).glob("*/journal"))
            seen.append(json.loads(journal.read_text())["target"])

    write_files(target(tmp_path / "d"), [frame])
    with fs.observe(look):
        write_files(target(tmp_path / "d", mode="overwrite"), [frame])
    assert seen == [str(tmp_path / "d")]
