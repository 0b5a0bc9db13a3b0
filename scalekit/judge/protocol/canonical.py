"""The canonical form of a protocol: plain values, their id, and their YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256
from typing import Any

VERSION = "scalekit protocol 1"
"""What ids are made with: changes when the meaning of a key does."""

_UNORDERED = ("metrics", "baselines", "slices")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_READ_OTHERWISE = {"yes", "no", "on", "off", "y", "n", "true", "false", "null", "none"}


def to_mapping(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that are set, as plain values: lists, mappings, texts and numbers.

    Parameters
    ----------
    value
        A protocol, or one of its parts.
    """
    pairs = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return {key: item for key, item in pairs.items() if item not in (None, [], {}, "")}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return to_mapping(value)
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def identity(mapping: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits of what a protocol means: not of its name, nor of the order of its metrics.

    Parameters
    ----------
    mapping
        From :func:`to_mapping`.
    """
    meant = {key: sorted(item) if key in _UNORDERED else item for key, item in mapping.items()}
    meant.pop("name", None)
    text = json.dumps([VERSION, _exact(meant)], sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:16]


def _exact(value: Any) -> Any:
    """The same with one form for each number: 1 and 1.0 are one."""
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if is_whole else value


def yaml_text(mapping: Mapping[str, Any]) -> str:
    """YAML that any reader of YAML 1.1 or 1.2 reads as the same values, one key of the protocol a line.

    Parameters
    ----------
    mapping
        From :func:`to_mapping`.
    """
    return "".join(f"{key}: {_flow(value)}\n" for key, value in mapping.items())


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and value.lower() not in _READ_OTHERWISE
        return value if is_plain else json.dumps(value, ensure_ascii=not value.isprintable())
    if isinstance(value, float):
        return _decimal(value)
    return json.dumps(value)


def _decimal(value: float) -> str:
    """With a dot: YAML 1.1 reads 1e-05 as text."""
    digits, _, exponent = repr(value).partition("e")
    if exponent and "." not in digits:
        digits += ".0"
    return f"{digits}e{exponent}" if exponent else digits
