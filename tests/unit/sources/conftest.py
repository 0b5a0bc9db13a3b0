"""Files, servers and a check that holds for every source."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from scalekit.sources.base import Source
from tests.battery.s3_server import BUCKET, client, s3_server


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes | str], str]:
    """Write a file below the test's folder; its path."""

    def write(name: str, content: bytes | str) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


@pytest.fixture
def check() -> Callable[[Source], pl.DataFrame]:
    """Read a source and hold it to its promises."""
    return read_checked


def check_travels(source: Source, rows: pl.DataFrame) -> None:
    """Shares are all rows, whole or cut, and each task can read its own with what it is sent."""
    shares = source.shares(rows.columns)
    if not source.travels() or not shares:
        assert source.travels() is False or rows.is_empty()
        return
    pieces = [(share.split,) for share in shares]
    if all(share.can_cut and share.rows for share in shares):
        middles = [(share, (share.rows or 0) // 2) for share in shares]
        cuts = [(source.cut(s.split, 0, m), source.cut(s.split, m, s.rows)) for s, m in middles]
        pieces = [(split,) for pair in cuts for split in pair]
    shell = pickle.loads(pickle.dumps(source.shell()))
    packed = [pickle.loads(pickle.dumps(source.packed(piece))) for piece in pieces]
    assert pl.concat(shell.read(part).collect() for part in packed).equals(rows)
    together = source.packed([split for piece in pieces for split in piece])
    assert shell.read(together).collect().equals(rows)
    assert shell.read(()).collect().equals(rows.clear())
    assert all(shell.narrowed(part).describe() for part in packed)
    assert not any(shell.narrowed(part).is_stale() for part in packed)


def read_checked(source: Source) -> pl.DataFrame:
    rows = source.read().collect()
    assert rows.schema == source.schema
    splits = source.splits()
    assert splits, "at least one split"
    assert source.read(splits).collect().equals(rows), "all splits are all rows, in order"
    parts = [source.read([split]).collect() for split in splits]
    assert pl.concat(parts).equals(rows), "each split alone, too"
    assert source.read([]).collect().equals(rows.clear())
    check_travels(source, rows)
    statistics = source.statistics()
    assert statistics.rows in (None, rows.height)
    if statistics.column_bytes:
        assert {name for name, _ in statistics.column_bytes} == set(source.schema.names())
        assert sum(size for _, size in statistics.column_bytes) <= (statistics.bytes or 0) + len(
            rows.columns
        )
    assert source.describe()
    assert repr(source)
    assert hash(source) == hash(source)
    copy = pickle.loads(pickle.dumps(source))
    assert copy == source
    assert hash(copy) == hash(source)
    assert copy.read().collect().equals(rows)
    return rows


@pytest.fixture(scope="session")
def s3_options() -> Iterator[dict[str, str]]:
    with s3_server() as options:
        yield options


@pytest.fixture
def s3(s3_options: dict[str, str]) -> Any:
    """A client of the server, with an empty bucket."""
    found = client(s3_options)
    for item in found.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        found.delete_object(Bucket=BUCKET, Key=item["Key"])
    return found


@pytest.fixture
def refusing_server() -> Iterator[str]:
    """A store that refuses every request, as S3 does with expired credentials."""

    class Refusal(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
