"""The rows of an experiment: files by path and format, or a function that gives a frame; as one, or a part for each split."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scalekit.command.experiment.imports import imported
from scalekit.command.experiment.section import Section, nearest
from scalekit.frame.frame import Frame
from scalekit.io.files import scan_csv, scan_ipc, scan_ndjson, scan_parquet
from scalekit.io.tables import scan_delta

FORMATS: Mapping[str, Callable[..., Frame]] = {
    "parquet": scan_parquet,
    "csv": scan_csv,
    "ndjson": scan_ndjson,
    "ipc": scan_ipc,
    "delta": scan_delta,
}

_ENDINGS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".arrow": "ipc",
    ".ipc": "ipc",
    ".feather": "ipc",
}
_PACKED = (".gz", ".zst")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")

SPLITS = ("train", "valid", "test")
_KEYS = ("path", "format", "options", "function", "parameters")


@dataclass(frozen=True)
class Rows:
    """Where rows come from: a function and what it is called with. Nothing is read before it is opened.

    Attributes
    ----------
    section
        The table that says so, for messages.
    function
        Gives a frame.
    arguments
        What it is called with.
    """

    section: Section
    function: Callable[..., Any]
    arguments: tuple[tuple[Any, ...], Mapping[str, Any]]

    def open(self) -> Frame:
        """The frame.

        Raises
        ------
        ConfigError
            Where a function gives no frame.
        """
        given, named = self.arguments
        frame = self.function(*given, **named)
        if not isinstance(frame, Frame):
            raise self.section.wrong(
                "function",
                f"it gave {type(frame).__name__}: a scalekit Frame is needed; wrap data in memory with "
                "sk.from_pandas, sk.from_polars or sk.from_dict",
            )
        return frame


@dataclass(frozen=True)
class Data:
    """The rows of an experiment: all of them, which the protocol splits, or one source for each split."""

    whole: Rows | None
    parts: Mapping[str, Rows]

    def open(self) -> Mapping[str, Frame]:
        """``{"all": frame}``, or a frame for each split."""
        if self.whole is not None:
            return {"all": self.whole.open()}
        return {name: rows.open() for name, rows in self.parts.items()}


def data_of(section: Section) -> Data:
    """Read ``[data]``.

    Raises
    ------
    ConfigError
        Where keys, formats or options are not known, or rows are missing.
    """
    parts = {name: section.section(name) for name in SPLITS if name in section}
    if not parts:
        section.only(*_KEYS, *SPLITS)
        return Data(_rows(section), {})
    section.only(*_KEYS, *SPLITS)
    if whole := [key for key in _KEYS if key in section]:
        raise section.wrong(
            whole[0],
            f"rows for all splits, and [data.{next(iter(parts))}] too: give one or the other",
        )
    if missing := [name for name in ("train", "test") if name not in parts]:
        raise section.wrong(
            "", f"[data.{missing[0]}] is missing: train and test are needed, valid may be"
        )
    return Data(None, {name: _rows(part) for name, part in parts.items()})


def _rows(section: Section) -> Rows:
    section.only(*_KEYS)
    if ("path" in section) == ("function" in section):
        both = "path" in section
        raise section.wrong(
            "path" if both else "",
            f'expected {"either" if both else "the key"} path = "data/*.parquet" or function = "module:function"'
            f"{', not both' if both else ''}",
        )
    return _from_function(section) if "function" in section else _from_files(section)


def _from_function(section: Section) -> Rows:
    for key in ("format", "options"):
        if key in section:
            raise section.wrong(key, "is for files, and goes with path")
    function, parameters = function_of(section, "function")
    return Rows(section, function, ((), parameters))


def function_of(
    section: Section, key: str, given: int = 0
) -> tuple[Callable[..., Any], Mapping[str, Any]]:
    """A function by name, and its ``parameters``; it is called with ``given`` arguments before them.

    Raises
    ------
    ConfigError
        Where there is no such function, or it cannot be called so.
    """
    text = section.needed(key, '"features:build"')
    function = imported(section, key, text)
    if not callable(function) or isinstance(function, type):
        raise section.wrong(key, f"{text} is no function")
    parameters = section.section("parameters").values
    try:
        inspect.signature(function).bind(*[None] * given, **parameters)
    except TypeError as error:
        takes = f"{text}{inspect.signature(function)}"
        raise section.wrong("parameters" if parameters else key, f"{takes}: {error}") from error
    except ValueError:  # no signature to look at
        pass
    return function, parameters


def _from_files(section: Section) -> Rows:
    if "parameters" in section:
        raise section.wrong("parameters", "is for a function: what reads files takes options")
    paths = [_path(text, section.document.folder) for text in section.texts("path")]
    name = section.choice("format", FORMATS) or _format(section, paths)
    scan = FORMATS[name]
    options = section.section("options")
    known = [key for key in inspect.signature(scan).parameters if key != "source"]
    for key in options.values:
        if key not in known:
            raise options.wrong(
                key, f"unknown option of {name}{nearest(key, known)}; known: {', '.join(known)}"
            )
    if name == "delta" and len(paths) > 1:
        raise section.wrong("path", "a Delta table is one folder")
    return Rows(section, scan, ((paths if len(paths) > 1 else paths[0],), _options(options, paths)))


def _options(options: Section, paths: list[str]) -> dict[str, Any]:
    values = dict(options.values)
    if all(_plain_ending(path) == ".tsv" for path in paths):
        values.setdefault("separator", "\t")
    return values


def _format(section: Section, paths: list[str]) -> str:
    found = {_ENDINGS.get(_plain_ending(path)) for path in paths}
    name = found.pop()
    if name is None or found:
        raise section.wrong(
            "path", f"the ending does not say what it is: give format = one of {', '.join(FORMATS)}"
        )
    return name


def _plain_ending(path: str) -> str:
    """The ending, without that of a packed file."""
    plain = Path(path.partition("?")[0])
    return (plain.with_suffix("") if plain.suffix in _PACKED else plain).suffix.lower()


def _path(text: str, folder: Path) -> str:
    """A path relative to the experiment's folder; a URI as it is."""
    if _URI.match(text):
        return text
    return str(folder / os.path.expanduser(text))
