"""The page of findings says what the table of checks says."""

from __future__ import annotations

import re
from pathlib import Path

from scalekit.judge.findings import FINDINGS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "findings.md"


def test_codes_and_rates_are_those_of_the_table():
    rows = re.findall(r"^\| (SKL\d\d) \|.*\| ([\d.]+) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    assert [(code, float(rate)) for code, rate in rows] == [
        (one.code, one.rate) for one in FINDINGS
    ]
