"""A TOML file as read, and the line on which each of its keys stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from scalekit.errors import ConfigError, PathNotFoundError

KeyPath: TypeAlias = tuple[str | int, ...]

LARGEST = 1 << 20
"""Bytes of an experiment file: a larger one is something else."""

_HEADER = re.compile(r"\s*(\[\[?)(?P<name>.+?)\]\]?\s*(?:#.*)?")
_KEY = re.compile(
    r"""\s*(?P<key>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*="""
)


@dataclass(frozen=True)
class Document:
    """An experiment file.

    Attributes
    ----------
    path
        The file as it was named.
    text
        What it holds.
    values
        What that means.
    """

    path: Path
    text: str
    values: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """Where its paths and modules are looked for."""
        return self.path.resolve().parent

    def where(self, path: KeyPath) -> str:
        """The file, the line, as far as it is known, and the key: ``"late.toml:12: models.trees.estimator"``."""
        line = next(
            (self._lines[p] for n in range(len(path), 0, -1) if (p := path[:n]) in self._lines),
            None,
        )
        place = self.path.name if line is None else f"{self.path.name}:{line}"
        return f"{place}: {dotted(path)}" if path else place

    @cached_property
    def _lines(self) -> dict[KeyPath, int]:
        """Found when something is wrong, which is when they are needed."""
        return dict(_reversed(_keys(self.text)))


def read_document(path: str | Path) -> Document:
    """Read a TOML file.

    Raises
    ------
    PathNotFoundError
        Where there is no such file.
    ConfigError
        Where it is no file of text, or no TOML: with line and column.
    """
    path = Path(path)
    if not path.exists():
        beside = sorted(other.name for other in path.parent.glob("*.toml"))[:10]
        there = f"; there is {', '.join(beside)}" if beside else ""
        raise PathNotFoundError(f"no experiment file {str(path)!r}{there}")
    if not path.is_file():
        raise ConfigError(
            f"{str(path)!r} is no file: name the experiment file, such as experiment.toml"
        )
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"{path.name} has more than 1 MiB: that is no experiment file")
        text = path.read_text(encoding="utf-8-sig")
        return Document(path, text, tomllib.loads(text))
    except OSError as error:
        raise ConfigError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path.name} is not text in UTF-8: {error.reason} at byte {error.start}"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not valid TOML: {error}") from error
    except RecursionError:
        raise ConfigError(f"{path.name} nests its tables too deeply") from None


def dotted(path: KeyPath) -> str:
    """A key as it is written, such as ``models.trees.steps[1].estimator``.

    Examples
    --------
    >>> dotted(("models", "my trees", "steps", 1, "C"))
    "models.'my trees'.steps[1].C"
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            word = part if re.fullmatch(r"[\w-]+", part) else repr(part)
            text += f".{word}" if text else word
    return text


def _reversed(keys: Iterator[tuple[KeyPath, int]]) -> Iterator[tuple[KeyPath, int]]:
    """The last first, so that of a key that is seen twice the first line stays."""
    return iter(list(keys)[::-1])


def _keys(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Each table and key with its line."""
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        if found := _HEADER.fullmatch(line):
            table = _numbered(_parts(found["name"]), counts, is_item=found[1] == "[[")
            yield table, number + 1
        elif found := _KEY.match(line):
            key = (*table, *_parts(found["key"]))
            yield from ((key[:n], number + 1) for n in range(len(table) + 1, len(key) + 1))
            number += _further(lines, number)
        number += 1


def _parts(key: str) -> KeyPath:
    """The parts of a dotted key, as TOML itself reads it."""
    try:
        value: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    parts: list[str | int] = []
    while isinstance(value, dict) and value:
        (name, value), *_ = value.items()
        parts.append(name)
    return tuple(parts)


def _numbered(name: KeyPath, counts: dict[KeyPath, int], *, is_item: bool) -> KeyPath:
    """The path of a table, with the place of those that are items of arrays: ``[[a.b]]`` is ``a.b[0]``."""
    path: KeyPath = ()
    for place, part in enumerate(name):
        path = (*path, part)
        is_last = place == len(name) - 1
        if is_last and is_item:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _further(lines: list[str], number: int) -> int:
    """How many more lines the value of a key takes."""
    for more in range(min(len(lines) - number, 1000)):
        try:
            tomllib.loads("\n".join(lines[number : number + more + 1]))
        except (tomllib.TOMLDecodeError, RecursionError):
            continue
        return more
    return 0
