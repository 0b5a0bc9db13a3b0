"""Pages of reports: every section is there or says why not, numbers are those of the frame, hostile names stay text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from scalekit.judge.pages import report_html, report_markdown, report_snippet, report_text
from scalekit.judge.pages.blocks import Picture
from scalekit.judge.pages.figures import figure_text, value_of, whole
from scalekit.judge.pages.report_page import report_page
from scalekit.judge.report import Report
from scalekit.judge.statistics import Tally
from tests.judge.pages import reports
from tests.judge.pages.test_plot import HOSTILE

SLICES = {"region": ("north", "south", "(other)"), "time:month": ("2024-01", "2024-02")}
REPORTS = {
    "binary": lambda: reports.binary(slices=SLICES, **reports.extras()),
    "multiclass": reports.multiclass,
    "many classes": lambda: reports.multiclass(30),
    "regression": reports.regression,
    "count": lambda: reports.regression(task="count"),
    "forecast": lambda: reports.regression(task="forecast"),
    "quantile": reports.quantile,
}
each_report = pytest.mark.parametrize("kind", REPORTS)

VOID = {"wbr", "meta", "br", "hr", "img", "input", "link"}


class Outline(HTMLParser):
    """Tags, their attributes, and whether each that is opened is closed in its turn."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


def outline(html: str) -> Outline:
    found = Outline()
    found.feed(html)
    found.close()
    assert not found.open
    return found


def check_is_self_contained(html: str) -> None:
    found = outline(html)
    assert not {
        "script",
        "img",
        "iframe",
        "link",
        "object",
        "embed",
        "form",
        "base",
        "foreignobject",
    } & set(found.tags)
    names = {name for name, _ in found.attributes}
    assert not [name for name in names if name.startswith("on")]
    targets = [
        value or ""
        for name, value in found.attributes
        if name in ("href", "src", "xlink:href", "action")
    ]
    assert all(target.startswith("#") for target in targets)
    assert "url(" not in html
    assert "@import" not in html
    assert len(html.encode()) < 2_000_000


def check_pictures(html: str) -> int:
    pictures = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    for picture in pictures:
        root = ElementTree.fromstring(picture)
        assert root.attrib["role"] == "img"
        title, desc = root[0], root[1]
        assert title.text
        assert desc.text
        assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {desc.attrib['id']}"
        assert "nan" not in re.sub(r">[^<]*<", "><", picture)
    return len(pictures)


def check_identities(html: str) -> None:
    found = [value for name, value in outline(html).attributes if name == "id"]
    assert len(found) == len(set(found))


@each_report
def test_a_page_is_one_file_without_scripts(kind: str):
    html = report_html(REPORTS[kind]())
    check_is_self_contained(html)
    check_identities(html)
    assert check_pictures(html) >= 1


@each_report
def test_a_page_has_ten_sections_each_with_content(kind: str):
    page = report_page(REPORTS[kind]())
    assert [section.title.partition(".")[0] for section in page.sections] == [
        str(n) for n in range(1, 11)
    ]
    assert all(section.blocks for section in page.sections)
    found = outline(report_html(REPORTS[kind]()))
    assert found.tags.count("section") == found.tags.count("h2") == 10
    assert [found.tags.count(tag) for tag in ("h1", "main", "header", "footer", "nav")] == [1] * 5


def pictures_of(report: Report) -> set[str]:
    page = report_page(report)
    return {
        block.identity
        for section in page.sections
        for block in section.blocks
        if isinstance(block, Picture)
    }


def test_which_pictures_a_binary_report_has():
    assert pictures_of(REPORTS["binary"]()) == {
        "roc", "precision-recall", "reliability", "threshold", "cost", "lift", "slice-0", "slice-1",
        "importance-bars", "learning-log-loss",
    }  # fmt: skip


def test_which_pictures_other_reports_have():
    classes = {f"reliability-{n}" for n in range(4)}
    assert pictures_of(reports.multiclass()) == {"roc", "precision-recall", "confusion", *classes}
    assert pictures_of(reports.regression()) == {"actual", "bias", "spread"}
    assert pictures_of(reports.quantile()) == {"quantiles"}


def test_errors_of_a_forecast_are_drawn_by_horizon_and_by_period():
    slices = {"horizon": ("01", "02", "12"), "time:month": ("2024-01", "2024-02")}
    found = pictures_of(reports.regression(task="forecast", slices=slices))
    assert {"by-horizon", "by-period", "actual", "bias", "spread"} <= found


def test_what_is_not_there_is_said():
    text = report_markdown(reports.regression())
    for reason in ("Not for regression", "No slices", "Not measured"):
        assert reason in text


def test_numbers_are_those_of_the_frame():
    report = REPORTS["binary"]()
    html, markdown, text = report_html(report), report_markdown(report), report_text(report)
    for figure in whole(report.results).iter_rows(named=True):
        cell = value_of(figure)
        assert float(cell.text) == pytest.approx(figure["value"], abs=0.0005)
        assert cell.text in html
        assert cell.interval in html
        assert cell.text in markdown
        assert cell.text in text


