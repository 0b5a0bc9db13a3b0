"""What an editor or a notebook knows of a name before it is called: completion, documentation, types."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.core.completer import IPCompleter, provisionalcompleter
from IPython.core.oinspect import Inspector

import scalekit as sk

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import polars as pl
import scalekit as sk
from scalekit import col
from sklearn.linear_model import LinearRegression  # type: ignore[import-untyped]

flights = sk.scan_parquet("data/*.parquet")
weather = sk.scan_csv("weather.csv", try_parse_dates=True)
features = (
    flights.filter(col("delay").is_not_null(), col("x") > 1)
    .join(weather, on=["origin", "hour"], how="left")
    .with_columns(late=col("delay") > 15, hour=col("time").dt.hour(), name=col("s").str.to_uppercase())
    .with_columns((1 + col("a")).alias("b"), sk.lit(3), "c", up=sk.when(col("x") > 1).then(1).otherwise(2))
    .sort("a", descending=True)
    .head(3)
)
by_carrier = features.group_by("carrier").agg(n=sk.len(), mean=col("late").mean())
train, valid, test = sk.split(features, key="id")
model = sk.fit(LinearRegression(), train, target="y")
for batch in features.collect_batches():
    reveal_type(batch)
with sk.config(backend="pandas") as settings:
    reveal_type(settings)
reveal_type(flights)
reveal_type(weather)
reveal_type(features)
reveal_type(by_carrier)
reveal_type(train)
reveal_type(sk.predict(model, test))
reveal_type(sk.concat([features, by_carrier]))
reveal_type(by_carrier.collect(backend="pandas"))
reveal_type(by_carrier.columns)
reveal_type(by_carrier.schema)
reveal_type(col("x").str.contains("a"))
reveal_type(1 + col("x").dt.year())
reveal_type(col("x").list.len() == 1)
reveal_type(col("x").sum().over("k", order_by="o"))
reveal_type(sk.selectors.numeric())
reveal_type(sk.row_hash("x"))
features.filtr()
col("x").str.containz("a")
features.fillna(0)
features["x"]
features["x"] = 1
features.group_by("x")["y"]
col("x").isin([1])
col("x").map(len)
for row in features:
    pass
"""


@pytest.mark.slow
def test_a_type_checker_knows_what_a_notebook_uses(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        str(tmp_path / "cache"),
        "script.py",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False,
        env={"MYPYPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip
    revealed = re.findall(r'Revealed type is "([\w.]+\[?[\w.]*\]?)"', done.stdout)
    assert [kind.rpartition(".")[2] if "[" not in kind else kind for kind in revealed] == [
        "DataFrame", "Config", *["Frame"] * 7, "DataFrame", "list[str]", "Schema", *["Expr"] * 4, "Selector", "Expr",
    ]  # fmt: skip
    errors = [
        line.partition("error: ")[2] for line in done.stdout.splitlines() if ": error:" in line
    ]
    assert errors == [
        '"Frame" has no attribute "filtr"  [attr-defined]',
        '"StringNamespace" has no attribute "containz"  [attr-defined]',
        '"Frame" has no attribute "fillna"  [attr-defined]',
        'Value of type "Frame" is not indexable  [index]',
        'Unsupported target for indexed assignment ("Frame")  [index]',
        'Value of type "GroupBy[Frame]" is not indexable  [index]',
        '"Expr" has no attribute "isin"  [attr-defined]',
        '"MapNamespace" not callable  [operator]',
        '"Frame" has no attribute "__iter__" (not iterable)  [attr-defined]',
    ]


NAMES = {"sk": sk, "frame": sk.from_dict({"x": [1]})}


@pytest.mark.parametrize("jedi", [True, False])
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("sk.scan_", {"scan_csv", "scan_database", "scan_delta", "scan_ipc", "scan_ndjson", "scan_parquet"}),
        ("sk.sp", {"split"}),
        ("sk.fi", {"field", "first", "fit"}),
        ("sk.selectors.nu", {"numeric"}),
        ("frame.gr", {"group_by", "group_by_dynamic"}),
    ],
)  # fmt: skip
def test_names_are_completed(typed: str, found: set[str], jedi: bool) -> None:
    completer = IPCompleter(namespace=NAMES, use_jedi=jedi)
    with provisionalcompleter():
        given = {c.text.lstrip(".") for c in completer.completions(typed, len(typed))}
    assert given == found


def test_only_what_is_public_is_listed() -> None:
    assert {name for name in dir(sk) if not name.startswith("_")} == set(sk.__all__)
    assert dict(inspect.getmembers(sk)).keys() >= set(sk.__all__)


@pytest.mark.parametrize("name", ["sk.scan_parquet", "sk.fit", "sk.Frame.join", "frame.filter"])
def test_a_question_mark_shows_signature_and_documentation(name: str) -> None:
    info = Inspector(theme_name="nocolor").info(eval(name, dict(NAMES)), name)
    assert info["found"]
    assert info["definition"].startswith(f"{name}(")
    assert "Examples" in info["docstring"]
