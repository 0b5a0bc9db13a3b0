"""Large text files in blocks of whole records, so that several tasks can read one file.

A line end inside a quoted field ends no record. Where a block begins, the number of quotes before it is
even, which was checked for the whole file when it was scanned first; where that does not decide (comments,
blank lines, compressed files), a file is one block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scalekit.sources.redact import StorageOptions
from scalekit.sources.remote import OpenFile, open_file
from scalekit.sources.uri import File

BLOCK_BYTES = 4 * 1024**2
"""Text of one block, at least."""

_MOST_BLOCKS = 256
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x78\x01", b"\x78\x9c", b"\x78\xda")


@dataclass(frozen=True)
class Shape:
    """How a text file is laid out: lines above its header, whether it has one, and its quote."""

    skip: int = 0
    has_header: bool = False
    quote: bytes = b""


@dataclass(frozen=True)
class Blocks:
    """The rows of each block, and where the blocks and the file's end are."""

    rows: tuple[int, ...]
    borders: tuple[int, ...]


def find_blocks(file: File, options: StorageOptions, shape: Shape, rows: int) -> Blocks | None:
    """The blocks of a file of ``rows`` rows; None where it is small, or cannot be taken apart."""
    if file.size is None or file.size < 2 * BLOCK_BYTES:
        return None
    length = max(BLOCK_BYTES, -(-file.size // _MOST_BLOCKS))
    with open_file(file.uri, options) as opened:
        if _read(opened, 0, 4).startswith(_COMPRESSED):
            return None
        found = _walk(opened, file.size, length, shape)
    return found if found is not None and sum(found.rows) == rows else None


def _walk(opened: OpenFile, size: int, length: int, shape: Shape) -> Blocks | None:
    body = _body(_read(opened, 0, length), shape)
    if body is None:
        return None
    borders, rows, start = [body], [], body
    while start < size:
        text = _read(opened, start, min(size, start + length))
        is_last = start + len(text) >= size
        end = len(text) if is_last else _last_record(text, shape.quote)
        if end is None or not text:
            return None
        rows.append(_records(text[:end], shape.quote))
        start += end
        borders.append(start)
    return Blocks(tuple(rows), tuple(borders))


def _body(text: bytes, shape: Shape) -> int | None:
    """Where the first row begins: behind the lines to skip, blank ones, and the header."""
    position = 0
    for _ in range(shape.skip):
        position = text.find(b"\n", position) + 1
        if position == 0:
            return None
    if not shape.has_header:
        return position
    while (line := re.compile(rb"(\xef\xbb\xbf)?\r?\n").match(text, position)) is not None:
        position = line.end()
    quotes = 0
    while True:
        end = text.find(b"\n", position) + 1
        if end == 0:
            return None
        quotes += text.count(shape.quote, position, end) if shape.quote else 0
        position = end
        if quotes % 2 == 0:
            return position


def _last_record(text: bytes, quote: bytes) -> int | None:
    """Where the last whole record ends, in text that begins with a record."""
    end = len(text)
    quotes = text.count(quote) if quote else 0
    while (position := text.rfind(b"\n", 0, end)) >= 0:
        quotes -= text.count(quote, position, end) if quote else 0
        if quotes % 2 == 0:
            return position + 1
        end = position
    return None


def _records(text: bytes, quote: bytes) -> int:
    """Records in text that begins and ends with one."""
    is_whole = text.endswith(b"\n")
    # Between the first quote and the second, the third and the fourth, and so on.
    inside = b"".join(text.split(quote)[1::2]).count(b"\n") if quote else 0
    return text.count(b"\n") - inside + (not is_whole)


def window(
    file: File, options: StorageOptions, blocks: Blocks, first: int, behind: int
) -> tuple[bytes, bytes]:
    """The text above the first row of a file, and that of some blocks."""
    borders = blocks.borders
    with open_file(file.uri, options) as opened:
        return _read(opened, 0, borders[0]), _read(opened, borders[first], borders[behind])


def heads(
    file: File,
    options: StorageOptions,
    blocks: Blocks,
    numbers: Sequence[int],
    length: int,
    quote: bytes,
) -> Iterator[bytes]:
    """The first whole records of some blocks, below the text above the first row of the file."""
    with open_file(file.uri, options) as opened:
        above = _read(opened, 0, blocks.borders[0])
        for number in numbers:
            start, stop = blocks.borders[number : number + 2]
            text = _read(opened, start, min(stop, start + length))
            end = len(text) if start + len(text) == stop else _last_record(text, quote)
            yield above + text[: end or 0]


def _read(opened: OpenFile, start: int, stop: int) -> bytes:
    opened.seek(start)
    return bytes(opened.read(stop - start))
