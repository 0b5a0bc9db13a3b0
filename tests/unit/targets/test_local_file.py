from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from scalekit.errors import (
    ComputeError,
    SchemaError,
    TargetError,
    TargetExistsError,
    WriteConflictError,
)
from scalekit.storage import filesystem as fs
from scalekit.targets import (
    CsvTarget,
    FileTarget,
    IpcTarget,
    NdjsonTarget,
    ParquetTarget,
    begin,
    write_attempt,
    write_files,
)

Tree = Callable[[], list[str]]
READERS: dict[str, Any] = {
    "a.parquet": (ParquetTarget, pl.read_parquet),
    "a.csv": (CsvTarget, pl.read_csv),
    "a.csv.gz": (CsvTarget, pl.read_csv),
    "a.csv.zst": (CsvTarget, pl.read_csv),
    "a.ndjson": (NdjsonTarget, pl.read_ndjson),
    "a.ndjson.gz": (NdjsonTarget, pl.read_ndjson),
    "a.arrow": (IpcTarget, pl.read_ipc),
}


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame({"k": ["a", "b", None, 'x\ny,"z"'], "v": [1, 2, 3, 4]})


@pytest.mark.parametrize("name", READERS)
class TestFormats:
    def test_the_three_modes(
        self, tmp_path: Path, tree: Tree, frame: pl.DataFrame, name: str
    ) -> None:
        kind, read = READERS[name]
        path = str(tmp_path / name)
        result = write_files(kind(path=path), [frame, frame.lazy()])
        assert (result.rows, result.bytes) == (8, os.path.getsize(path))
        assert read(path).equals(pl.concat([frame, frame]))
        with pytest.raises(TargetExistsError):
            write_files(kind(path=path), [frame])
        write_files(kind(path=path, mode="append"), [frame.reverse()])
        assert read(path).equals(pl.concat([frame, frame, frame.reverse()]))
        write_files(kind(path=path, mode="overwrite"), [frame])
        assert read(path).equals(frame)
        assert tree() == [name]

    def test_an_append_to_nothing_is_a_new_file(
        self, tmp_path: Path, frame: pl.DataFrame, name: str
    ) -> None:
        kind, read = READERS[name]
        write_files(kind(path=str(tmp_path / name), mode="append"), [frame])
        assert read(tmp_path / name).equals(frame)

    def test_no_rows(self, tmp_path: Path, frame: pl.DataFrame, name: str) -> None:
        kind, read = READERS[name]
        path = tmp_path / name
        assert write_files(kind(path=str(path)), [frame.clear()]).rows == 0
        assert path.exists()
        if kind is not NdjsonTarget:
            assert read(path).columns == ["k", "v"]
        write_files(kind(path=str(path), mode="append"), [frame])
        assert read(path).equals(frame)

    @pytest.mark.parametrize("mode", ["error", "overwrite", "append"])
    def test_a_disk_that_fails_at_any_change_leaves_the_old_file_and_nothing_else(
        self, tmp_path: Path, tree: Tree, frame: pl.DataFrame, name: str, mode: str
    ) -> None:
        kind, read = READERS[name]
        path = tmp_path / name
        if mode != "error":
            write_files(kind(path=str(path)), [frame])
        before = path.read_bytes() if path.exists() else None
        point, written = 0, False
        while not written:
            left = point

            def fail(_step: str, _path: str) -> None:
                nonlocal left
                left -= 1
                if left == -1:
                    raise OSError(28, "No space left on device")

            try:
                with fs.observe(fail):
                    write_files(kind(path=str(path), mode=mode), [frame, frame])
                written = True
            except TargetError as error:
                assert "disk is full" in str(error)  # noqa: PT017 - it fails or it does not
                assert (path.read_bytes() if path.exists() else None) == before
                assert tree() == ([] if before is None else [name])
            point += 1
        assert point > 12
        assert read(path).height == (12 if mode == "append" else 8)


def test_a_parquet_file_remembers_its_write_ids(tmp_path: Path, frame: pl.DataFrame) -> None:
    path = str(tmp_path / "a.parquet")

    def append(write_id: str) -> bool:
        return write_files(
            ParquetTarget(path=path, mode="append"), [frame], write_id=write_id
        ).committed

    assert [append(i) for i in ("a", "b", "a", "b", "c")] == [True, True, False, False, True]
    assert pl.read_parquet(path).height == 12
    assert write_files(ParquetTarget(path=path), [frame], write_id="a").committed is False


def test_a_format_that_cannot_remember_refuses_an_append_with_a_write_id(
    tmp_path: Path, frame: pl.DataFrame
) -> None:
    path = tmp_path / "a.csv"
    with pytest.raises(TargetError, match="append to a folder"):
        write_files(CsvTarget(path=str(path), mode="append"), [frame], write_id="a")
    assert not path.exists()


