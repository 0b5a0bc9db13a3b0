from __future__ import annotations

import datetime as dt
import decimal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from scalekit.errors import MissingDependencyError, SchemaError, TargetError, TargetExistsError
from scalekit.targets import DatabaseTarget, write
from tests.battery.postgres_server import find_postgres, postgres_server

ENGINES: list[Any] = ["sqlite-adbc", "sqlite-sqlalchemy"]
if find_postgres():
    ENGINES += [
        pytest.param(engine, marks=pytest.mark.postgres)
        for engine in ("postgresql-adbc", "postgresql-sqlalchemy")
    ]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with postgres_server() as uri:
        yield uri


class Database:
    """One database through one engine, and a look at it from outside."""

    def __init__(self, uri: str, engine: str) -> None:
        self.uri, self.engine = uri, engine

    def target(self, table: str = "t", **options: Any) -> DatabaseTarget:
        return DatabaseTarget(table=table, uri=self.uri, **{"engine": self.engine, **options})

    def rows(self, query: str = "select k, v from t order by v") -> list[tuple[Any, ...]]:
        engine = sa.create_engine(self.uri.replace("postgresql:", "postgresql+psycopg:"))
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(sa.text(query))]
        finally:
            engine.dispose()


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    kind, engine = request.param.split("-")
    if kind == "sqlite":
        return Database(f"sqlite:///{tmp_path}/a.db", engine)
    uri = request.getfixturevalue("postgres")
    base = Database(uri, "adbc")
    raw = sa.create_engine(uri.replace("postgresql:", "postgresql+psycopg:"))
    with raw.begin() as connection:
        connection.execute(sa.text("drop schema public cascade; create schema public"))
    raw.dispose()
    if engine == "adbc":
        return base
    return Database(uri.replace("postgresql:", "postgresql+psycopg:"), engine)


ROWS = [("a", 1), ("b", 2), (None, 3), ("007", 4)]


def test_the_three_modes(database: Database, frame: pl.DataFrame) -> None:
    result = write(database.target(), [frame.head(2), frame.lazy().tail(2), frame.to_arrow()[:0]])
    assert result.rows == 4
    assert database.rows() == ROWS
    with pytest.raises(TargetExistsError, match="mode='overwrite'"):
        write(database.target(), [frame])
    write(database.target(mode="append"), [frame.select("v", "k").with_columns(v=pl.col("v") + 4)])
    assert [v for _, v in database.rows()] == list(range(1, 9))
    write(database.target(mode="overwrite"), [frame])
    assert database.rows() == ROWS


def test_an_append_and_an_overwrite_of_nothing_make_the_table(
    database: Database, frame: pl.DataFrame
) -> None:
    for mode in ("append", "overwrite"):
        write(database.target(mode, mode=mode), [frame])
        assert database.rows(f"select k, v from {mode} order by v") == ROWS


def test_the_same_write_id_adds_nothing_the_second_time(
    database: Database, frame: pl.DataFrame
) -> None:
    def run(mode: str, write_id: str) -> bool:
        return write(database.target(mode=mode), [frame], write_id=write_id).committed

    assert [run("error", "a"), run("error", "a")] == [True, False]
    assert [run("append", "b"), run("append", "b"), run("append", "it's")] == [True, False, True]
    assert len(database.rows()) == 12
    assert run("overwrite", "c")
    assert run("append", "b"), "an overwrite forgets what it removed"
    assert len(database.rows()) == 8


@pytest.mark.parametrize("mode", ["error", "append", "overwrite"])
def test_an_error_half_way_leaves_the_old_rows(
    database: Database, frame: pl.DataFrame, mode: str
) -> None:
    if mode != "error":
        write(database.target(), [frame])
    before = database.rows() if mode != "error" else None
    other = frame.with_columns(v=pl.col("v").cast(pl.String))
    with pytest.raises(SchemaError, match="frame 1 has the columns"):
        write(database.target(mode=mode), [frame, other])
    huge = pl.DataFrame({"k": ["x", "y"], "v": pl.Series([1, 2**64 - 1], dtype=pl.UInt64)})
    with pytest.raises(TargetError, match="above 9223372036854775807"):
        write(database.target(mode=mode), [huge.head(1), huge.tail(1)])
    if before is None:
        write(database.target(), [frame])
    assert database.rows() == ROWS


def test_the_rows_of_the_table_that_is_replaced_can_be_read(
    database: Database, frame: pl.DataFrame
) -> None:
    """A lazy part is computed before the transaction begins: it does not wait for itself."""
    write(database.target(), [frame])

    def plus_ten(_: pl.DataFrame) -> pl.DataFrame:
        return pl.DataFrame(database.rows(), schema=frame.schema, orient="row").with_columns(
            v=pl.col("v") + 10
        )

    lazy = frame.lazy().map_batches(plus_ten)
    write(database.target(mode="overwrite"), [lazy])
    assert [v for _, v in database.rows()] == [11, 12, 13, 14]


def test_an_append_of_other_columns_is_refused(database: Database, frame: pl.DataFrame) -> None:
    write(database.target(), [frame])
    for other in (frame.select("v"), frame.with_columns(w=1)):
        with pytest.raises(SchemaError, match="cannot append"):
            write(database.target(mode="append"), [other])
    assert database.rows() == ROWS


def test_no_rows(database: Database, frame: pl.DataFrame) -> None:
    assert write(database.target(), [frame.clear()]).rows == 0
    assert write(database.target("u"), [], schema=frame.schema).rows == 0
    assert database.rows() == []
    assert database.rows("select k, v from u") == []


