"""What workers are asked before a query: each answer is small, holds no secret, and costs no pass over data."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from scalekit.storage.location import glob_root, parse_location
from scalekit.storage.objects import ObjectStore, StoreError

PATIENCE = 3.0
"""Seconds for a database to answer."""


def unreadable(paths: Sequence[str]) -> tuple[str, ...]:
    """The paths, or folders of globs, that this process cannot read.

    Examples
    --------
    >>> unreadable(["/", "/no/such/file.parquet"])
    ('/no/such/file.parquet',)
    """
    return tuple(path for path in paths if not os.access(glob_root(path), os.R_OK))


def is_writable(path: str) -> bool:
    """Whether this process may make a file or folder of this path: the nearest folder there says it.

    Examples
    --------
    >>> is_writable("/no/such/file.parquet"), is_writable("/tmp/new/file.parquet")
    (..., True)
    """
    place = Path(path)
    there = next(parent for parent in (place, *place.parents) if parent.exists())
    return os.access(there, os.W_OK)


def missing_modules(names: Sequence[str]) -> tuple[str, ...]:
    """The modules that this process cannot import; none is imported to see it, but for their packages.

    Examples
    --------
    >>> missing_modules(["json", "no_such_module", "no_such_module.part"])
    ('no_such_module', 'no_such_module.part')
    """
    return tuple(name for name in names if not _is_found(name))


def _is_found(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, AttributeError, ValueError):
        return False


_CREDENTIALS: Mapping[str, tuple[str, ...]] = {
    "s3": (
        "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_SKIP_SIGNATURE",
        "~/.aws/credentials", "~/.aws/config",
    ),
    "gs": (
        "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH",
        "GOOGLE_SERVICE_ACCOUNT_KEY", "GOOGLE_SKIP_SIGNATURE",
        "~/.config/gcloud/application_default_credentials.json",
    ),
    "az": (
        "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_SAS_KEY", "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_STORAGE_TOKEN", "AZURE_STORAGE_CLIENT_SECRET", "AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_SKIP_SIGNATURE", "~/.azure",
    ),
}  # fmt: skip
"""Variables and files in which the clients of object stores look."""


def credentials(scheme: str) -> tuple[str, ...]:
    """The names of the variables and files of this process that hold credentials of a store; never their values."""
    return tuple(name for name in _CREDENTIALS.get(scheme, ()) if _is_there(name))


def _is_there(name: str) -> bool:
    if name.startswith("~"):
        return os.path.exists(os.path.expanduser(name))
    return bool(os.environ.get(name, "").strip())


def store_refusal(uri: str) -> str | None:
    """Why this process cannot read an object with what its environment has; None where it can, or cannot tell."""
    place = parse_location(uri)
    try:
        found = ObjectStore(place, {}, patient=False).find(place.path)
    except StoreError as error:
        return f"{error.fault}: {str(error).splitlines()[0][:200]}"
    except ImportError:  # without the package that looks, Polars reads all the same
        return None
    return None if found is not None else "it is not there"


def does_not_answer(host: str, port: int) -> bool:
    """Whether nobody listens there, as far as this process can see."""
    try:
        socket.create_connection((host, port), timeout=PATIENCE).close()
    except OSError:
        return True
    return False