def test_figures_of_slices_are_those_of_the_frame():
    report = REPORTS["binary"]()
    html = report_html(report)
    for figure in report.results.filter(
        pl.col("slice").is_not_null(), model="boosted", metric="log_loss"
    ).to_dicts():
        assert (
            f'<td class="number">{value_of(figure).text}<small>{value_of(figure).interval}</small>'
            in html
        )


def test_the_confusion_is_of_all_rows_at_the_threshold():
    report = reports.binary(threshold=0.5)
    counts = report.tallies["test"].total("confusion")[0]
    html = report_html(report)
    assert all(f">{count:,}<small>" in html for count in counts.ravel().tolist())


@pytest.mark.parametrize(
    ("skill", "status"),
    [
        ((0.2, 0.1, 0.3), "pass"),
        ((0.02, -0.01, 0.05), "fail"),
        ((-0.2, -0.3, -0.1), "fail"),
        (None, "n/a"),
    ],
)
def test_the_verdict_is_red_where_the_interval_of_the_skill_includes_zero(skill: Any, status: str):
    page = report_page(reports.binary(skill=skill))
    assert page.sections[0].blocks[0].status == status


def test_checks_that_failed_come_first():
    text = report_text(reports.binary())
    assert "1 failed, 1 warning, 1 passed, 1 not applicable: SKL08" in " ".join(text.split())
    assert "✗ fail  SKL08 better than the baseline: skill -0.01; look at the features" in text
    whole = report_markdown(reports.binary())
    assert whole.index("| SKL08") < whole.index("| SKL05") < whole.index("| SKL01")


@pytest.mark.parametrize("name", [name.replace("\ud800", "") for name in HOSTILE])
def test_hostile_names_stay_text(name: str, tmp_path):
    models = (name or "unnamed", f"{name} linear", "dummy")
    slices = {name or "column": (name, f"{name}2")}
    report = reports.binary(
        models, (name, f"{name}1"), slices=slices, provenance={name: name, "notes": [name]}
    )
    target = tmp_path / "report.html"
    html = report_html(report, str(target))
    assert target.read_text(encoding="utf-8") == html
    check_is_self_contained(html)
    check_pictures(html)
    check_is_self_contained(report_snippet(report))
    markdown = report_markdown(report)
    assert "<script" not in markdown
    assert "<img" not in markdown
    markdown.encode()
    report_text(report).encode()


def test_a_page_does_not_grow_with_rows():
    few = reports.regression()
    counted = few.tallies["test"]
    arrays = {name: array * 1_000_000 for name, array in counted.arrays.items()}
    many = reports.regression(tallies={"test": Tally(counted.layout, counted.centre, arrays)})
    assert len(report_html(many)) < 1.2 * len(report_html(few))


def test_a_page_with_most_of_everything_is_below_two_megabytes():
    slices = {
        f"column {n}": tuple(f"level {k} of a long name" for k in range(51)) for n in range(12)
    }
    report = reports.binary(
        ("a", "production", "linear", "dummy"), slices=slices, **reports.extras()
    )
    html = report_html(report)
    check_is_self_contained(html)
    assert "levels more are in report.frame()" in html


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1e6, 1e12])
def test_any_unit_of_the_target_can_be_drawn(scale: float):
    html = report_html(reports.regression(scale))
    assert check_pictures(html) == 3


def linear_pipeline() -> Any:
    rows = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "plan": ["a", "b", "a", "b"]})
    steps = ColumnTransformer([("one", OneHotEncoder(), ["plan"])], remainder="passthrough")
    return make_pipeline(steps, LogisticRegression()).fit(rows, [0, 0, 1, 1])


def test_a_linear_model_shows_its_coefficients():
    model = linear_pipeline()
    text = report_markdown(reports.binary(model=model))
    names = ("one__plan_a", "one__plan_b", "remainder__age")
    for name, weight in zip(names, model[-1].coef_[0], strict=True):
        assert f"| {name} | {figure_text(weight)} | coefficient |" in text


@pytest.mark.parametrize("model", [None, "text", RandomForestClassifier(), LogisticRegression()])
def test_other_models_have_no_coefficients(model: Any):
    assert "the model has no coefficients" in report_markdown(reports.binary(model=model))


def test_a_target_of_which_few_are_far_off_is_drawn_whole():
    text = report_markdown(reports.skewed())
    assert f"{reports.ROWS:,} of {reports.ROWS:,} rows are within" in text
    html = report_html(reports.skewed())
    check_pictures(html)
    assert "Half of each axis is for what is near the middle" in html


def test_a_report_from_a_store_without_tallies_says_so():
    html = report_html(reports.binary(tallies={}))
    assert outline(html).tags.count("section") == 10


def test_a_snippet_has_the_verdict_and_the_metrics():
    html = report_snippet(reports.binary())
    assert outline(html).tags.count("section") == 2
    assert html.startswith("<style>")
