"""A page as Markdown: for issues, pull requests and terminals that draw it; pictures become sentences."""

from __future__ import annotations

import re
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
from scalekit.judge.pages.lettering import isolated
from scalekit.judge.pages.picture import Picture

_SPECIAL = re.compile(r"([\\`*{}\[\]|#~!]|(?<!\w)_|_(?!\w))")
"""Underscores within a word mean nothing."""


def page_markdown(page: Page) -> str:
    r"""A page as Markdown text.

    Parameters
    ----------
    page
        What to write.

    Examples
    --------
    >>> print(page_markdown(Page("a|b <i>", "10 rows", ())))
    # a\|b &lt;i&gt;
    <BLANKLINE>
    10 rows
    <BLANKLINE>
    """
    parts = [f"# {plain(page.title)}", *([plain(page.lead)] if page.lead else [])]
    for section in page.sections:
        parts.append(f"## {plain(section.title)}")
        parts += [text for block in section.blocks for text in _block(block)]
    parts += [plain(page.foot)] if page.foot else []
    return "\n\n".join(_joined(parts)) + "\n"


def _joined(parts: list[str]) -> Iterator[str]:
    """Items of a list follow each other without an empty line."""
    items: list[str] = []
    for part in [*parts, ""]:
        if part.startswith("- "):
            items.append(part)
            continue
        if items:
            yield "\n".join(items)
            items = []
        if part:
            yield part


def plain(text: str) -> str:
    r"""A text in which no character has a meaning of its own in Markdown or HTML.

    Examples
    --------
    >>> print(plain("*a* <script>"))
    \*a\* &lt;script&gt;
    """
    escaped = isolated(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", escaped)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Verdict():
            yield f"- {_status(block)}"
        case Table():
            yield from _table(block)
        case Facts():
            yield from (f"- {plain(name)}: {plain(value)}" for name, value in block.pairs)
        case Sentence():
            yield plain(block.text)
        case Absent():
            yield f"*{plain(block.reason)}*"
        case Picture():
            yield f"**{plain(block.title)}.** {plain(block.description)}"


def _status(verdict: Verdict) -> str:
    sign = f"**{plain(verdict.sign)}**"
    return f"{sign} {plain(verdict.text)}" if verdict.text else sign


def _table(table: Table) -> Iterator[str]:
    yield f"**{plain(table.caption)}**"
    lines = [
        _row([plain(column.name) for column in table.columns]),
        _row(["---:" if column.numeric else "---" for column in table.columns]),
        *(_row([_cell(cell) for cell in row]) for row in table.rows),
    ]
    yield "\n".join(lines)
    if table.note:
        yield plain(table.note)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    match cell:
        case Verdict():
            return _status(cell)
        case Value():
            text = f"**{plain(cell.text)}**" if cell.best else plain(cell.text)
            return f"{text} {plain(cell.interval)}" if cell.interval else text
    return plain(cell)
