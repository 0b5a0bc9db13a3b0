"""List and open objects of S3, Google Cloud Storage, Azure and the web."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

import pyarrow.fs as pafs

from scalekit.errors import AccessError, PathNotFoundError, SourceError
from scalekit.sources.failures import source_errors
from scalekit.sources.redact import StorageOptions, redact
from scalekit.sources.uri import File, check_web_address, split_bucket

# Long enough for a slow link, short enough that a wrong host is reported within five seconds.
_CONNECT_SECONDS = 2.0
_REQUEST_SECONDS = 20.0
_MAGIC = re.compile(r"[*?\[]")


def list_objects(uri: str, options: StorageOptions) -> tuple[list[File], str | None]:
    """The objects that a URI, a glob or a prefix names, sorted; and the prefix, if it is one.

    Raises
    ------
    AccessError
        Within seconds, for wrong or expired credentials and for hosts that do not answer.
    """
    scheme, bucket, key = split_bucket(uri)
    with source_errors(repr(redact(uri, options)), options=options):
        store = open_store(uri, options)
        base = bucket.partition("@")[0]
        if _MAGIC.search(key):
            head = key[: _MAGIC.search(key).start()].rpartition("/")[0]  # type: ignore[union-attr]
            wanted = re.compile(_glob_pattern(f"{base}/{key}"))
            found = [f for f in _walk(store, f"{base}/{head}".rstrip("/")) if wanted.fullmatch(f.path)]
            return [_as_file(scheme, bucket, info) for info in found], None
        info = store.get_file_info(f"{base}/{key}".rstrip("/"))
        if info.type == pafs.FileType.File:
            return [_as_file(scheme, bucket, info)], None
        folder = f"{scheme}://{bucket}/{key}".rstrip("/")
        found = _walk(store, info.path) if info.type == pafs.FileType.Directory else []
        return [_as_file(scheme, bucket, info) for info in found], folder


def _walk(store: pafs.FileSystem, prefix: str) -> list[pafs.FileInfo]:
    selector = pafs.FileSelector(prefix, recursive=True, allow_not_found=True)
    found = [f for f in store.get_file_info(selector) if f.type == pafs.FileType.File]
    return sorted(found, key=lambda f: f.path)


def _as_file(scheme: str, bucket: str, info: pafs.FileInfo) -> File:
    key = info.path.partition("/")[2]
    return File(f"{scheme}://{bucket}/{key}", info.size, f"{info.mtime_ns}-{info.size}")


def _glob_pattern(path: str) -> str:
    """A regular expression for a glob: ``*`` stays within one level, ``**`` crosses levels."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]*\])", path)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(
        known.get(part) or (part.replace("[!", "[^") if part.startswith("[") else re.escape(part))
        for part in parts
    )


def nearest(uri: str, options: StorageOptions) -> str:
    """What there is instead, for the message of an error; nothing where it cannot be listed."""
    _, bucket, key = split_bucket(uri)
    parent = f"{bucket.partition('@')[0]}/{key}".rstrip("/").rpartition("/")[0]
    try:
        selector = pafs.FileSelector(_MAGIC.split(parent)[0].rstrip("/"), allow_not_found=True)
        names = [info.base_name for info in open_store(uri, options).get_file_info(selector)]
    except (OSError, ValueError):
        return ""
    shown = ", ".join(map(repr, sorted(names)[:8])) + (", ..." if len(names) > 8 else "")
    return f"; {selector.base_dir!r} holds {shown or 'nothing'}"


def open_store(uri: str, options: StorageOptions) -> pafs.FileSystem:
    """The file system that serves ``uri``, set up from the same options that Polars takes."""
    scheme, bucket, _ = split_bucket(uri)
    return _open_store(scheme, bucket, options)


@lru_cache(maxsize=32)
def _open_store(scheme: str, bucket: str, options: StorageOptions) -> pafs.FileSystem:
    given = {k.lower(): v for k, v in options.to_dict().items()}
    if scheme == "s3":
        return pafs.S3FileSystem(**s3_arguments(given, bucket))
    if scheme == "gs":
        return pafs.GcsFileSystem(**gcs_arguments(given))
    return pafs.AzureFileSystem(**azure_arguments(given, bucket))