def test_types(database: Database) -> None:
    frame = pl.DataFrame(
        {
            "b": [True, None],
            "u": pl.Series([2**32 - 1, None], dtype=pl.UInt32),
            "f": [0.1, None],
            "s": ["é\n'\"", None],
            "c": pl.Series(["x", None], dtype=pl.Categorical),
            "x": [b"\x00\xff", None],
            "d": [dt.date(2024, 2, 29), None],
            "t": [dt.datetime(2024, 2, 29, 1, 2, 3, 4), None],
        }
    )
    write(database.target(), [frame])
    found, nothing = database.rows("select b, u, f, s, c, x, d, t from t order by b is null")
    assert nothing == (None,) * 8
    assert (bool(found[0]), *found[1:5], bytes(found[5])) == (
        True, 2**32 - 1, 0.1, "é\n'\"", "x", b"\x00\xff",
    )  # fmt: skip
    assert str(found[6]) == "2024-02-29"
    assert str(found[7]).replace("T", " ") == "2024-02-29 01:02:03.000004"


def test_nan(database: Database) -> None:
    frame = pl.DataFrame({"v": [1.0, float("nan")]})
    if "sqlite" in database.uri:
        with pytest.raises(TargetError, match="stores NaN as NULL"):
            write(database.target(), [frame])
        return
    write(database.target(), [frame])
    assert str(database.rows("select v from t where v > 1e300")) == "[(nan,)]"


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([{"x": 1}]),
        pl.Series([1], dtype=pl.Int128),
        pl.Series([decimal.Decimal("1.10")]),
        pl.Series([[1]]),
    ],
)
def test_what_sqlite_would_change_is_refused(
    tmp_path: Path, series: pl.Series, frame: pl.DataFrame
) -> None:
    for engine in ("adbc", "sqlalchemy"):
        there = Database(f"sqlite:///{tmp_path}/a.db", engine)
        with pytest.raises(SchemaError, match="'c'"):
            write(there.target(), [pl.DataFrame({"c": series})])
        write(there.target(engine), [frame])


@pytest.mark.postgres
def test_schemas_of_a_database(postgres_only: Database, frame: pl.DataFrame) -> None:
    raw = sa.create_engine(postgres_only.uri.replace("postgresql:", "postgresql+psycopg:"))
    with raw.begin() as connection:
        connection.execute(sa.text("create schema if not exists lab"))
    raw.dispose()
    for engine in ("adbc", "sqlalchemy"):
        there = Database(
            postgres_only.uri
            if engine == "adbc"
            else postgres_only.uri.replace("postgresql:", "postgresql+psycopg:"),
            engine,
        )
        write(there.target(f"lab.{engine}"), [frame])
        write(there.target(f"lab.{engine}", mode="append"), [frame])
        with pytest.raises(TargetExistsError):
            write(there.target(f"lab.{engine}"), [frame])
        assert len(there.rows(f"select * from lab.{engine}")) == 8


@pytest.fixture
def postgres_only(request: pytest.FixtureRequest) -> Database:
    if not find_postgres():
        pytest.skip("PostgreSQL is not installed")
    return Database(request.getfixturevalue("postgres"), "adbc")


@pytest.mark.parametrize("engine", ["adbc", "sqlalchemy"])
def test_a_database_that_cannot_be_reached_is_named_without_secrets(
    frame: pl.DataFrame, engine: str, tmp_path: Path
) -> None:
    scheme = "postgresql" if engine == "adbc" else "postgresql+psycopg"
    for uri in (f"{scheme}://me:hunter2@127.0.0.1:1/db", f"sqlite:///{tmp_path}/none/a.db"):
        there = DatabaseTarget(table="t", uri=uri, engine=engine)  # type: ignore[arg-type]
        with pytest.raises(TargetError) as caught:
            write(there, [frame])
        assert "table t" in str(caught.value)
        assert "hunter2" not in f"{caught.value}{there!r}{there.describe()}"


def test_what_has_no_meaning(frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TargetError, match="no database URI"):
        DatabaseTarget(table="t", uri="a.db")
    with pytest.raises(TargetError, match="unknown mode"):
        DatabaseTarget(table="t", uri="sqlite:///a.db", mode="replace")  # type: ignore[arg-type]
    with pytest.raises(TargetError, match="needs the name"):
        DatabaseTarget(table="", uri="sqlite:///a.db")
    with pytest.raises(TargetError, match="name a file"):
        write(DatabaseTarget(table="t", uri="sqlite://"), [frame])
    with pytest.raises(TargetError, match="no ADBC driver"):
        write(DatabaseTarget(table="t", uri="mysql://h/db", engine="adbc"), [frame])
    with pytest.raises(TargetError, match="cannot write table t"):
        write(DatabaseTarget(table="t", uri="nonsense://h/db"), [frame])
    monkeypatch.setitem(sys.modules, "adbc_driver_sqlite.dbapi", None)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for engine in ("adbc", "sqlalchemy"):
        with pytest.raises(MissingDependencyError, match="database"):
            write(DatabaseTarget(table="t", uri="sqlite:///a.db", engine=engine), [frame])  # type: ignore[arg-type]


def test_an_engine_gives_its_uri(tmp_path: Path, frame: pl.DataFrame) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/a.db")
    there = DatabaseTarget(table="t", uri=engine)  # type: ignore[arg-type]
    assert there.uri == f"sqlite:///{tmp_path}/a.db"
    write(there, [frame])
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute("select count(*) from t").fetchall() == [(4,)]
    connection.close()
    engine.dispose()
