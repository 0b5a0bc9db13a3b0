"""A page as plain text for a terminal: sentences that are wrapped, tables in columns."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator

from scalekit.judge.pages.blocks import (
    Absent,
    Block,
    Cell,
    Facts,
    Page,
    Sentence,
    Table,
    Value,
    Verdict,
)
from scalekit.judge.pages.lettering import isolated, shown
from scalekit.judge.pages.picture import Picture

_WIDTH = 100
_LONGEST = 44
"""Letters of a cell; a longer one is shortened."""


def page_text(page: Page) -> str:
    """A page as lines of at most 100 letters; tables may be wider.

    Parameters
    ----------
    page
        What to write.

    Examples
    --------
    >>> print(page_text(Page("model", "10 rows", ())))
    model
    10 rows
    """
    lines = [isolated(page.title), *([isolated(page.lead)] if page.lead else [])]
    for section in page.sections:
        lines += ["", shown(section.title)]
        lines += [line for block in section.blocks for line in _block(block)]
    return "\n".join([*lines, *(["", isolated(page.foot)] if page.foot else [])])


def _block(block: Block) -> Iterator[str]:
    match block:
        case Verdict():
            yield from _wrapped(_status(block))
        case Table():
            yield from _table(block)
        case Facts():
            yield from (line for name, value in block.pairs for line in _wrapped(f"{isolated(name)}: {isolated(value)}"))  # fmt: skip
        case Sentence():
            yield from _wrapped(isolated(block.text))
        case Absent():
            yield from _wrapped(isolated(block.reason))
        case Picture():
            yield from _wrapped(f"{isolated(block.title)}: {isolated(block.description)}")


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")


def _status(verdict: Verdict) -> str:
    return f"{verdict.sign}  {isolated(verdict.text)}".rstrip()


def _table(table: Table) -> Iterator[str]:
    yield f"  {shown(table.caption)}"
    cells = [[shown(column.name) for column in table.columns]]
    cells += [[_cell(cell) for cell in row] for row in table.rows]
    wide = [max(_columns(row[n]) for row in cells) for n in range(len(table.columns))]
    for row in cells:
        padded = (_padded(cell, wide[n], right=table.columns[n].numeric) for n, cell in enumerate(row))  # fmt: skip
        yield f"    {'  '.join(padded)}".rstrip()
    if table.note:
        yield from _wrapped(isolated(table.note))


def _padded(text: str, wide: int, *, right: bool) -> str:
    space = " " * (wide - _columns(text))
    return space + text if right else text + space


def _columns(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return sum(
        0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )  # fmt: skip


def _cell(cell: Cell) -> str:
    match cell:
        case Verdict():
            return _status(cell)
        case Value():
            return f"{cell.text} {cell.interval}".rstrip()
    text = shown(cell)
    return isolated(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")
