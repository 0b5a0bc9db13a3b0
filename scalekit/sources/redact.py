"""Options that hold credentials, and text without them, wherever a source is printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scalekit.storage.redaction import redact as redact_text

HIDDEN = "***"


def redact(text: str, options: StorageOptions | None = None) -> str:
    """Replace credentials in ``text`` by ``***``.

    Parameters
    ----------
    text
        A URI, a connection string, or the message of an error that quotes one.
    options
        Options whose values are secrets: every occurrence of one is replaced as well.

    Examples
    --------
    >>> redact("postgresql://ann:pa55@db:5432/sales")
    'postgresql://***@db:5432/sales'
    >>> redact("https://host/x.parquet?X-Amz-Signature=abc&part=1")
    'https://host/x.parquet?X-Amz-Signature=***&part=1'
    """
    return redact_text(text, options.secrets() if options else ())


@dataclass(frozen=True, repr=False)
class StorageOptions:
    """Options of an object store: hashable, compared by value, and silent about the values in ``repr``.

    Pickling keeps the values, because a worker needs them to read: pickles of a source go to the user's
    own cluster and nowhere else.
    """

    items: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, options: Mapping[str, Any] | StorageOptions | None) -> StorageOptions:
        """Freeze what the user passed as ``storage_options``."""
        if isinstance(options, StorageOptions):
            return options
        return cls(tuple(sorted((str(k), v) for k, v in (options or {}).items())))

    def to_dict(self) -> dict[str, Any]:
        """The options with their values, for the reader that needs them."""
        return dict(self.items)

    def secrets(self) -> Iterator[str]:
        """The values that must not be printed, longest first."""
        values = (str(v) for k, v in self.items if not _is_public(k, str(v)))
        return iter(sorted((v for v in values if len(v) >= 4), key=len, reverse=True))

    def __bool__(self) -> bool:
        return bool(self.items)

    def __repr__(self) -> str:
        return f"StorageOptions({', '.join(f'{k}={HIDDEN}' for k, _ in self.items)})"


_PUBLIC_NAMES = re.compile(
    r"(?i)region|endpoint|allow_http|retr|timeout|scheme|account_name|bucket|virtual|skip_signature"
)


def _is_public(name: str, value: str) -> bool:
    """Region and endpoint help to understand an error, and ``true`` would blank half of the message."""
    return bool(_PUBLIC_NAMES.search(name)) or value.lower() in {"true", "false", "none"}
