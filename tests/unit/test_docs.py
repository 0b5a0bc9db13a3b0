"""The documentation runs: what it shows is what happens, and what it points to is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import markdown, reference

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")),
         *sorted((ROOT / "docs" / "decisions").glob("*.md"))]  # fmt: skip

README_DATA = """
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

Path("data/flights").mkdir(parents=True)
hours = [datetime(2013, 1, 1) + timedelta(hours=i % 24) for i in range(60)]
pl.DataFrame({
    "flight_id": range(60),
    "carrier": ["AA", "UA", "DL"] * 20,
    "origin": ["JFK", "LGA"] * 30,
    "time_hour": hours,
    "distance": [200 + i for i in range(60)],
    "arr_delay": [None if i % 10 == 0 else i % 31 for i in range(60)],
}).write_parquet("data/flights/part-0.parquet")
pl.DataFrame({
    "origin": ["JFK", "LGA"] * 12,
    "time_hour": hours[:24],
    "wind": [float(i) for i in range(24)],
}).write_csv("data/weather.csv")
pipeline = make_pipeline(
    make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["carrier", "origin"]),
        (make_pipeline(SimpleImputer(), StandardScaler()), ["distance", "hour"]),
    ),
    LogisticRegression(),
)
"""


def run_page(page: Path, folder: Path, *arguments: str, **variables: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tools.markdown", str(page), *arguments],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def has_code(page: Path) -> bool:
    return bool(markdown.code_of(page.read_text(encoding="utf-8")).strip())


@pytest.mark.parametrize(
    "page", [page for page in PAGES[1:] if has_code(page)], ids=lambda p: p.name
)
def test_a_page_runs(page, tmp_path):
    run_page(page, tmp_path)


@pytest.mark.parametrize("backend", ["auto", "polars", "pandas", "serial"])
def test_the_readme_runs_unchanged_on_every_backend(backend, tmp_path):
    (tmp_path / "first.py").write_text(README_DATA)
    run_page(ROOT / "README.md", tmp_path, "--first", "first.py", SCALEKIT_BACKEND=backend)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_commands_that_are_named_exist(page):
    text = page.read_text(encoding="utf-8")
    files = re.findall(
        r"(?<![\w/.])((?:scalekit|tests|docs|tools|benchmarks|notebooks)/[\w./*-]+)", text
    )
    made = {"docs/api"}  # by `make docs`
    named = {name.rstrip("./") for name in files} - made
    assert sorted(name for name in named if not list(ROOT.glob(name))) == []
    targets = set(re.findall(r"(?:`|^)make ([a-z]+)", text, flags=re.MULTILINE))
    defined = set(
        re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE)
    )
    assert targets <= defined


def test_the_readme_opens_with_code_and_the_two_commands():
    screen = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40])
    for part in ("import scalekit as sk", "make demo", "make test"):
        assert part in screen


def test_every_decision_is_listed():
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [record.name for record in records if f"({record.name})" not in listed] == []
    assert [record.name[:4] for record in records] == [
        f"{i:04}" for i in range(1, len(records) + 1)
    ]


def test_the_reference_has_every_method(tmp_path):
    written = {path.name: path.read_text("utf-8") for path in reference.write(tmp_path / "api")}
    assert "`Frame.filter`" in written["index.md"]
    assert "## Expr.str.contains" in written["expr.md"]
    assert "## sk.col" in written["functions.md"]
    assert "## ColumnNotFoundError" in written["errors.md"]
