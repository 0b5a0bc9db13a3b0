"""The page of the command line says what the command line does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scalekit.command.arguments import COMMANDS
from scalekit.command.exits import Exit
from scalekit.command.experiment.data import FORMATS
from scalekit.command.experiment.experiment import SECTIONS, read_experiment
from scalekit.command.experiment.imports import importing_from
from tests.command.ran import ROOT

PAGE = (ROOT / "docs" / "command.md").read_text(encoding="utf-8")
FEATURES = "def features(frame): return frame\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_the_experiment_of_the_page_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = blocks("toml")
    (tmp_path / "experiment.toml").write_text(text)
    (tmp_path / "late_flights.py").write_text(FEATURES)
    with importing_from(tmp_path):
        found = read_experiment(tmp_path / "experiment.toml").only(["trees"])
    assert len(found.models) == 4
    assert "trees:max_depth=4,min_samples_leaf=1" in [model.name for model in found.models]


def test_every_command_option_and_exit_code_is_there() -> None:
    named = set(re.findall(r"scalekit ([a-z]+)", PAGE))
    assert set(COMMANDS) <= named
    for code in Exit:
        assert f"| {int(code)} |" in PAGE
    for table in SECTIONS[2:]:
        assert f"`[{table}" in PAGE
    for name in FORMATS:
        assert f"`{name}`" in PAGE


def test_commands_of_the_page_can_be_typed() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    for line in lines:
        found = re.match(r"scalekit ([a-z]+)", line)
        assert found is not None
        assert found[1] in COMMANDS
