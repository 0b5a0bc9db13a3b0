"""A frame in a notebook: everything escaped, everything bounded, nothing computed, no secret shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import polars as pl
import pytest
from polars.io.plugins import register_io_source

import scalekit as sk
from scalekit import col
from scalekit.frame.frame import Frame
from scalekit.plan.nodes import Scan
from scalekit.sources.base import Source, Statistics

VOID = {"br", "hr", "img"}


class Page(HTMLParser):
    """HTML taken apart; it notes tags that are not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == [], "tags left open"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.text += data
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


@dataclass(frozen=True, eq=False)
class CountingSource(Source):
    """A source of a billion rows that counts how many were drawn from it."""

    drawn: list[int] = field(default_factory=list)

    @property
    def schema(self) -> pl.Schema:
        return pl.Schema({"n": pl.Int64()})

    def splits(self):
        return (None,)

    def read(self, splits=None) -> pl.LazyFrame:
        def rows(columns, predicate, n_rows, batch_size) -> Iterator[pl.DataFrame]:
            left = 10**9 if n_rows is None else n_rows
            while left:
                size = min(left, 1000)
                self.drawn.append(size)
                if sum(self.drawn) > 10_000:
                    raise AssertionError("more than the head was read")
                left -= size
                yield pl.DataFrame({"n": range(size)})

        return register_io_source(rows, schema=self.schema)

    def statistics(self) -> Statistics:
        return Statistics(rows=10**9, bytes=8 * 10**9, exact=True)

    def describe(self) -> str:
        return "a billion rows"


def page_of(frame) -> Page:
    return Page(frame._repr_html_())


# Escaping

NASTY = "<script>alert('x')</script>\"&"


def test_names_and_values_are_escaped():
    page = page_of(sk.from_dict({NASTY: [NASTY, "</table>"]}))
    assert "script" not in page.tags
    assert page.rows[0] == [NASTY]
    assert [row[0] for row in page.rows[2:]] == [NASTY, "</table>"]


def test_types_are_escaped():
    frame = sk.from_polars(pl.DataFrame({"e": ["<i>"]}, schema={"e": pl.Enum(["<i>", "<b>"])}))
    page = page_of(frame)
    assert not {"i", "b"} & set(page.tags[page.tags.index("table") :])
    assert page.rows[1] == ["Enum[<i>, <b>]"]


def test_names_are_escaped_where_there_is_no_preview():
    page = page_of(
        sk.from_dict({NASTY: [1], "x": [1]}).group_by(NASTY).agg(col("x").sum()),
    )
    assert "script" not in page.tags
    assert NASTY in page.text


# Bounds


def test_a_thousand_columns_are_counted_not_drawn():
    page = page_of(sk.from_dict({f"c{i}": [i] for i in range(1000)}))
    assert len(page.rows[0]) == 21
    assert page.rows[0][-1] == "… 980 more columns"
    assert "1,000 columns" in page.text


def test_a_thousand_columns_without_a_preview():
    frame = sk.from_dict({f"c{i}": [i] for i in range(1000)})
    with sk.config(preview_rows=0):
        page = page_of(frame)
    assert page.tags.count("table") == 0
    assert "c99 " in page.text
    assert "c100 " not in page.text
    assert "… 900 more columns" in page.text


def test_long_names_values_and_types_are_cut():
    frame = sk.from_polars(
        pl.DataFrame(
            {
                "n" * 5000: ["v" * 5000],
                "e": pl.Series(["c0"], dtype=pl.Enum([f"c{i}" for i in range(5000)])),
            }
        )
    )
    page = page_of(frame)
    assert max(len(cell) for row in page.rows for cell in row) == 80
    assert len(repr(frame)) < 6000


def test_rows_of_the_preview_are_those_of_the_setting():
    frame = sk.from_dict({"x": list(range(100))})
    assert len(page_of(frame).rows) == 2 + 10
    with sk.config(preview_rows=3):
        assert [row[0] for row in page_of(frame).rows[2:]] == ["0", "1", "2"]


def test_a_frame_without_columns_or_rows():
    assert "0 rows" in page_of(sk.from_dict({"x": []})).text
    assert "0 columns" in page_of(sk.from_dict({"x": [1]}).select([])).text


# Nothing is computed