def test_an_append_to_a_csv_without_a_last_line_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("v\n1\n2")
    write_files(CsvTarget(path=str(path), mode="append"), [pl.DataFrame({"v": [3]})])
    assert path.read_text() == "v\n1\n2\n3\n"


def test_an_append_of_other_columns_is_refused(tmp_path: Path, frame: pl.DataFrame) -> None:
    for kind, name in ((CsvTarget, "a.csv"), (ParquetTarget, "a.parquet"), (IpcTarget, "a.arrow")):
        write_files(kind(path=str(tmp_path / name)), [frame])
        with pytest.raises(SchemaError, match="cannot append"):
            write_files(kind(path=str(tmp_path / name), mode="append"), [frame.rename({"v": "w"})])


def test_options_of_the_formats_arrive(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1.25, None], "d": [dt.date(2024, 1, 2)] * 2})
    path = str(tmp_path / "a.tsv")
    options = {
        "separator": "\t",
        "null_value": "NA",
        "date_format": "%d.%m.%Y",
        "float_precision": 1,
    }
    write_files(CsvTarget(path=path, **options), [frame, frame])  # type: ignore[arg-type]
    line = "1.2\t02.01.2024\nNA\t02.01.2024\n"
    assert Path(path).read_text() == f"a\td\n{line}{line}"
    write_files(
        ParquetTarget(path=str(tmp_path / "a.parquet"), compression="lz4", row_group_size=1),
        [frame],
    )
    import pyarrow.parquet as pq

    footer = pq.read_metadata(tmp_path / "a.parquet")
    assert footer.num_row_groups == 2
    assert footer.row_group(0).column(0).compression == "LZ4"


def test_headers_with_line_ends_are_merged_as_headers(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a\nb": [1], "c,d": [2]})
    write_files(CsvTarget(path=str(tmp_path / "a.csv")), [frame, frame])
    write_files(CsvTarget(path=str(tmp_path / "a.csv"), mode="append"), [frame])
    assert pl.read_csv(tmp_path / "a.csv").equals(pl.concat([frame] * 3))
    quoted = pl.DataFrame({'say "b"': [1]})
    for _ in range(3):
        write_files(CsvTarget(path=str(tmp_path / "q.csv"), mode="append"), [quoted])
    assert (tmp_path / "q.csv").read_text() == '"say ""b"""\n1\n1\n1\n'


def test_of_two_writers_that_began_together_one_wins(tmp_path: Path, frame: pl.DataFrame) -> None:
    for name, mode in (("a.parquet", "error"), ("b.parquet", "overwrite"), ("c.parquet", "append")):
        target = ParquetTarget(path=str(tmp_path / name), mode=mode)  # type: ignore[arg-type]
        if mode != "error":
            write_files(ParquetTarget(path=target.path), [frame])
        first, second = begin(target), begin(target)
        for session in (first, second):
            session.record(write_attempt(session.staging, 0, frame))
        first.commit()
        with pytest.raises(WriteConflictError), second:
            second.commit()
        assert pl.read_parquet(target.path).height == (8 if mode == "append" else 4)


def test_links_and_permissions_stay(tmp_path: Path, frame: pl.DataFrame) -> None:
    real = tmp_path / "real.csv"
    real.write_text("old")
    real.chmod(0o640)
    (tmp_path / "link.csv").symlink_to("real.csv")
    write_files(CsvTarget(path=str(tmp_path / "link.csv"), mode="overwrite"), [frame])
    assert (tmp_path / "link.csv").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert pl.read_csv(real).equals(frame)


def test_a_link_to_nothing_is_written_through(tmp_path: Path, frame: pl.DataFrame) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "there" / "real.csv")
    write_files(CsvTarget(path=str(tmp_path / "link.csv")), [frame])
    assert pl.read_csv(tmp_path / "there" / "real.csv").equals(frame)


