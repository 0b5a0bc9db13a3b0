"""Values as JSON keeps them, without secrets: what stands in ``run.json`` goes through here."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import PurePath
from typing import Any

from scalekit.storage.redaction import redact, secret_values

HIDDEN = "***"

_LONGEST = 4000
_LARGEST_ARRAY = 1000
_SHORTEST_SECRET = 8
_SECRET_NAME = re.compile(
    r"(?i)(?:^|[_.-])(?:secret|password|passwd|pwd|passphrase|token|credentials?"
    r"|(?:api|access|account|private|master|sas|service)[_-]?key)$"
)
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def plain(value: Any, name: str = "") -> Any:
    """A value as texts, numbers, lists and dictionaries; secrets are replaced by ``***``.

    Objects become their ``repr``, classes and functions the path that imports them. Numbers that JSON does not
    have become the texts ``nan``, ``inf`` and ``-inf``.

    Parameters
    ----------
    value
        Anything.
    name
        What it is called: the value of ``password`` is hidden whatever it looks like.

    Examples
    --------
    >>> plain({"depth": 3, "password": "hunter2", "uri": "postgresql://me:pw@db/x"})
    {'depth': 3, 'password': '***', 'uri': 'postgresql://***@db/x'}
    """
    return _plain(value, name, _secrets_here())


def hidden(text: str) -> str:
    """A text without what looks like a secret, and without the secrets of this process' environment."""
    return redact(text, _secrets_here())


def number(value: object) -> float:
    """A number of a ``run.json``, where ``nan``, ``inf`` and ``-inf`` are texts."""
    return float(value)  # type: ignore[arg-type]


def _plain(value: Any, name: str, secrets: tuple[str, ...]) -> Any:
    if _SECRET_NAME.search(name) and not isinstance(value, bool | int | float | type(None)):
        return HIDDEN
    match value:
        case None | bool():
            return value
        case str():
            return redact(str(value), secrets)[:_LONGEST]
        case int():
            return int(value)
        case float():
            return _number(float(value))
        case datetime() | date() | time():
            return value.isoformat()
    return _structure(value, secrets)


def _structure(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {
            redact(str(key), secrets): _plain(item, str(key), secrets)
            for key, item in value.items()
        }
    if isinstance(value, set | frozenset):
        return [_plain(item, "", secrets) for item in sorted(value, key=repr)]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name), f.name, secrets) for f in fields(value)}
    if _is_small_array(value):
        return _plain(value.tolist(), "", secrets)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_plain(item, "", secrets) for item in value]
    return redact(text_of(value), secrets)[:_LONGEST]


def text_of(value: Any) -> str:
    """An object as text that is the same in every process: no addresses in memory."""
    if isinstance(value, PurePath | timedelta):
        return str(value)
    if (isinstance(value, type) or callable(value)) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return _ADDRESS.sub("", repr(value))


def _is_small_array(value: Any) -> bool:
    """Whether a value is one of NumPy's scalars or small arrays."""
    size = getattr(value, "size", None)
    return isinstance(size, int) and size <= _LARGEST_ARRAY and hasattr(value, "tolist")


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _secrets_here() -> tuple[str, ...]:
    return _secrets(tuple(os.environ.items()))


@lru_cache(maxsize=4)
def _secrets(environment: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Values of variables that are named as secrets; short ones would blank every other word."""
    return tuple(t for t in secret_values(dict(environment)) if len(t) >= _SHORTEST_SECRET)
