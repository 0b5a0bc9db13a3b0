from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from scalekit.errors import (
    AccessError,
    CorruptFileError,
    PathNotFoundError,
    SecurityError,
    SourceError,
)
from scalekit.sources.csv import csv_source
from scalekit.sources.ndjson import ndjson_source
from scalekit.sources.parquet import parquet_source


class Handler(BaseHTTPRequestHandler):
    """Files by path, with ranges; paths that begin with a number answer with it."""

    files: dict[str, bytes] = {}
    redirects: dict[str, str] = {}

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        path = self.path.partition("?")[0]
        if path in self.redirects:
            self.send_response(302)
            self.send_header("Location", self.redirects[path])
            self.end_headers()
            return
        content = self.files.get(path)
        if content is None:
            code = int(path[1:4]) if path[1:4].isdigit() else 404
            self.send_error(code)
            return
        if "getonly" in path and not with_body:
            self.send_error(405)
            return
        part, status = content, 200
        asked = self.headers.get("Range", "")
        if asked:
            start, _, stop = asked.removeprefix("bytes=").partition("-")
            part = content[int(start) : int(stop) + 1] if start else content[-int(stop) :]
            status = 206
        self.send_response(status)
        if status == 206:
            first = int(start) if start else len(content) - len(part)
            self.send_header(
                "Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(content)}"
            )
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{hash(content)}"')
        self.end_headers()
        if with_body:
            self.wfile.write(part)

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def web() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    Handler.files.clear()
    Handler.redirects.clear()


@pytest.fixture
def parquet() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame({"a": [1, 2], "s": ["x", "y"]}).write_parquet(buffer)
    return buffer.getvalue()


def test_formats(web, parquet, check):
    Handler.files.update(
        {"/a.parquet": parquet, "/a.csv": b"a,b\n1,x\n\n2,y\n", "/a.ndjson": b'{"a":1}\n{"a":2}\n'}
    )
    source = parquet_source(f"{web}/a.parquet")
    assert check(source).rows() == [(1, "x"), (2, "y")]
    assert source.statistics().rows == 2
    assert check(csv_source(f"{web}/a.csv")).rows() == [(1, "x"), (2, "y")]
    assert check(ndjson_source(f"{web}/a.ndjson"))["a"].to_list() == [1, 2]


def test_an_address_that_answers_to_get_alone(web, parquet, check):
    Handler.files["/getonly.parquet"] = parquet
    assert parquet_source(f"{web}/getonly.parquet").statistics().rows == 2


def test_a_redirect_is_followed(web, parquet):
    Handler.files["/a.parquet"] = parquet
    Handler.redirects["/moved.parquet"] = f"{web}/a.parquet"
    assert parquet_source(f"{web}/moved.parquet").read().collect().height == 2


@pytest.mark.parametrize(
    "place", ["http://169.254.169.254/latest", "http://2852039166/", "file:///etc/passwd"]
)
def test_a_redirect_to_the_machine_itself_is_refused(web, place):
    Handler.redirects["/trap.parquet"] = place
    with pytest.raises((SecurityError, SourceError)) as caught:
        parquet_source(f"{web}/trap.parquet")
    assert "trap" in str(caught.value) or "link-local" in str(caught.value)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/none.parquet", PathNotFoundError),
        ("/410.parquet", PathNotFoundError),
        ("/401.parquet", AccessError),
        ("/403.parquet", AccessError),
        ("/500.parquet", AccessError),
    ],
)
def test_answers_that_are_no_file(web, path, error):
    with pytest.raises(error, match=path) as caught:
        parquet_source(f"{web}{path}?X-Amz-Signature=canary")
    assert "canary" not in str(caught.value)


def test_damage(web, parquet):
    Handler.files["/bad.parquet"] = parquet[:-10]
    with pytest.raises(CorruptFileError, match="bad"):
        parquet_source(f"{web}/bad.parquet")


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:1/x.parquet", "http://nonexistent.invalid/x.parquet"]
)
def test_a_host_out_of_reach(uri):
    with pytest.raises(AccessError, match="cannot be reached"):
        parquet_source(uri)


def test_a_signature_shows_nowhere(web, parquet):
    Handler.files["/a.parquet"] = parquet
    source = parquet_source(f"{web}/a.parquet?X-Amz-Signature=canary&sig=canary")
    for text in (
        repr(source),
        source.describe(),
        repr(source.found),
        repr(source.pieces),
        *source.inputs(),
    ):
        assert "canary" not in text
    Handler.files.clear()
    with pytest.raises(PathNotFoundError) as caught:
        source.scanned_again()
    assert "canary" not in str(caught.value)
