"""What a source needs besides its data: credentials of a store, the password and the driver of a database."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from scalekit.sources.base import Source
from scalekit.sources.database import DatabaseSource
from scalekit.sources.database_connection import Uri
from scalekit.sources.delta import DeltaSource
from scalekit.sources.files import FileSource
from scalekit.sources.redact import StorageOptions
from scalekit.storage import parse_location

_PORTS = {"postgresql": 5432, "postgres": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433}


@dataclass(frozen=True)
class Access:
    """How a source is reached.

    Attributes
    ----------
    scheme
        ``"s3"``, ``"gs"``, ``"az"``, a database's dialect, or ``"file"``.
    example
        The address of one object; nothing for a database.
    options
        The names of the options that the user gave.
    has_secrets
        Whether the source carries a password, a key or a token.
    server
        Host and port of a database; None for the rest.
    modules
        What a worker has to have installed.
    """

    scheme: str
    example: str = ""
    options: tuple[str, ...] = ()
    has_secrets: bool = False
    server: tuple[str, int] | None = None
    modules: tuple[str, ...] = ()


def access_of(source: Source) -> Access | None:
    """How ``source`` is reached; None where its rows are in a process."""
    match source:
        case FileSource():
            example = next((file.uri for file in source.found.files), source.found.asked[0])
            return store_access(example, source.found.options)
        case DeltaSource():
            return store_access(source.uri, source.options, ("deltalake",))
        case DatabaseSource(connection=Uri() as uri):
            return _database_access(uri)
    return None


def store_access(example: str, options: StorageOptions, modules: tuple[str, ...] = ()) -> Access:
    """How an object is reached with these options."""
    names = tuple(name for name, _ in options.items)
    scheme = parse_location(example).scheme
    return Access(scheme, example, names, any(True for _ in options.secrets()), modules=modules)


def _database_access(uri: Uri) -> Access:
    parts = urlsplit(uri.text)
    dialect = parts.scheme.partition("+")[0]
    port = parts.port or _PORTS.get(dialect)
    server = (parts.hostname, port) if parts.hostname and port else None
    return Access(dialect, has_secrets=uri.password is not None, server=server)
