"""Keys and values in files: YAML, TOML or JSON, read as plain values and as nothing else, no key twice."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scalekit.errors import ConfigError, MissingDependencyError, PathNotFoundError


def read_mapping(path: Path, what: str, example: str) -> dict[Any, Any]:
    """The keys and values of a file.

    Parameters
    ----------
    path
        Its ending says what it is: ``.yaml``, ``.yml``, ``.toml`` or ``.json``.
    what, example
        What such a file is called, and a line of one, for errors.

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
        raise ConfigError(f"{path}: a {what} is a file that ends in {', '.join(_READERS)}")
    if not path.is_file():
        raise PathNotFoundError(f"no {what} at {path}{_beside(path)}")
    try:
        found = read(path.read_text(encoding="utf-8-sig"))
    except (ConfigError, ValueError, RecursionError) as error:  # tomllib and json raise ValueErrors
        raise ConfigError(f"{path}: {error}") from None
    if not isinstance(found, dict):
        raise ConfigError(
            f"{path}: keys and values, such as {example!r}, not {type(found).__name__}"
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


def _read_yaml(text: str) -> Any:
    """The values of a YAML document; no tag makes an object."""
    try:
        import yaml
    except ImportError:
        raise MissingDependencyError.for_extra(
            "pyyaml", "ml", purpose="YAML (TOML and JSON need nothing)"
        ) from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None:
            _refuse_twice(root, yaml.MappingNode, yaml.CollectionNode)
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"not readable as YAML: {' '.join(str(error).split())}") from None


def _refuse_twice(root: Any, mapping: type, collection: type) -> None:
    """PyYAML takes the last of two equal keys without a word."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node, collection):
            continue
        seen.add(id(node))
        if not isinstance(node, mapping):
            waiting.extend(node.value)  # type: ignore[attr-defined]
            continue
        keys: set[tuple[str, str]] = set()
        for key, value in node.value:  # type: ignore[attr-defined]
            waiting.extend((key, value))
            if not isinstance(key.value, str):
                continue
            if (key.tag, key.value) in keys:
                line = key.start_mark.line + 1
                raise ConfigError(f"line {line}: the key {key.value!r} stands there twice")
            keys.add((key.tag, key.value))


_READERS: dict[str, Callable[[str], Any]] = {
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
    ".toml": tomllib.loads,
    ".json": _read_json,
}
