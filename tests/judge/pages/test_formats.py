"""How figures and texts are written: as many digits as an interval lets one believe, and nothing that Markdown reads."""

from __future__ import annotations

import pytest

from scalekit.judge.pages.blocks import Column as Heading
from scalekit.judge.pages.blocks import Page, Section, Sentence, Table, Value, Verdict
from scalekit.judge.pages.figures import value_of
from scalekit.judge.pages.html import page_html
from scalekit.judge.pages.lettering import isolated
from scalekit.judge.pages.markdown import page_markdown, plain
from scalekit.judge.pages.report_page import report_page
from scalekit.judge.pages.sections.metrics import metrics_table
from scalekit.judge.pages.text import page_text
from tests.judge.pages import reports


@pytest.mark.parametrize(
    ("value", "low", "high", "text", "interval"),
    [
        (0.874123, 0.861, 0.886, "0.874", "[0.861, 0.886]"),
        (12_345.6, 11_900.0, 12_700.0, "12,346", "[11,900, 12,700]"),
        (0.9785667362, 0.9785667361, 0.9785667362, "0.9786", "[0.9786, 0.9786]"),
        (1.0, 0.9991, 1.0, "1.00000", "[0.99910, 1.00000]"),
        (3.4e-9, 3.1e-9, 3.6e-9, "3.4e-09", "[3.1e-09, 3.6e-09]"),
        (-0.00001, -0.02, 0.02, "0.000", "[-0.020, 0.020]"),
        (None, None, None, "—", ""),
        (0.5, None, None, "0.5", ""),
        (1234567.0, None, None, "1,234,567", ""),
    ],
)  # fmt: skip
def test_a_figure_has_the_digits_that_its_interval_lets_one_believe(
    value, low, high, text, interval
):
    cell = value_of({"value": value, "low": low, "high": high})
    assert (cell.text, cell.interval) == (text, interval)


@pytest.mark.parametrize(
    ("text", "written"),
    [("log_loss", "log_loss"), ("_a_ *b*", r"\_a\_ \*b\*"), ("a|b", r"a\|b"), ("<b>&", "&lt;b&gt;&amp;"),
     ("[x](http://y)", r"\[x\](http://y)"), ("a\n# b", r"a \# b"), ("`c`", r"\`c\`")],
)  # fmt: skip
def test_markdown_reads_nothing_into_a_name(text: str, written: str):
    assert plain(text) == written


def page() -> Page:
    table = Table(
        "Rows",
        (Heading("Name"), Heading("n", numeric=True)),
        (("ab", Value("1", "[0, 2]", best=True)), ("שם", "3")),
    )
    return Page("Title", "lead", (Section("one", "1. One", (Verdict("fail", "bad", "not met"), Sentence("text"), table)),))  # fmt: skip


def test_a_table_in_each_format():
    assert "| ab | **1** \\[0, 2\\] |" in page_markdown(page())
    assert "| --- | ---: |" in page_markdown(page())
    assert "    ab    1 [0, 2]\n" in page_text(page())
    assert (
        '<th scope="row"><bdi>ab</bdi></th><td class="number"><span class="best">1</span>'
        in page_html(page())
    )


def test_a_status_is_a_sign_and_a_word_not_only_a_colour():
    for text in (page_text(page()), page_markdown(page()), page_html(page())):
        assert "✗ not met" in text


def test_a_name_that_runs_from_right_to_left_does_not_turn_its_sentence():
    assert isolated("שם") == "\u2068שם\u2069"
    assert isolated(isolated("שם")).count("\u2068") == 2
    assert isolated("a\u2069b") == "ab"


def test_all_that_read_like_the_best_are_bold():
    results = reports.figures(("a", "b", "c"), ("roc_auc",), {})
    same = results.with_columns(value=0.5, low=0.4, high=0.6)
    cells = metrics_table(same, ("a", "b", "c"), "roc_auc", "binary").rows[0]
    assert [cell.best for cell in cells if isinstance(cell, Value)] == [True] * 3
    cells = metrics_table(results, ("a", "b", "c"), "roc_auc", "binary").rows[0]
    assert [cell.best for cell in cells if isinstance(cell, Value)] == [False, False, True]


def test_nothing_is_best_where_there_is_one_model():
    found = report_page(reports.binary(("only",)))
    table = found.sections[1].blocks[0]
    assert isinstance(table, Table)
    assert not [cell for row in table.rows for cell in row if isinstance(cell, Value) and cell.best]
