"""What a page is made of, as values: sections of sentences, tables, facts and pictures, the same for every format."""

from __future__ import annotations

from dataclasses import dataclass

from scalekit.judge.pages.picture import Picture

MARKS = {"pass": "✓", "warn": "!", "fail": "✗", "n/a": "—"}
"""A sign for each status, so that colour never says it alone."""


@dataclass(frozen=True)
class Verdict:
    """A sentence that says how it went.

    Attributes
    ----------
    status
        "pass", "warn", "fail" or "n/a".
    text
        The sentence.
    word
        What stands for the status, such as "better".
    """

    status: str
    text: str
    word: str = ""

    @property
    def sign(self) -> str:
        """The status as a sign and a word."""
        return f"{MARKS.get(self.status, '')} {self.word or self.status}"


@dataclass(frozen=True)
class Value:
    """A number in a table, with its interval beneath it; ``best`` is that of the column's or row's best."""

    text: str
    interval: str = ""
    best: bool = False


@dataclass(frozen=True)
class Column:
    """The heading of a column; numbers stand at the right."""

    name: str
    numeric: bool = False


Cell = str | Value | Verdict


@dataclass(frozen=True)
class Table:
    """Rows under headings; the first cell of a row is its name.

    Attributes
    ----------
    caption
        What the rows are.
    columns, rows
        Headings, and a cell for each.
    note
        What has to be known to read it.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Facts:
    """Names and values, such as versions."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sentence:
    """A paragraph of text."""

    text: str


@dataclass(frozen=True)
class Absent:
    """Why there is nothing to show, and what would change that."""

    reason: str


Block = Verdict | Table | Facts | Sentence | Absent | Picture


@dataclass(frozen=True)
class Section:
    """A part of a page; ``identity`` is the place a link leads to."""

    identity: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """All that is said of one thing.

    Attributes
    ----------
    title
        Of what.
    lead
        A line beneath it, such as rows and time.
    sections
        In the order in which they are read.
    foot
        The last line.
    """

    title: str
    lead: str
    sections: tuple[Section, ...]
    foot: str = ""
