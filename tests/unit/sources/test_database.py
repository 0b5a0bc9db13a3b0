from __future__ import annotations

import datetime as dt
import decimal
import pickle
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing

import polars as pl
import pytest
import sqlalchemy as sa

from scalekit.errors import (
    AccessError,
    ColumnNotFoundError,
    DuplicateError,
    InvalidOperationError,
    MissingDependencyError,
    PathNotFoundError,
    SchemaError,
    SchemaMismatchError,
    SourceError,
)
from scalekit.sources import database_size
from scalekit.sources.database import KeyRange, database_source
from scalekit.sources.database_connection import Uri
from tests.battery.postgres_server import find_postgres, postgres_server

ENGINES = ["adbc", "sqlalchemy uri", "sqlalchemy engine"]

TABLES = """
create table t(id integer, v real, s text, m, b blob, d text, n);
insert into t values (1, 1.5, 'a', 1, x'01', '2024-01-01', null);
insert into t values (2, null, 'b', 'x', null, null, null);
insert into t values (null, 2, null, 2.5, null, '2024-01-03', null);
create table empty(a int, b text);
create table "odd ""name"(" ""c"" d" int, "select" text);
insert into "odd ""name" values (1, 'x');
create table late(a, s);
"""


@pytest.fixture
def sqlite(tmp_path) -> str:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
        connection.executemany("insert into late values (?, ?)", [(None, None)] * 3000 + [(1, "x")])
        connection.commit()
    return f"sqlite:///{path}"


@pytest.fixture(params=ENGINES)
def connection(request, sqlite) -> Iterator[object]:
    if request.param == "adbc":
        yield sqlite
    elif request.param == "sqlalchemy uri":
        yield sqlite.replace("sqlite:", "sqlite+pysqlite:")
    else:
        engine = sa.create_engine(sqlite)
        yield engine
        engine.dispose()


def read(query: str, connection: object, **options) -> pl.DataFrame:
    source = database_source(query, connection, **options)
    rows = source.read().collect()
    assert rows.schema == source.schema
    assert source.read(source.splits()).collect().equals(rows)
    assert pl.concat(source.read([s]).collect() for s in source.splits()).equals(rows)
    assert source.read().select(pl.len()).collect().item() == rows.height
    assert source.read().head(1).collect().equals(rows.head(1))
    last = rows.columns[-1]
    assert source.read().select(last).collect().equals(rows.select(last))
    kept = pl.col(last).is_not_null()
    assert source.read().filter(kept).collect().equals(rows.filter(kept))
    assert hash(source) == hash(database_source(query, connection, **options))
    return rows


