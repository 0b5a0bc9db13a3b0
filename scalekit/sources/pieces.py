"""Files and runs of their rows: how splits name them, and how they travel to the task that reads them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from scalekit.sources.base import Share
from scalekit.sources.text_blocks import Blocks
from scalekit.sources.uri import File, generation, scheme_of


@dataclass(frozen=True)
class Piece:
    """One file and its rows.

    Parameters
    ----------
    file, rows
        The file, and its rows where they are known.
    blocks
        The rows of each part that can be read by itself.
    text
        Where the blocks of a text file are; other formats find theirs by themselves.
    column_bytes
        What each column of this file takes in memory, where the file tells.
    before
        The rows of the files before it.
    detail
        What its format found out about it.
    """

    file: File
    rows: int | None
    blocks: tuple[int, ...] = ()
    text: Blocks | None = None
    column_bytes: tuple[tuple[str, int], ...] = ()
    before: int = 0
    detail: Any = None


@dataclass(frozen=True)
class FileSplit:
    """A run of rows of one file, and the generation of the file that was counted."""

    file: int
    offset: int
    rows: int | None
    version: str


@dataclass(frozen=True)
class PackedSplit:
    """A run of rows with its file: all that a task has to know beside what the files have in common."""

    piece: Piece
    offset: int
    rows: int | None


def in_order(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Files one after the other, each told how many rows are before it."""
    found, before = [], 0
    for piece in pieces:
        found.append(replace(piece, before=before) if before else piece)
        before += piece.rows or 0
    return tuple(found)


def pack(pieces: Sequence[Piece], splits: Sequence[FileSplit]) -> Iterator[PackedSplit]:
    """Splits that carry their files; neighbours within a file become one."""
    current: PackedSplit | None = None
    number = -1
    for split in splits:
        if current is not None and split.file == number and _goes_on(current, split):
            rows = None if split.rows is None else (current.rows or 0) + split.rows
            current = PackedSplit(current.piece, current.offset, rows)
            continue
        if current is not None:
            yield current
        piece, number = pieces[split.file], split.file
        light = piece if piece.text else replace(piece, blocks=(), column_bytes=())
        current = PackedSplit(light, split.offset, split.rows)
    if current is not None:
        yield current


def _goes_on(current: PackedSplit, split: FileSplit) -> bool:
    return current.rows is not None and split.offset == current.offset + current.rows


def unpack(packed: Sequence[PackedSplit]) -> tuple[tuple[Piece, ...], tuple[FileSplit, ...]]:
    """The files of packed splits, and the splits that name them by their new places."""
    pieces = tuple(split.piece for split in packed)
    splits = tuple(
        FileSplit(place, split.offset, split.rows, split.piece.file.version)
        for place, split in enumerate(packed)
    )
    return pieces, splits


@dataclass(frozen=True)
class Run:
    """Rows of neighbouring files that are read as one table.

    ``offset`` counts from the first file's start, ``rows`` is None for all that there are, and ``height``
    is that of the files.
    """

    first: int
    behind: int
    offset: int
    rows: int | None
    height: int = 0


def runs(pieces: Sequence[Piece], splits: Sequence[FileSplit], *, numbered: bool) -> Iterator[Run]:
    """Neighbouring splits as one run; ``numbered`` rows need files without a gap between them."""
    current: Run | None = None
    for split in splits:
        if split.rows == 0 and len(splits) > 1:
            continue
        height = pieces[split.file].rows or 0
        if current is not None and _follows(pieces, current, split, numbered=numbered):
            rows = None if current.rows is None or split.rows is None else current.rows + split.rows
            more = height if split.file == current.behind else 0
            current = Run(
                current.first, split.file + 1, current.offset, rows, current.height + more
            )
            continue
        if current is not None:
            yield current
        current = Run(split.file, split.file + 1, split.offset, split.rows, height)
    if current is not None:
        yield current


def _follows(pieces: Sequence[Piece], run: Run, split: FileSplit, *, numbered: bool) -> bool:
    last = pieces[run.behind - 1]
    is_next = split.file == run.behind and not (
        numbered and pieces[split.file].before != last.before + (last.rows or 0)
    )
    if run.rows is None or split.rows is None:
        return run.rows is split.rows is None and is_next
    end = run.offset + run.rows
    within = split.file == run.behind - 1 and split.offset == end - (run.height - (last.rows or 0))
    return within or (end == run.height and is_next and split.offset == 0)


def is_replaced(file: File) -> bool:
    """Whether a local file is another one than the one that was looked at, or gone."""
    if scheme_of(file.uri) is not None:
        return False
    try:
        found = os.stat(file.uri)
    except OSError:
        return True
    return file.version != generation(found)


def first_rows(splits: list[FileSplit], n_rows: int | None) -> Iterator[FileSplit]:
    """The splits that hold the first rows, the last of them cut."""
    ends = accumulate(split.rows or 0 for split in splits)
    for split, end in zip(splits, ends, strict=True):
        rows = split.rows
        if n_rows is None or rows is None:
            yield split
        elif (left := n_rows - (end - rows)) > 0:
            yield FileSplit(split.file, split.offset, min(rows, left), split.version)


def blocks_of(pieces: Sequence[Piece]) -> list[FileSplit]:
    """Every block of every file."""
    splits = []
    for number, piece in enumerate(pieces):
        offset = 0
        for rows in piece.blocks or (piece.rows,):
            splits.append(FileSplit(number, offset, rows, piece.file.version))
            offset += rows or 0
    return splits


def shares_of(
    pieces: Sequence[Piece],
    splits: Iterable[FileSplit],
    sizes: Sequence[tuple[str, int]],
    *,
    can_cut: bool,
) -> Iterator[Share]:
    """Splits with the bytes of some columns: of ``sizes`` of all files by rows, where a file does not tell its own."""
    names = frozenset(name for name, _ in sizes)
    by_row = sum(size for _, size in sizes) / max(1, sum(piece.rows or 0 for piece in pieces))
    for split in splits:
        piece, rows = pieces[split.file], split.rows or 0
        if piece.column_bytes and piece.rows:
            own = sum(size for name, size in piece.column_bytes if name in names)
            size = own * rows // piece.rows
        else:
            size = int(by_row * rows)
        yield Share(split, size, split.rows, can_cut and split.rows is not None)
