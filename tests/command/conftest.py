"""What tests of the command have: a folder with rows, features and an experiment file, and two ways to run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scalekit.command.main import main
from tests.command.ran import ROOT, Ended, Run

FEATURES = """
import scalekit as sk

def build(frame, threshold=0.0):
    return frame.with_columns(double=sk.col("x") * 2, above=sk.col("x") > threshold)

def not_a_frame(frame):
    return 1

def rows(n=4000):
    import random
    numbers = random.Random(7)
    x = [numbers.gauss(0, 1) for _ in range(n)]
    late = [value + numbers.gauss(0, 1) > 1 for value in x]
    return sk.from_dict({"id": list(range(n)), "x": x, "z": [numbers.gauss(0, 1) for _ in range(n)], "late": late})

constant = 3
"""

EXPERIMENT = """
name = "late"

[data]
function = "features:rows"

[features]
function = "features:build"
parameters = { threshold = 0.5 }

[protocol]
task = "binary"
target = "late"
key = ["id"]

[models.logistic]
steps = [
    { estimator = "sklearn.preprocessing.StandardScaler" },
    { name = "model", estimator = "sklearn.linear_model.LogisticRegression", parameters = { C = 0.5 } },
]

[models.tree]
estimator = "sklearn.tree.DecisionTreeClassifier"
parameters = { max_depth = 3, random_state = 0 }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An experiment in the working directory."""
    (tmp_path / "features.py").write_text(FEATURES)
    (tmp_path / "late.toml").write_text(EXPERIMENT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process."""

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        written = capsys.readouterr()
        return Ended(code, written.out, written.err)

    return run


@pytest.fixture
def process() -> Run:
    """Run the command as a process of its own."""

    def run(*arguments: object, **variables: str) -> Ended:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **variables}
        done = subprocess.run(
            [sys.executable, "-m", "scalekit", *map(str, arguments)],
            env=environment, capture_output=True, text=True, timeout=110, check=False,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    return run