def test_a_preview_reads_the_head_of_a_source_and_no_more():
    source = CountingSource()
    page = page_of(Frame(Scan(source)).with_columns(twice=col("n") * 2))
    assert page.rows[2:4] == [["0", "0"], ["1", "2"]]
    assert 10 <= sum(source.drawn) <= 10_000
    assert "1,000,000,000 rows" in page.text


BILLION = [
    pytest.param(lambda f: f.filter(col("n") < 0), id="filter"),
    pytest.param(lambda f: f.sort("n"), id="sort"),
    pytest.param(lambda f: f.group_by("n").agg(count=sk.len()), id="group_by"),
    pytest.param(lambda f: f.join(f, on="n"), id="join"),
    pytest.param(lambda f: f.with_columns(mean=col("n").mean()), id="mean"),
    pytest.param(lambda f: f.tail(3), id="tail"),
    pytest.param(lambda f: f.map_batches(lambda d: d, schema={"n": pl.Int64}), id="user function"),
]


@pytest.mark.parametrize("step", BILLION)
def test_what_needs_all_rows_has_no_preview(step):
    source = CountingSource()
    frame = step(Frame(Scan(source)))
    page = page_of(frame)
    assert source.drawn == []
    assert "no preview" in page.text
    assert ".head().collect()" in page.text
    assert "n Int64" in page.text


def test_text_reads_nothing():
    source = CountingSource()
    text = repr(Frame(Scan(source)).filter(col("n") > 1))
    assert source.drawn == []
    assert text.splitlines()[0] == "Frame[n: Int64]"
    assert "would run on polars; about " in text


def test_a_source_that_fails_is_named_and_the_rest_is_shown():
    class Broken(CountingSource):
        def read(self, splits=None):
            raise sk.exceptions.SourceError("the disk is on fire")

    page = page_of(Frame(Scan(Broken())))
    assert "no preview: the disk is on fire" in page.text
    assert "n Int64" in page.text


def test_a_backend_that_does_not_exist_is_told():
    with sk.config(backend="pollars"):
        page = page_of(sk.from_dict({"x": [1]}))
        text = repr(sk.from_dict({"x": [1]}))
    assert "cannot run: " in page.text
    assert "polars" in page.text
    assert "cannot run: " in text


# What values look like


def test_values_read_well():
    frame = sk.from_dict(
        {
            "f": [1.5, float("nan"), None],
            "b": [True, False, None],
            "l": [[1, None], [], None],
            "d": [dt.date(2020, 1, 31)] * 3,
            "s": [{"a": 1}, {"a": None}, None],
            "t": ["two\nlines", "", None],
        }
    )
    rows = page_of(frame).rows[2:]
    assert rows[0] == ["1.5", "true", "[1, null]", "2020-01-31", "{a: 1}", "two↵lines"]
    assert rows[1] == ["NaN", "false", "[]", "2020-01-31", "{a: null}", ""]
    assert rows[2] == ["null", "null", "null", "2020-01-31", "null", "null"]


def test_the_backend_of_the_setting_is_named():
    frame = sk.from_dict({"x": [1]})
    with sk.config(backend="pandas"):
        assert "would run on pandas" in page_of(frame).text
        assert "would run on pandas" in repr(frame)


def test_guessed_sizes_say_so():
    frame = sk.from_dict({"x": [1, 2, 3]})
    assert "3 rows, 24 bytes" in page_of(frame).text
    assert "about" not in page_of(frame).text
    assert "about 2 rows" in page_of(frame.filter(col("x") > 1)).text


# Secrets

SECRET = "hunter2-hunter2"


def test_secrets_of_sources_are_not_shown(tmp_path):
    path = tmp_path / "here.parquet"
    pl.DataFrame({"x": [1]}).write_parquet(path)
    frame = sk.scan_parquet(path, storage_options={"aws_secret_access_key": SECRET})
    path.unlink()  # so that the preview fails, and what Polars says of it is shown too
    html = frame._repr_html_()
    assert "no preview: " in html
    named = [html, frame.explain(), frame.show_graph().svg, frame.show_graph().mermaid]
    assert all("here.parquet" in text for text in named)
    assert not any(SECRET in text for text in [*named, repr(frame), frame.explain("logical")])
