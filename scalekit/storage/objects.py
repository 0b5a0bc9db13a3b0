"""Objects of S3, Google Cloud Storage and Azure: list, read, and write with "only if nobody was faster".

The package ``obstore`` (extra ``cloud``) does the work: the Rust client that Polars has inside, with the
conditional writes that neither Polars nor ``pyarrow.fs`` offers, taking the same options.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from scalekit.errors import MissingDependencyError
from scalekit.storage import filesystem as fs
from scalekit.storage.location import Location
from scalekit.storage.redaction import redact, secret_values

# settings of the HTTP client rather than of the store, whatever prefix Polars' name for them has
_CLIENT = {
    "allow_http",
    "allow_invalid_certificates",
    "connect_timeout",
    "timeout",
    "proxy_url",
    "user_agent",
}
_RETRIES = {"max_retries", "retry_timeout_ms"}
_PREFIX = ("aws_", "azure_storage_", "azure_", "google_", "gcp_")

Fault = Literal["missing", "denied", "exists", "changed", "unsupported", "unreachable", "options"]


class StoreError(Exception):
    """An object store's refusal, without secrets and without the client's inner state.

    Parameters
    ----------
    fault
        What kind of refusal it is.
    text
        The first line of what the store said.
    """

    def __init__(self, fault: Fault, text: str) -> None:
        super().__init__(text)
        self.fault: Fault = fault


@dataclass(frozen=True)
class StoredObject:
    """One object of a listing."""

    key: str
    bytes: int
    modified: datetime
    etag: str | None
    version: str | None


class ObjectStore:
    """One bucket or container.

    Parameters
    ----------
    location
        Any place in the bucket.
    options
        Options as for Polars' ``storage_options``.
    patient
        Whether to retry for minutes, as in the middle of a job, rather than to fail within seconds, as
        on the first contact.
    """

    def __init__(
        self, location: Location, options: Mapping[str, object] | None, *, patient: bool = True
    ) -> None:
        self._bucket = f"{location.scheme}://{location.bucket}"
        self._options = dict(options or {})
        with self._faults():
            given = tuple(sorted(self._options.items()))
            self._store = _connect(
                self._bucket, given, _environment(), os.getpid(), patient=patient
            )

    def uri(self, key: str) -> str:
        """The address of an object."""
        return f"{self._bucket}/{key}"

    def list(self, prefix: str) -> list[StoredObject]:
        """Every object below the folder ``prefix``."""
        import obstore

        with self._faults():
            pages = obstore.list(self._store, prefix=prefix or None)
            return [_stored(meta) for page in pages for meta in page]

    def find(self, key: str) -> StoredObject | None:
        """One object's listing, or None where there is none."""
        import obstore

        with self._faults(missing_ok=True):
            return _stored(obstore.head(self._store, key))
        return None

    def read(self, key: str) -> bytes | None:
        """The content of an object, or None where there is none."""
        import obstore

        with self._faults(missing_ok=True):
            return bytes(obstore.get(self._store, key).bytes())
        return None

    def read_range(self, key: str, start: int, stop: int) -> bytes:
        """A part of an object, such as the footer at its end."""
        import obstore

        with self._faults():
            return bytes(obstore.get_range(self._store, key, start=start, end=stop))
        return b""

    def write(self, key: str, content: bytes | Path) -> None:
        """Write an object, which appears whole or not at all."""
        import obstore

        fs.step("put", key)
        with self._faults():
            obstore.put(self._store, key, content)

    def create(self, key: str, content: bytes | Path) -> bool:
        """Write an object that must not exist; False where somebody was faster."""
        return self._put_if(key, content, "create")

    def replace(self, key: str, content: bytes | Path, known: StoredObject) -> bool:
        """Write over an object that must still be ``known``; False where somebody changed it."""
        marks = {"e_tag": known.etag, "version": known.version}
        return self._put_if(key, content, {name: mark for name, mark in marks.items() if mark})

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects, which may be gone already."""
        import obstore

        for key in keys:
            fs.step("delete", key)
            with self._faults(missing_ok=True):
                obstore.delete(self._store, key)

    def _put_if(self, key: str, content: bytes | Path, mode: Any) -> bool:
        import obstore

        fs.step("put_if", key)
        try:
            with self._faults():
                obstore.put(self._store, key, content, mode=mode)
        except StoreError as error:
            if error.fault in {"exists", "changed"}:
                return False
            raise
        return True

    @contextmanager
    def _faults(self, *, missing_ok: bool = False) -> Iterator[None]:
        """Raise what obstore raises as ``StoreError``."""
        try:
            yield
        except Exception as error:
            fault = _fault(error)
            if fault is None:
                raise
            if not (missing_ok and fault == "missing" and "NoSuchBucket" not in str(error)):
                text = " ".join(str(error).partition("\n\nDebug source")[0].split())
                known = (*secret_values(self._options), *secret_values(os.environ))
                raise StoreError(fault, redact(text[:600], known)) from None


def _environment() -> tuple[tuple[str, str], ...]:
    """The variables that name credentials and endpoints."""
    named = ("AWS_", "AZURE_", "GOOGLE_")
    return tuple(sorted(item for item in os.environ.items() if item[0].startswith(named)))


@lru_cache(maxsize=32)
def _connect(
    bucket: str,
    options: tuple[tuple[str, object], ...],
    environment: tuple[tuple[str, str], ...],  # the rest of it is read below, by the store itself
    process: int,  # noqa: ARG001 - connections do not survive a fork
    *,
    patient: bool,
) -> Any:
    """A client whose connections stay open between parts: one for each bucket and set of options."""
    try:
        from obstore.store import from_url
    except ModuleNotFoundError as error:
        raise MissingDependencyError.for_extra(
            "obstore", "cloud", purpose=f"listing or writing {bucket}"
        ) from error
    config: dict[str, Any] = {}
    client: dict[str, Any] = {"connect_timeout": "5s" if patient else "2s"}
    if allow := dict(environment).get("AWS_ALLOW_HTTP"):  # given options hide it from the store
        client["allow_http"] = _boolean(allow)
    for name, value in options:
        plain = _without_prefix(name)
        if plain in _CLIENT:
            client[plain] = _boolean(value) if plain.startswith("allow") else str(value)
        elif plain not in _RETRIES:
            config[name] = value if isinstance(value, bool) else str(value)
    seconds = 170 if patient else 3
    retries = {"max_retries": 10 if patient else 2, "retry_timeout": timedelta(seconds=seconds)}
    provider = _aws_profile(config) if bucket.startswith("s3://") else None
    extra = {"credential_provider": provider} if provider is not None else {}
    return from_url(bucket, config=config, client_options=client, retry_config=retries, **extra)  # type: ignore[call-overload]


def _aws_profile(config: Mapping[str, object]) -> Any:
    """The credentials of ``~/.aws`` where nothing else names any, as Polars finds them too."""
    named = any("access_key_id" in n or "skip_signature" in n or "role" in n for n in config)
    if named or os.environ.get("AWS_ACCESS_KEY_ID"):
        return None
    try:
        import boto3
        from obstore.auth.boto3 import Boto3CredentialProvider

        session = boto3.Session()
        return Boto3CredentialProvider(session) if session.get_credentials() else None
    except ImportError:
        return None


def _without_prefix(name: str) -> str:
    for prefix in _PREFIX:
        if name.lower().startswith(prefix):
            return name.lower().removeprefix(prefix)
    return name.lower()


def _boolean(value: object) -> bool:
    return str(value).lower() in {"true", "1", "yes", "on"}


def _fault(error: Exception) -> Fault | None:
    """What kind of refusal an error of obstore is; None where it is not one."""
    try:
        from obstore import exceptions as raised
    except ImportError:
        return None
    if not isinstance(error, raised.BaseError | OSError | NotImplementedError):
        return None

    text = str(error)
    if isinstance(error, FileNotFoundError | raised.NotFoundError) or "NoSuchBucket" in text:
        return "missing"
    if isinstance(error, raised.AlreadyExistsError):
        return "exists"
    if isinstance(error, raised.PreconditionError):
        return "changed"
    if isinstance(error, raised.NotSupportedError | NotImplementedError):
        return "unsupported"
    if isinstance(error, raised.UnknownConfigurationKeyError):
        return "options"
    denied = raised.PermissionDeniedError, raised.UnauthenticatedError, PermissionError
    if isinstance(error, denied) or any(f"{code} " in text for code in (401, 403)):
        return "denied"
    return "unreachable"


def _stored(meta: Any) -> StoredObject:
    return StoredObject(
        meta["path"], meta["size"], meta["last_modified"], meta["e_tag"], meta["version"]
    )
