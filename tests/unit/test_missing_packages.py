"""With nothing but the core dependencies: what works, and which extra the rest names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HIDDEN = ("pandas", "numpy", "sklearn", "dask", "ray", "deltalake", "sqlalchemy", "obstore", "IPython",
          "adbc_driver_manager", "adbc_driver_sqlite", "adbc_driver_postgresql")  # fmt: skip

START = f"""
import sys
sys.modules.update(dict.fromkeys({HIDDEN!r}))
import scalekit as sk
from scalekit import col
frame = sk.from_dict({{"k": ["a", "b", "a"], "x": [1, 2, 3]}})
"""

WORKS = """
frame.write_parquet("p"); frame.write_csv("c.csv"); frame.write_ndjson("n.ndjson"); frame.write_ipc("i.arrow")
for found in (sk.scan_parquet("p"), sk.scan_csv("c.csv"), sk.scan_ndjson("n.ndjson"), sk.scan_ipc("i.arrow")):
    sums = found.filter(col("x") > 1).group_by("k").agg(s=col("x").sum(), n=sk.len()).sort("k")
    assert sums.collect().rows() == [("a", 3, 1), ("b", 2, 1)]
assert frame.sample(fraction=1.0, seed=1).join(frame, on="k").collect().height == 5
assert frame.to_arrow().num_rows == 3
assert "polars" in frame.explain() and frame._repr_html_() and frame.describe().height
assert frame.show_graph().svg and frame.estimate().height and frame.persist().collect().height == 3
import narwhals
assert narwhals.from_native(frame).filter(narwhals.col("x") > 1).collect().shape == (2, 2)
assert set(sk.__all__) <= set(dir(sk)) and all(getattr(sk, name) is not None for name in sk.__all__)
"""

NEEDS = {
    "frame.collect(backend='pandas')": ("pandas", "pandas"),
    "frame.to_pandas()": ("pandas", "pandas"),
    "frame.collect(backend='dask')": ("dask", "dask"),
    "sk.split(frame, key='x')": ("numpy", "ml"),
    "sk.fit(object(), frame, target='x')": ("numpy", "ml"),
    "sk.row_hash('x')": ("numpy", "ml"),
    "frame.collect(sample=0.5)": ("numpy", "ml"),
    "sk.scan_database('select 1', 'sqlite:///x.db')": ("sqlalchemy", "database"),
    "frame.write_database('t', 'sqlite:///x.db')": ("sqlalchemy", "database"),
    "sk.scan_delta('t')": ("deltalake", "delta"),
    "frame.write_delta('t')": ("deltalake", "delta"),
    "sk.scan_parquet('s3://bucket/*.parquet')": ("obstore", "cloud"),
    "frame.write_parquet('s3://bucket/a.parquet')": ("obstore", "cloud"),
    "sk.from_dask(object())": ("dask", "dask"),
    "frame.to_dask()": ("dask", "dask"),
    "sk.from_ray(object())": ("ray", "ray"),
    "frame.to_ray()": ("ray", "ray"),
}


def run(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", START + code],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_what_needs_no_more_than_the_core(tmp_path: Path) -> None:
    run(WORKS, tmp_path)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """One process tries all; a line for each."""
    attempts = "".join(
        f"try:\n    {call}\n    print('nothing raised')\n"
        "except sk.exceptions.MissingDependencyError as error:\n    print(error)\n"
        for call in NEEDS
    )
    return run(attempts, tmp_path_factory.mktemp("core")).splitlines()


@pytest.mark.parametrize("call", NEEDS)
def test_what_needs_more_names_the_extra(call: str, answers: list[str]) -> None:
    package, extra = NEEDS[call]
    answer = answers[list(NEEDS).index(call)]
    assert f"needs the package '{package}" in answer
    assert answer.endswith(f"pip install 'scalekit[{extra}]'")


def test_without_scikit_learn_alone_a_fit_names_the_extra(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["sklearn"] = None
import scalekit as sk
class Mean:
    def fit(self, X, y): return self
try:
    sk.fit(Mean(), sk.from_dict({"x": [1.0], "y": [1.0]}), target="y")
except sk.exceptions.MissingDependencyError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "needs the package 'scikit-learn'" in done.stdout
    assert "pip install 'scalekit[ml]'" in done.stdout
