"""Protocols in files: YAML, TOML or JSON, read as plain values and as nothing else."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scalekit.errors import ConfigError, PathNotFoundError
from scalekit.judge.protocol.yaml_file import read_yaml


def read_mapping(path: Path) -> dict[Any, Any]:
    """The keys and values of a file.

    Parameters
    ----------
    path
        Its ending says what it is: ``.yaml``, ``.yml``, ``.toml`` or ``.json``.

    Raises
    ------
    PathNotFoundError
        Where there is no such file.
    ConfigError
        Where it cannot be read, is none of these, has a key twice, or holds something else than keys and values.
    MissingDependencyError
        Where it is YAML and PyYAML is not installed.
    """
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise ConfigError(f"{path}: a protocol is a file that ends in {', '.join(_READERS)}")
    if not path.is_file():
        raise PathNotFoundError(f"no protocol at {path}{_beside(path)}")
    try:
        found = read(path.read_text(encoding="utf-8-sig"))
    except (ConfigError, ValueError, RecursionError) as error:  # tomllib and json raise ValueErrors
        raise ConfigError(f"{path}: {error}") from None
    if not isinstance(found, dict):
        raise ConfigError(
            f"{path}: keys and values, such as 'task: binary', not {type(found).__name__}"
        )
    return found


def _beside(path: Path) -> str:
    """Other files in the same folder that might be meant."""
    if not path.parent.is_dir():
        return f": there is no folder {path.parent}"
    others = sorted(p.name for p in path.parent.iterdir() if p.suffix.lower() in _READERS)
    return f"; in the same folder: {', '.join(others[:10])}" if others else ""


def _read_json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_without_twice)


def _without_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ConfigError(f"the key {twice!r} stands there twice")
    return found


_READERS: dict[str, Callable[[str], Any]] = {
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".toml": tomllib.loads,
    ".json": _read_json,
}