class TestSqlite:
    def test_types_come_from_all_values(self, connection):
        rows = read("select id, v, s, b, d, n from t;", connection)
        assert rows.schema == {
            "id": pl.Int64(),
            "v": pl.Float64(),
            "s": pl.String(),
            "b": pl.Binary(),
            "d": pl.String(),
            "n": pl.String(),
        }
        assert rows.rows()[0] == (1, 1.5, "a", b"\x01", "2024-01-01", None)
        assert rows.rows()[2] == (None, 2.0, None, None, "2024-01-03", None)

    def test_and_not_from_the_first_alone(self, connection):
        rows = read("select * from late", connection)
        assert rows.schema == {"a": pl.Int64(), "s": pl.String()}
        assert rows.row(-1) == (1, "x")

    def test_several_kinds_in_a_column_are_refused(self, connection):
        with pytest.raises(SchemaMismatchError, match="'m' holds integer and real and text"):
            read("select m from t", connection)
        rows = read("select m from t", connection, schema_overrides={"m": pl.String})
        assert rows["m"].to_list() == ["1", "x", "2.5"]

    def test_declared_types_convert_strictly(self, connection):
        rows = read(
            "select d, id from t", connection, schema_overrides={"d": pl.Date, "id": pl.Int8}
        )
        assert rows.rows()[0] == (dt.date(2024, 1, 1), 1)
        source = database_source("select s from t", connection, schema_overrides={"s": pl.Int64})
        with pytest.raises((SourceError, pl.exceptions.PolarsError)):
            source.read().collect()
        with pytest.raises(ColumnNotFoundError, match="'z'"):
            read("select id from t", connection, schema_overrides={"z": pl.Int8})

    def test_expressions_and_names(self, connection):
        rows = read("select count(*) as n, avg(v) as m from t", connection)
        assert rows.rows() == [(3, 1.75)]
        assert read('select * from "odd ""name"', connection).columns == [' "c" d', "select"]
        assert (
            read("with x as (select id from t) select id, id + 1 as j from x", connection).height
            == 3
        )

    def test_no_rows(self, connection):
        assert read("select * from empty", connection).shape == (0, 2)

    @pytest.mark.parametrize(
        ("query", "error"),
        [
            ("select * from nope", PathNotFoundError),
            ("delete from t", SourceError),
            ("select id, id from t", DuplicateError),
            ("", InvalidOperationError),
            (None, InvalidOperationError),
        ],
    )
    def test_what_is_no_query_of_this_database(self, connection, query, error):
        with pytest.raises(error):
            database_source(query, connection)
        assert read("select id from t", connection).height == 3

    def test_parts_by_ranges_of_a_key(self, connection):
        source = database_source(
            "select id, s from t", connection, partition_on="id", partition_num=2
        )
        assert len(source.splits()) == 2
        assert source.statistics().rows == 3
        rows = read("select id, s from t", connection, partition_on="id", partition_num=2)
        assert sorted(rows["id"].to_list(), key=str) == [1, 2, None]

    @pytest.mark.parametrize("count", [1, 2, 3, 7, 50])
    def test_every_row_is_in_exactly_one_part(self, connection, count):
        numbers = "with recursive r(x) as (values(-5) union all select x+1 from r where x < 20)"
        query = f"{numbers} select x from r union all select null"
        rows = read(query, connection, partition_on="x", partition_num=count)
        assert sorted(rows["x"].drop_nulls().to_list()) == list(range(-5, 21))
        assert rows["x"].null_count() == 1

    def test_keys_without_ranges(self, connection):
        assert (
            len(
                database_source(
                    "select * from empty", connection, partition_on="a", partition_num=4
                ).splits()
            )
            == 1
        )
        with pytest.raises(SchemaError, match="'s' is String"):
            read("select s from t", connection, partition_on="s", partition_num=2)
        with pytest.raises(ColumnNotFoundError):
            read("select s from t", connection, partition_on="z", partition_num=2)
        with pytest.raises(InvalidOperationError, match="1 or more"):
            read("select id from t", connection, partition_on="id", partition_num=0)
        with pytest.raises(InvalidOperationError, match="needs partition_on"):
            read("select id from t", connection, partition_num=2)


def test_nothing_runs_before_it_is_needed(sqlite):
    lazy = database_source("select id from t", sqlite).read()
    with closing(sqlite3.connect(sqlite.removeprefix("sqlite:///"))) as connection:
        connection.execute("delete from t")
        connection.commit()
    assert lazy.collect().height == 0


def test_a_limit_counts_before_a_filter(sqlite):
    lazy = database_source("select id from t", sqlite).read()
    assert lazy.head(1).filter(pl.col("id") > 1).collect().height == 0
    assert lazy.filter(pl.col("id") > 1).head(1).collect()["id"].to_list() == [2]


def test_a_database_in_memory_is_read_in_its_own_thread():
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(sa.text("create table t(a int)"))
        connection.execute(sa.text("insert into t values (5)"))
    assert read("select a from t", engine).rows() == [(5,)]
    with engine.connect() as connection:
        assert read("select a from t", connection).rows() == [(5,)]
    engine.dispose()


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    for scheme in ("sqlite", "sqlite+pysqlite"):
        with pytest.raises(PathNotFoundError, match=r"nope\.db"):
            database_source("select 1", f"{scheme}:///{tmp_path}/nope.db")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(PathNotFoundError, match="in memory"):
        database_source("select 1", "sqlite://")


