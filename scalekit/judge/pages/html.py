"""A page as one HTML file, or as what a notebook shows: no script, nothing that is loaded, every text escaped."""

from __future__ import annotations

import re
from itertools import groupby

from scalekit.judge.pages.blocks import (
    Absent,
    Block,
    Cell,
    Column,
    Facts,
    Page,
    Section,
    Sentence,
    Table,
    Value,
    Verdict,
)
from scalekit.judge.pages.lettering import shown
from scalekit.judge.pages.picture import Picture, picture_svg
from scalekit.judge.pages.style import style_sheet
from scalekit.judge.pages.svg import element, words

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may do with the page: apply its style, and nothing else, whatever a name contains."""

_BREAKS = re.compile(r"(?<=_)(?=[^_])|(?<=[a-z])(?=[A-Z])")
_LONG = 24
"""Letters from which on a cell is kept wide enough to be read."""


def page_html(page: Page) -> str:
    """A page as a file of its own.

    Parameters
    ----------
    page
        What to write.

    Examples
    --------
    >>> page_html(Page("<b>", "", ())).count("<b>")
    0
    """
    sections = "".join(_section(section) for section in page.sections)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{words(shown(page.title))}</title><style>{style_sheet()}</style></head>\n"
        f'<body class="sk-page"><a class="skip" href="#main">To the report</a>{_head(page)}'
        f'{_contents(page)}<main id="main">{sections}</main>\n'
        f"<footer>{words(shown(page.foot))}</footer></body></html>\n"
    )


def page_fragment(page: Page) -> str:
    """A page as a notebook shows it: its style, then its sections.

    Parameters
    ----------
    page
        What to show.
    """
    sections = "".join(_section(section) for section in page.sections)
    foot = element("p", words(shown(page.foot)), class_="weak") if page.foot else ""
    return f'<style>{style_sheet()}</style><div class="sk-page">{_head(page)}{sections}{foot}</div>'


def _head(page: Page) -> str:
    title = f"<h1>{_user(page.title)}</h1>"
    lead = element("p", _user(page.lead), class_="weak") if page.lead else ""
    return f"<header>{title}{lead}</header>"


def _contents(page: Page) -> str:
    links = "".join(
        f'<li><a href="#{words(section.identity)}">{words(shown(section.title))}</a></li>'
        for section in page.sections
    )
    return f'<nav aria-label="Sections"><ol>{links}</ol></nav>'


def _section(section: Section) -> str:
    identity = words(section.identity)
    parts = []
    for is_picture, blocks in groupby(section.blocks, key=lambda block: isinstance(block, Picture)):
        content = "".join(map(_block, blocks))
        parts.append(element("div", content, class_="pictures") if is_picture else content)
    return (
        f'\n<section id="{identity}" aria-labelledby="{identity}-heading">'
        f'<h2 id="{identity}-heading">{words(shown(section.title))}</h2>{"".join(parts)}</section>'
    )


def _block(block: Block) -> str:
    match block:
        case Verdict():
            return element("p", _status(block), class_=f"verdict {_class(block.status)}")
        case Table():
            return _table(block)
        case Facts():
            pairs = (
                f"<dt>{_user(name)}</dt><dd>{_user(value)}</dd>" for name, value in block.pairs
            )
            return f"<dl>{''.join(pairs)}</dl>"
        case Sentence():
            return element("p", words(shown(block.text)))
        case Absent():
            return element("p", words(shown(block.reason)), class_="absent")
        case Picture():
            return _figure(block)


def _status(verdict: Verdict) -> str:
    text = f" {_user(verdict.text)}" if verdict.text else ""
    return f'<span class="status">{words(verdict.sign)}</span>{text}'


def _class(status: str) -> str:
    return f"is-{''.join(filter(str.isalpha, status))}"


def _user(text: str) -> str:
    """Text that may run from right to left, by itself."""
    return f"<bdi>{words(shown(text))}</bdi>"


def _broken(text: str) -> str:
    """Text with places where a narrow column may break a name: after underscores, before inner capitals."""
    return "<wbr>".join(words(part) for part in _BREAKS.split(shown(text)))


def _figure(picture: Picture) -> str:
    note = f'<span class="weak">{words(shown(picture.note))}</span>' if picture.note else ""
    caption = f"<figcaption><b>{words(shown(picture.title))}</b>{note}</figcaption>"
    return f"<figure>{caption}{picture_svg(picture)}</figure>"


def _table(table: Table) -> str:
    """A table in a box of its own, which scrolls where it is wider than the page."""
    headings = "".join(
        element("th", _broken(column.name), scope="col", class_=_number(column))
        for column in table.columns
    )
    rows = "".join(
        f"<tr>{''.join(_cell(cell, column, first=n == 0) for n, (cell, column) in enumerate(zip(row, table.columns, strict=True)))}</tr>"
        for row in table.rows
    )
    caption = f"<caption>{words(shown(table.caption))}</caption>"
    drawn = f"<table>{caption}<thead><tr>{headings}</tr></thead><tbody>{rows}</tbody></table>"
    note = element("p", words(shown(table.note)), class_="weak") if table.note else ""
    label = words(shown(table.caption))
    return f'<div class="wide" role="region" tabindex="0" aria-label="{label}">{drawn}</div>{note}'


def _number(column: Column) -> str | None:
    return "number" if column.numeric else None


def _cell(cell: Cell, column: Column, *, first: bool) -> str:
    match cell:
        case Verdict():
            return element("td", _status(cell), class_=_class(cell.status))
        case Value():
            interval = element("small", words(cell.interval)) if cell.interval else ""
            best = (
                element("span", words(cell.text), class_="best") if cell.best else words(cell.text)
            )
            return element("td", best + interval, class_="number")
    content = words(cell) if column.numeric else f"<bdi>{_broken(cell)}</bdi>"
    if first:
        return element("th", content, scope="row", class_="long" if len(cell) > _LONG else None)
    return element("td", content, class_="long" if len(cell) > _LONG else _number(column))
