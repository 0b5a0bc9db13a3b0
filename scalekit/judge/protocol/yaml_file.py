"""YAML as plain values: no tags that make objects, no key twice."""

from __future__ import annotations

from typing import Any

from scalekit.errors import ConfigError, MissingDependencyError


def read_yaml(text: str) -> Any:
    """The values of a YAML document.

    Parameters
    ----------
    text
        One document.

    Raises
    ------
    ConfigError
        Where it is no YAML, asks for an object, or has a key twice; with the line.
    MissingDependencyError
        Where PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise MissingDependencyError.for_extra(
            "pyyaml", "ml", purpose="a protocol in YAML"
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
