"""Read from web addresses: every redirect checked, parts of a file by range."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from scalekit.errors import AccessError, PathNotFoundError, SourceError
from scalekit.sources.redact import redact
from scalekit.sources.uri import File, check_web_address

_SECONDS = 4.0


class _CheckedRedirects(HTTPRedirectHandler):
    """Apply the address policy to every hop: a public name may point back at the inside."""

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        try:
            check_web_address(newurl)
            return super().redirect_request(req, fp, code, msg, headers, newurl)
        except (HTTPError, SourceError):
            fp.close()
            raise


def resolve_web(uri: str) -> File:
    """Follow the redirects of a web address, checking each, and learn the size of what is there.

    A signed address answers to GET alone, so that GET of one byte follows where HEAD is refused.

    Raises
    ------
    PathNotFoundError, AccessError, SecurityError
        When nothing is there, it may not be read, or a redirect leads to a forbidden address.
    """
    try:
        return _probe(Request(uri, method="HEAD"))
    except AccessError:
        return _probe(Request(uri, headers={"Range": "bytes=0-0"}))


def _probe(request: Request) -> File:
    with _answer(request) as response:
        headers = response.headers
        total = headers.get("Content-Range", "").rpartition("/")[2] or headers.get("Content-Length")
        version = headers.get("ETag") or headers.get("Last-Modified") or ""
        size = int(total) if total and total.isdigit() else None
        return File(response.url, size, f"{version}-{total}")


@contextmanager
def _answer(request: Request) -> Iterator[Any]:
    """The server's answer, closed in any case; a refusal becomes one of scalekit's errors."""
    shown = redact(request.full_url)
    try:
        with build_opener(_CheckedRedirects()).open(request, timeout=_SECONDS) as response:
            yield response
    except HTTPError as error:
        error.close()
        if error.code in (404, 410):
            raise PathNotFoundError(f"{shown!r} does not exist (HTTP {error.code})") from None
        raise AccessError(
            f"{shown!r} may not be read (HTTP {error.code} {error.reason}); "
            "check the address and its credentials"
        ) from None
    except (URLError, TimeoutError) as error:
        reason = redact(str(getattr(error, "reason", error)))
        raise AccessError(
            f"{shown!r} cannot be reached ({reason}); check the host and the network"
        ) from None
    except ValueError as error:
        raise SourceError(f"{shown!r}: {redact(str(error))}") from None


class WebFile:
    """A file on a web server that answers to ranges, read from any position."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.position = 0
        self._size: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def size(self) -> int:
        """The length of the file."""
        if self._size is None:
            self._size = resolve_web(self.uri).size
        if self._size is None:
            raise SourceError(
                f"{redact(self.uri)!r}: the server does not tell the size; download the file first"
            )
        return self._size

    def seek(self, position: int) -> None:
        """Go to a position from the start."""
        self.position = position

    def read(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        if count <= 0:
            return b""
        wanted = {"Range": f"bytes={self.position}-{self.position + count - 1}"}
        with _answer(Request(self.uri, headers=wanted)) as response:
            data: bytes = response.read()
        # A server without ranges sends the whole file.
        is_whole = response.status == 200
        part = data[self.position : self.position + count] if is_whole else data
        self.position += count
        return part
