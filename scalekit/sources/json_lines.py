"""Check the lines of an NDJSON file and learn its types from all of them.

Two parsers look at every line: Arrow's, which refuses a key given twice and a value that changes its
kind, and Polars', which reads the rows later and decides the types.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

import polars as pl

from scalekit.errors import CorruptFileError, EmptyInputError, SchemaMismatchError, SourceError
from scalekit.sources.failures import source_errors
from scalekit.sources.footer import width
from scalekit.sources.paths import without_wildcards
from scalekit.sources.redact import StorageOptions, redact
from scalekit.sources.text_blocks import Blocks, Shape, find_blocks
from scalekit.sources.uri import File

if TYPE_CHECKING:
    import pyarrow as pa

MAX_DEPTH = 128

_LINE = pl.col("line")
_CHUNK_LINES = 50_000
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_CHANGED = re.compile(r"Column\((.*?)\) changed from (\w+) to (\w+) in row (\d+)")
_TWICE = re.compile(r"Column\((.*?)\) was specified twice in row (\d+)")
_IN_ROW = re.compile(r"in row (\d+)")


@dataclass(frozen=True)
class JsonFacts:
    """What the pass over one file found."""

    schema: pl.Schema
    rows: int
    text_bytes: int
    has_blanks: bool = False
    blocks: Blocks | None = None


@lru_cache(maxsize=4096)
def json_facts(file: File, options: StorageOptions) -> JsonFacts:
    """Check every line of a file; the same generation of a file is not read twice.

    Raises
    ------
    EmptyInputError
        For a file without a line.
    CorruptFileError
        For lines that are no JSON object, a key given twice, and nesting deeper than 128 levels.
    SchemaMismatchError
        For a value of another kind than the values above it; the message names the line.
    """
    what = f"NDJSON file {redact(file.uri, options)!r}"
    storage = options.to_dict() or None
    with source_errors(what, options=options):
        rows, text_bytes, has_blanks = 0, 0, False
        kinds: dict[str, str] = {}
        for start, lines in _chunks(file, storage):
            _check_depth(lines, start, what)
            kept = [line for line in lines if line and not line.isspace()]
            text = "\n".join(kept).encode()
            rows, text_bytes = rows + len(kept), text_bytes + len(text)
            has_blanks = has_blanks or len(kept) < len(lines)
            if kept:
                _check_kinds(kinds, _parse(text, lines, start, what), start, what)
        if not rows:
            raise EmptyInputError(f"{what}: no line with content; one object at least is needed")
        try:
            lazy = pl.scan_ndjson(
                without_wildcards(file.uri), infer_schema_length=None, storage_options=storage
            )
            schema = lazy.collect_schema()
        except pl.exceptions.PolarsError as error:
            _name_bad_line(file, storage, str(error), what)
        blocks = None if has_blanks else find_blocks(file, options, Shape(), rows)
        return JsonFacts(schema, rows, text_bytes, has_blanks, blocks)


def _chunks(file: File, storage: dict[str, Any] | None) -> Iterator[tuple[int, list[str]]]:
    """The lines, some at a time, with the number of the first one."""
    start = 1
    scan = pl.scan_lines(file.uri, glob=False, storage_options=storage)
    for batch in scan.collect_batches(chunk_size=_CHUNK_LINES, maintain_order=True):
        lines = batch["line"].to_list()
        yield start, lines
        start += len(lines)


def _check_depth(lines: list[str], start: int, what: str) -> None:
    """Parsers recurse: a line of brackets alone can end the process."""
    for number, line in enumerate(lines, start):
        if line.count("[") + line.count("{") <= MAX_DEPTH:
            continue
        depth = deepest = 0
        for token in _TOKENS.findall(line):
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token, 0)
            deepest = max(deepest, depth)
        if deepest > MAX_DEPTH:
            raise CorruptFileError(
                f"{what}: line {number} is nested deeper than {MAX_DEPTH} levels; flatten it"
            )


def _parse(text: bytes, lines: list[str], start: int, what: str) -> pa.Schema:
    import pyarrow as pa
    import pyarrow.json as pj

    try:
        options = pj.ReadOptions(use_threads=True, block_size=max(1 << 20, len(text) + 1))
        return pj.read_json(io.BytesIO(text), read_options=options).schema
    except pa.ArrowInvalid as error:
        numbered = [(n, line) for n, line in enumerate(lines, start) if line and not line.isspace()]
        _explain(str(error), numbered, what)


def _explain(text: str, numbered: list[tuple[int, str]], what: str) -> NoReturn:
    """Say in which line of the file a row of the chunk stands."""
    row = _IN_ROW.search(text)
    place = min(int(row[1]), len(numbered) - 1) if row else 0
    line = numbered[place][0]
    if changed := _CHANGED.search(text):
        column, before, after, _ = changed.groups()
        if column:
            _refuse_change(column, before, after, line, what)
        raise CorruptFileError(
            f"{what}: line {line} holds a JSON {after}, not an object; write one object per line"
        )
    if twice := _TWICE.search(text):
        key = _key(twice[1])
        raise CorruptFileError(
            f"{what}: line {line} gives the key {key!r} twice; which value counts is not defined: keep one"
        )
    said = text.removeprefix("JSON parse error: ").split(" in row")[0]
    if place and not _is_json(
        numbered[place - 1][1]
    ):  # Arrow counts what stands behind an object as a row
        line = numbered[place - 1][0]
    raise CorruptFileError(
        f"{what}: line {line} is no JSON ({said}); repair it, or was the file cut short?"
    )


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _key(path: str) -> str:
    return path.strip("/").replace("/", ".")


def _refuse_change(column: str, before: str, after: str, line: int, what: str) -> NoReturn:
    raise SchemaMismatchError(
        f"{what}: {_key(column)!r} changes from {before} to {after} in line {line}; write one kind of value per key"
    )


def _check_kinds(kinds: dict[str, str], schema: pa.Schema, start: int, what: str) -> None:
    """Arrow sees a change within a chunk; this sees one between chunks."""
    import pyarrow as pa

    for path, kind in _leaf_kinds("", pa.struct(list(schema))):
        before = kinds.setdefault(path, kind)
        if before == "null":
            kinds[path] = kind
        elif kind not in ("null", before):
            _refuse_change(path, before, kind, start, what)


def _leaf_kinds(path: str, dtype: pa.DataType) -> Iterator[tuple[str, str]]:
    import pyarrow as pa

    if pa.types.is_struct(dtype):
        yield path, "object"
        for field in dtype:
            yield from _leaf_kinds(f"{path}/{field.name}", field.type)
    elif pa.types.is_list(dtype):
        yield path, "array"
        yield from _leaf_kinds(f"{path}/[]", dtype.value_type)
    elif pa.types.is_null(dtype):
        yield path, "null"
    elif pa.types.is_boolean(dtype):
        yield path, "boolean"
    elif pa.types.is_integer(dtype) or pa.types.is_floating(dtype):
        yield path, "number"
    else:
        yield path, "string"  # Arrow takes some text for a time; Polars does not


def _name_bad_line(file: File, storage: dict[str, Any] | None, said: str, what: str) -> NoReturn:
    """Arrow is laxer than Polars, for example with NaN: find the line that Polars refused."""
    for start, lines in _chunks(file, storage):
        numbered = [(n, line) for n, line in enumerate(lines, start) if line and not line.isspace()]
        if _refusal([line for _, line in numbered]) is None:
            continue
        while len(numbered) > 1:
            half = numbered[: len(numbered) // 2]
            bad_half = _refusal([line for _, line in half]) is not None
            numbered = half if bad_half else numbered[len(half) :]
        _refuse_line(*numbered[0], what)
    raise SourceError(f"{what}: {said}")


def _refusal(lines: list[str]) -> str | None:
    try:
        pl.read_ndjson(io.BytesIO("\n".join(lines).encode()), infer_schema_length=None)
    except pl.exceptions.PolarsError as error:
        return str(error).splitlines()[0]
    return None


def _refuse_line(number: int, line: str, what: str) -> NoReturn:
    def refuse(constant: str) -> NoReturn:
        raise CorruptFileError(
            f"{what}: line {number} holds {constant}, which is no JSON; write null, or text"
        )

    said = _refusal([line]) or "it does not go with the lines above"
    try:
        json.loads(line, parse_constant=refuse)
    except ValueError as error:
        said = str(error)
    if "InvalidNumber" in said:
        said = "a number beyond 128 bits or the range of Float64; write it as text"
    raise CorruptFileError(
        f"{what}: line {number} cannot be read ({said}); write one JSON object per line"
    ) from None


def json_column_bytes(columns: pl.Schema, facts: list[JsonFacts]) -> tuple[tuple[str, int], ...]:
    """Fixed widths from the types; text is at most what the file holds, spread over what can hold it."""
    rows = sum(fact.rows for fact in facts)
    text = sum(fact.text_bytes for fact in facts)
    sizes = {name: int(rows * (width(dtype) + 1 / 8)) for name, dtype in columns.items()}
    variable = [name for name, dtype in columns.items() if dtype == pl.String or dtype.is_nested()]
    for name in variable:
        sizes[name] += text // len(variable)
    return tuple(sizes.items())