def test_identity_and_pickle(sqlite):
    source = database_source("select * from empty", sqlite)
    assert pickle.loads(pickle.dumps(source)) == source
    assert source == database_source("select * from empty", sqlite)
    assert source.inputs() == (sqlite.removeprefix("sqlite:///"),)
    engine = sa.create_engine(sqlite)
    with pytest.raises(SourceError, match="pass its URI"):
        pickle.dumps(database_source("select * from empty", engine))
    engine.dispose()


def test_a_file_bounds_what_a_query_may_give(sqlite):
    source = database_source("select 1 as one from t", sqlite)
    known = source.statistics()
    assert known.rows is not None
    assert known.rows >= source.read().collect().height
    assert not known.exact


def test_a_planner_that_says_nothing_is_no_error(sqlite, monkeypatch):
    def broken(*_: object) -> int:
        raise RuntimeError("no statistics")

    monkeypatch.setattr(database_size, "_LOOKS", {"sqlite": broken})
    assert database_source("select 1 as one from t", sqlite).statistics().rows is None


def test_what_is_no_connection(sqlite):
    with pytest.raises(SourceError, match="not int"):
        database_source("select 1", 5)
    with pytest.raises(SourceError, match="check the URI") as caught:
        database_source("select 1", "nosuch://u:canary@h/d")
    assert "canary" not in str(caught.value)