def s3_arguments(given: dict[str, Any], bucket: str) -> dict[str, Any]:
    """Polars' option names, and the environment's, as arguments of Arrow's S3 file system."""

    def option(*names: str) -> Any:
        keys = [key for name in names for key in (f"aws_{name}", name)]
        found = next((given[key] for key in keys if given.get(key)), None)
        return found or next((os.environ[f"AWS_{n.upper()}"] for n in names if os.environ.get(f"AWS_{n.upper()}")), None)

    endpoint = option("endpoint_url_s3", "endpoint_url", "endpoint")
    region = option("region", "default_region")
    arguments = {
        "access_key": option("access_key_id"),
        "secret_key": option("secret_access_key"),
        "session_token": option("session_token", "token"),
        "region": region,
        "endpoint_override": endpoint,
        "scheme": "http" if str(endpoint).startswith("http://") else None,
        "anonymous": True if str(option("skip_signature")).lower() == "true" else None,
        "connect_timeout": _CONNECT_SECONDS,
        "request_timeout": _REQUEST_SECONDS,
        "retry_strategy": pafs.AwsStandardS3RetryStrategy(max_attempts=2),
    }
    if not region and not endpoint:
        arguments["region"] = pafs.resolve_s3_region(bucket)
    return {name: value for name, value in arguments.items() if value is not None}


def gcs_arguments(given: dict[str, Any]) -> dict[str, Any]:
    """Polars' option names as arguments of Arrow's file system for Google Cloud Storage."""
    from datetime import datetime, timedelta, timezone

    token = given.get("google_bearer_token") or given.get("bearer_token")
    arguments: dict[str, Any] = {"retry_time_limit": timedelta(seconds=4)}
    if token:
        arguments["access_token"] = token
        arguments["credential_token_expiration"] = datetime.now(timezone.utc) + timedelta(hours=1)
    if str(given.get("google_skip_signature")).lower() == "true":
        arguments["anonymous"] = True
    if base := given.get("google_base_url"):
        arguments["scheme"], _, arguments["endpoint_override"] = str(base).partition("://")
    return arguments


def azure_arguments(given: dict[str, Any], bucket: str) -> dict[str, Any]:
    """Polars' option names as arguments of Arrow's file system for Azure."""

    def option(*names: str) -> Any:
        for name in names:
            for key in (f"azure_storage_{name}", f"azure_{name}", name):
                if found := given.get(key) or os.environ.get(key.upper()):
                    return found
        return None

    host = bucket.partition("@")[2]
    account = option("account_name") or host.partition(".")[0]
    if not account:
        raise AccessError(
            "Azure needs an account: pass storage_options={'account_name': ...} or write "
            "'abfss://container@account.dfs.core.windows.net/path'"
        )
    arguments = {
        "account_name": account,
        "account_key": option("account_key", "access_key"),
        "sas_token": option("sas_token", "sas_key"),
        "tenant_id": option("tenant_id"),
        "client_id": option("client_id"),
        "client_secret": option("client_secret"),
    }
    return {name: value for name, value in arguments.items() if value is not None}


class _CheckedRedirects(HTTPRedirectHandler):
    """Apply the address policy to every hop: a public name may point back at the inside."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
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
        raise AccessError(f"{shown!r} cannot be reached ({reason}); check the host and the network") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{shown!r}: {redact(str(error))}") from None


def _probe(opener: OpenerDirector, uri: str) -> File:
    """HEAD where the server has it; a signed GET address answers only to GET."""
    try:
        response = opener.open(Request(uri, method="HEAD"), timeout=4)
    except HTTPError as error:
        if error.code in (404, 410):
            raise
        response = opener.open(Request(uri, headers={"Range": "bytes=0-0"}), timeout=4)
    with response:
        headers = response.headers
        total = headers.get("Content-Range", "").rpartition("/")[2] or headers.get("Content-Length")
        version = headers.get("ETag") or headers.get("Last-Modified") or ""
        return File(response.url, int(total) if total and total.isdigit() else None, f"{version}-{total}")
