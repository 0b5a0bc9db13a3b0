"""Pages of comparisons: the decision first, every difference with its verdict, and no section missing."""

from __future__ import annotations

import polars as pl
import pytest

from scalekit.judge.pages import (
    comparison_html,
    comparison_markdown,
    comparison_snippet,
    comparison_text,
)
from scalekit.judge.pages.comparison_page import comparison_page
from scalekit.judge.pages.figures import figure_text
from tests.judge.pages import reports
from tests.judge.pages.test_plot import HOSTILE
from tests.judge.pages.test_report_page import (
    check_identities,
    check_is_self_contained,
    check_pictures,
    outline,
)


def test_a_page_is_one_file_without_scripts():
    html = comparison_html(reports.comparison())
    check_is_self_contained(html)
    check_identities(html)
    assert check_pictures(html) >= 2
    assert outline(html).tags.count("section") == 9


def test_every_section_has_content_or_says_why_not():
    nothing = {
        "differences": reports.comparison().differences.clear(),
        "disagreement": pl.DataFrame(),
        "models": pl.DataFrame(),
        "findings": {},
        "decisions": {},
        "tally": None,
    }
    page = comparison_page(reports.comparison(**nothing))
    assert len(page.sections) == 9
    assert all(section.blocks for section in page.sections)


def test_the_decision_comes_first_with_every_condition():
    text = comparison_text(reports.comparison())
    first = " ".join(text.split())
    assert "Do not promote candidate in place of production: roc_auc may fall by 0.011" in first
    assert "skill is not lower" in first


def test_every_difference_is_in_the_page():
    comparison = reports.comparison()
    html = comparison_html(comparison)
    for one in comparison.differences.iter_rows(named=True):
        sign = "+" if one["value"] > 0 else ""
        assert f"{sign}{figure_text(one['value'], 4)}<small>" in html
        assert f"[{figure_text(one['low'], 4)}, {figure_text(one['high'], 4)}]" in html
    assert html.count("✗ worse</span>") == comparison.differences.filter(verdict="worse").height


def test_several_models_have_a_picture_each():
    html = comparison_html(reports.comparison(("production", "a", "b")))
    check_identities(html)
    assert html.count(" against production</b>") == 2
    assert check_pictures(html) == 7


@pytest.mark.parametrize("name", [name.replace("\ud800", "") for name in HOSTILE])
def test_hostile_names_stay_text(name: str):
    comparison = reports.comparison((f"{name} prod", name or "unnamed"))
    check_is_self_contained(comparison_html(comparison))
    check_pictures(comparison_html(comparison))
    check_is_self_contained(comparison_snippet(comparison))
    assert "<script" not in comparison_markdown(comparison)