def test_without_any_package(sqlite, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(MissingDependencyError, match=r"scalekit\[database\]"):
        database_source("select 1", "mysql://h/d")


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
@pytest.mark.parametrize("place", ["127.0.0.1:1", "nonexistent.invalid:5432"])
def test_a_server_out_of_reach_hides_the_password(scheme, place):
    with pytest.raises(AccessError) as caught:
        database_source("select 1", f"{scheme}://ann:canary%40pw@{place}/db")
    assert place.split(":")[0] in str(caught.value)
    for secret in ("canary%40pw", "canary@pw"):
        assert secret not in str(caught.value)
        assert secret not in repr(Uri(f"{scheme}://ann:canary%40pw@{place}/db"))
    assert caught.value.__cause__ is None


def test_ranges():
    assert KeyRange('"x"', None, 5).condition() == '("x" < 5 OR "x" IS NULL)'
    assert KeyRange('"x"', 5, None).condition() == '"x" >= 5'
    day = dt.date(2024, 1, 1)
    assert KeyRange('"x"', day, None).condition() == "\"x\" >= '2024-01-01'"
    assert KeyRange('"x"').condition() == '(1=1 OR "x" IS NULL)'


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgres_server() as uri:
        engine = sa.create_engine(uri.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            connection.execute(
                sa.text(
                    "create table t(i2 smallint, i4 int, i8 bigint, f4 real, f8 float8, n numeric(10, 2), "
                    "free numeric, s text, c char(3), d date, ts timestamp, tz timestamptz, tm time, b bool, "
                    "by bytea, j jsonb, u uuid, a int[], iv interval)"
                )
            )
            connection.execute(
                sa.text(
                    r"insert into t values (1, 2, 3, 1.5, 2.5, 12.34, 5.678, 'x', 'abc', '2024-01-02', "
                    r"'2024-01-02 10:00', '2024-01-02 10:00+02', '10:00', true, '\x01', '[1]', "
                    r"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', array[1,2], '1 day')"
                )
            )
            connection.execute(sa.text("insert into t(s) values (null)"))
        engine.dispose()
        yield uri


@pytest.fixture(params=ENGINES)
def postgres(request, server) -> Iterator[object]:
    with_driver = server.replace("postgresql:", "postgresql+psycopg:")
    if request.param == "sqlalchemy engine":
        engine = sa.create_engine(with_driver)
        yield engine
        engine.dispose()
    else:
        yield server if request.param == "adbc" else with_driver


def fetch(query: str, connection: object, **options) -> pl.DataFrame:
    source = database_source(query, connection, **options)
    rows = source.read().collect()
    assert rows.schema == source.schema
    return rows


class PostgresTests:
    """What holds on PostgreSQL; collected where Debian's package is installed."""

    def test_types_as_the_server_tells_them(self, postgres):
        rows = fetch(
            "select i2, i4, i8, f4, f8, n, free, s, c, d, ts, tz, tm, b, by from t", postgres
        )
        assert rows.schema == {
            "i2": pl.Int16(),
            "i4": pl.Int32(),
            "i8": pl.Int64(),
            "f4": pl.Float32(),
            "f8": pl.Float64(),
            "n": pl.Decimal(10, 2),
            "free": pl.Decimal(38, 3),
            "s": pl.String(),
            "c": pl.String(),
            "d": pl.Date(),
            "ts": pl.Datetime("us"),
            "tz": pl.Datetime("us", "UTC"),
            "tm": pl.Time(),
            "b": pl.Boolean(),
            "by": pl.Binary(),
        }
        assert rows.row(0) == (
            1,
            2,
            3,
            1.5,
            2.5,
            decimal.Decimal("12.34"),
            decimal.Decimal("5.678"),
            "x",
            "abc",
            dt.date(2024, 1, 2),
            dt.datetime(2024, 1, 2, 10),
            dt.datetime(2024, 1, 2, 8, tzinfo=dt.UTC),
            dt.time(10),
            True,
            b"\x01",
        )
        assert set(rows.row(1)) == {None}

    def test_the_planner_says_how_many_rows(self, postgres):
        source = database_source("select * from generate_series(1, 100000) as n", postgres)
        rows = source.statistics().rows
        assert rows is None or 100 <= rows <= 10_000_000
        assert (rows is None) == (not isinstance(postgres, str))

    def test_no_rows_have_types(self, postgres):
        rows = fetch("select i4, n, s from t where false", postgres)
        assert rows.schema == {"i4": pl.Int32(), "n": pl.Decimal(10, 2), "s": pl.String()}

    def test_an_interval_has_no_counterpart(self, postgres):
        with pytest.raises(SchemaError, match=r"'iv' .* CAST"):
            fetch("select iv from t", postgres)
        assert fetch("select iv::text as iv from t", postgres)["iv"][0] == "1 day"

    @pytest.mark.parametrize(
        ("key", "dtype"),
        [
            ("x", pl.Int32()),
            ("date '2024-01-01' + x", pl.Date()),
            ("timestamp '2024-01-01' + x * interval '1 hour'", pl.Datetime("us")),
        ],
    )
    def test_parts(self, postgres, key, dtype):
        query = f"select x, {key} as k from generate_series(1, 20) as x union all select 0, null"
        rows = fetch(query, postgres, partition_on="k", partition_num=3)
        assert (
            len(database_source(query, postgres, partition_on="k", partition_num=3).splits()) == 3
        )
        assert rows.schema["k"] == dtype
        assert sorted(rows["x"].to_list()) == list(range(21))

    def test_mistakes(self, postgres):
        with pytest.raises(PathNotFoundError, match="nope"):
            fetch("select * from nope", postgres)
        with pytest.raises(SourceError):
            fetch("selec", postgres)
        with pytest.raises(DuplicateError, match="'i4'"):
            fetch("select i4, i4 from t", postgres)

    def test_a_wrong_user_hides_the_password(self, server):
        wrong = server.replace("tester:canary-password", "nobody:canary-password")
        for uri in (wrong, wrong.replace("postgresql:", "postgresql+psycopg:")):
            with pytest.raises(AccessError, match="nobody") as caught:
                database_source("select 1", uri)
            assert "canary-password" not in str(caught.value)

    @pytest.mark.parametrize("column", ["j", "u", "a"])
    def test_types_that_only_arrow_tells(self, server, column):
        expected = {"j": "[1]", "u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a": [1, 2]}
        assert fetch(f"select {column} from t", server)[column].to_list() == [
            expected[column],
            None,
        ]


if find_postgres():

    @pytest.mark.postgres
    class TestPostgres(PostgresTests):
        """The server is there."""


def test_no_password_shows_in_any_text_of_a_source(sqlite):
    source = database_source("select 1 as x", sqlite)
    secret = Uri("postgresql://ann:canary-pw@h/d")
    fields = {**source.__dict__, "connection": secret}
    copy = object.__new__(type(source))
    copy.__dict__.update(fields)
    assert "canary-pw" not in repr(copy)
    assert "canary-pw" not in copy.describe()
    assert "canary-pw" not in repr(copy.__dict__)
