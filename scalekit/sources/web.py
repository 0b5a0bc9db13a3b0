"""Read from web addresses: every redirect checked, parts of a file by range."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from scalekit.errors import AccessError, PathNotFoundError, SourceError
from scalekit.sources.redact import redact
from scalekit.sources.uri import File, check_web_address

_SECONDS = 4.0


class _CheckedRedirects(HTTPRedirectHandler):
    """Apply the address policy to every hop: a public name may point back at the inside."""

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        check_web_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def resolve_web(uri: str) -> File:
    """Follow the redirects of a web address, checking each, and learn the size of what is there.

    Raises
    ------
    PathNotFoundError, AccessError, SecurityError
        When nothing is there, it may not be read, or a redirect leads to a forbidden address.
    """
    opener = build_opener(_CheckedRedirects())
    shown = redact(uri)
    try:
        return _probe(opener, uri)
    except HTTPError as error:
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
    except (OSError, ValueError) as error:
        raise SourceError(f"{shown!r}: {redact(str(error))}") from None


def _probe(opener: OpenerDirector, uri: str) -> File:
    """HEAD where the server has it; a signed GET address answers only to GET."""
    try:
        response = opener.open(Request(uri, method="HEAD"), timeout=_SECONDS)
    except HTTPError as error:
        if error.code in (404, 410):
            raise
        response = opener.open(Request(uri, headers={"Range": "bytes=0-0"}), timeout=_SECONDS)
    with response:
        headers = response.headers
        total = headers.get("Content-Range", "").rpartition("/")[2] or headers.get("Content-Length")
        version = headers.get("ETag") or headers.get("Last-Modified") or ""
        return File(
            response.url, int(total) if total and total.isdigit() else None, f"{version}-{total}"
        )


class WebFile:
    """A file on a web server that answers to ranges, read from any position."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.position = 0
        self._opener = build_opener(_CheckedRedirects())
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
            size = resolve_web(self.uri).size
            if size is None:
                raise SourceError(
                    f"{redact(self.uri)!r}: the server does not tell the size; download the file first"
                )
            self._size = size
        return self._size

    def seek(self, position: int) -> None:
        """Go to a position from the start."""
        self.position = position

    def read(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        if count <= 0:
            return b""
        wanted = {"Range": f"bytes={self.position}-{self.position + count - 1}"}
        with self._opener.open(Request(self.uri, headers=wanted), timeout=_SECONDS) as response:
            data: bytes = response.read()
        # A server without ranges sends the whole file.
        part = data[self.position : self.position + count] if response.status == 200 else data
        self.position += count
        return part
