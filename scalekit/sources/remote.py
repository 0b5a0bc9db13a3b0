"""List and open objects of S3, Google Cloud Storage and Azure."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs

from scalekit.errors import AccessError
from scalekit.sources.failures import source_errors
from scalekit.sources.redact import StorageOptions, redact
from scalekit.sources.uri import WEB, File, scheme_of, split_bucket
from scalekit.sources.web import WebFile

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


def open_file(uri: str, options: StorageOptions) -> Any:
    """Open a local file, an object, or a page for reading at any position; it has ``size()`` and ``seek()``."""
    scheme = scheme_of(uri)
    if scheme is None:
        return pa.OSFile(uri, "rb")
    if scheme in WEB:
        return WebFile(uri)
    _, bucket, key = split_bucket(uri)
    return open_store(uri, options).open_input_file(f"{bucket.partition('@')[0]}/{key}")


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
