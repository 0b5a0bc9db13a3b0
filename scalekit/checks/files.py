"""Rules in a file: YAML, TOML or JSON."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scalekit.errors import ConfigError, MissingDependencyError, PathNotFoundError


def rules_in(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """Read the rules in a file.

    Parameters
    ----------
    path
        A file that ends in ``.yaml``, ``.yml``, ``.toml`` or ``.json``.

    Raises
    ------
    ConfigError
        For another ending, and for a file that cannot be read as what its name says.
    MissingDependencyError
        For YAML, where PyYAML is not installed.
    PathNotFoundError
        Where there is no such file.
    """
    file = Path(path)
    if file.suffix not in READERS:
        raise ConfigError.unknown_choice("ending", file.suffix, READERS, origin=str(file))
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PathNotFoundError(f"no file of rules at {file}") from None
    try:
        found = READERS[file.suffix](text)
    except ValueError as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None
    if not isinstance(found, Mapping):
        raise ConfigError(f"{file} holds no mapping of columns to rules")
    return found


def _yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise MissingDependencyError.for_extra(
            "pyyaml", "ml", purpose="rules in a YAML file (TOML and JSON need nothing)"
        ) from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


READERS: Mapping[str, Callable[[str], Any]] = {
    ".yaml": _yaml,
    ".yml": _yaml,
    ".toml": tomllib.loads,
    ".json": json.loads,
}
"""What reads a file, by its ending."""