def test_no_hard_links(
    tmp_path: Path, frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system with neither flags for rename nor links, such as exFAT, has folders at least."""
    monkeypatch.setattr(fs, "_rename_flags", lambda *_: False)

    def refuse(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = str(tmp_path / "d")
    write_files(ParquetTarget(path=path), [frame])
    write_files(ParquetTarget(path=path, mode="append"), [frame])
    assert pl.read_parquet(path).height == 8
    write_files(ParquetTarget(path=f"{path}.parquet"), [frame])
    with pytest.raises(TargetExistsError):
        write_files(ParquetTarget(path=f"{path}.parquet"), [frame])


@pytest.mark.parametrize(
    ("path", "is_dataset"),
    [
        ("out", True), ("out/", True), ("out.parquet", False), ("out.parquet/", True), ("a.b/c", True),
        ("s3://b/out", True), ("s3://b/out.csv.gz", False), ("m=1.5", True), ("run.2024", True),
        (".", True), ("..", True), ("~", True), (".hidden", True),
    ],
)  # fmt: skip
def test_a_suffix_makes_it_a_file(path: str, is_dataset: bool) -> None:
    assert ParquetTarget(path=path).is_dataset is is_dataset


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "replace"}, "unknown mode 'replace'; known: error, overwrite, append"),
        ({"path": ""}, "needs a path"),
        ({"path": "http://h/x.csv"}, "cannot write to http://h/x.csv"),
        ({"path": "ftp://me:secret@h/x"}, r"cannot write to ftp://\*\*\*@h/x"),
    ],
)
def test_what_has_no_meaning_is_refused_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(TargetError, match=message):
        CsvTarget(**{"path": "x.csv", **options})


def test_targets_are_values(tmp_path: Path) -> None:
    import pickle

    one = ParquetTarget(
        path=str(tmp_path),
        storage_options={"aws_secret_access_key": "hunter2"},  # type: ignore[arg-type]
    )
    same = pickle.loads(pickle.dumps(one))
    assert (one, hash(one)) == (same, hash(same))
    assert "hunter2" not in repr(one) + one.describe()
    assert isinstance(one, FileTarget)
    assert one.options == {"aws_secret_access_key": "hunter2"}


class TestWhatAFormatCannotHold:
    """Refused by name, not stored as something else."""

    @pytest.mark.parametrize(
        ("kind", "series"),
        [
            (CsvTarget, pl.Series([[1]])),
            (CsvTarget, pl.Series([{"x": 1}])),
            (CsvTarget, pl.Series([b"x"])),
            (CsvTarget, pl.Series([dt.timedelta(1)])),
            (NdjsonTarget, pl.Series([b"x"])),
            (NdjsonTarget, pl.Series([[{"x": b"x"}]])),
            (ParquetTarget, pl.Series([object()])),
            (IpcTarget, pl.Series([object()])),
        ],
    )
    def test_types(
        self, tmp_path: Path, tree: Tree, kind: type[FileTarget], series: pl.Series
    ) -> None:
        with pytest.raises(SchemaError, match="cannot hold column 'c'"):
            write_files(kind(path=str(tmp_path / "a.b")), [pl.DataFrame({"c": series})])
        assert tree() == []

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
    def test_floats_that_json_does_not_have(self, tmp_path: Path, tree: Tree, value: float) -> None:
        frame = pl.DataFrame({"a": [1.5, None, value], "b": [1, 2, 3]})
        target = NdjsonTarget(path=str(tmp_path / "a.ndjson"))
        for part in (frame, frame.lazy()):
            with pytest.raises(TargetError, match="neither NaN nor infinity"):
                write_files(target, [part])
        assert tree() == []
        write_files(target, [frame.head(2)])
        assert pl.read_ndjson(tmp_path / "a.ndjson").equals(frame.head(2))

    def test_a_null_in_the_only_column_of_a_csv(self, tmp_path: Path, tree: Tree) -> None:
        frame = pl.DataFrame({"a": ["x", None, ""]})
        with pytest.raises(TargetError, match="null_value='NA'"):
            write_files(CsvTarget(path=str(tmp_path / "a.csv")), [frame])
        assert tree() == []
        write_files(CsvTarget(path=str(tmp_path / "a.csv"), null_value="NA"), [frame])
        back = pl.read_csv(tmp_path / "a.csv", null_values="NA", empty_string_is_null=False)
        assert back.equals(frame)

    def test_nulls_and_empty_texts_stay_apart(self, tmp_path: Path) -> None:
        frame = pl.DataFrame({"a": ["", None, "NA", "007", " x "], "b": [1, 2, 3, 4, 5]})
        for kind, name in ((CsvTarget, "a.csv"), (NdjsonTarget, "a.ndjson")):
            write_files(kind(path=str(tmp_path / name)), [frame])
        back = pl.read_csv(tmp_path / "a.csv", schema_overrides={"a": pl.String})
        assert back.equals(frame)
        assert pl.read_ndjson(tmp_path / "a.ndjson").equals(frame)


def test_a_panic_of_polars_is_an_error_like_others(tmp_path: Path, tree: Tree) -> None:
    def panics(_path: str) -> int:
        raise pl.exceptions.PanicException("not yet implemented")

    with pytest.raises(ComputeError, match="Polars failed while writing"):
        write_files(ParquetTarget(path=str(tmp_path / "a.parquet")), [panics])
    assert tree() == []
