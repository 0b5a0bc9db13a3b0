"""What a review would have to say twice: layers, sizes, lazy imports, documentation, tidy notebooks."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import distribution, requires
from pathlib import Path

import grimp
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scalekit.optimize import RULES
from tools import sizes

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "scalekit"
MODULES = sorted(PACKAGE.rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

each_module = pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# Layers


def test_import_contracts_are_kept():
    command = (
        "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports_command"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{command}; lint_imports_command(['--no-logo'])"],
        capture_output=True, text=True, cwd=ROOT, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_import_cycle():
    graph = grimp.build_graph("scalekit", exclude_type_checking_imports=True)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    TopologicalSorter(imports).prepare()  # raises CycleError, which names the modules


def test_brothers_are_under_an_independence_contract():
    covered = {
        module
        for contract in PROJECT["tool"]["importlinter"]["contracts"]
        if contract["type"] == "independence"
        for module in contract["modules"]
    }
    backends = {target.partition(":")[0] for target in declared_backends().values()}
    rules = {rule.__module__ for rule in RULES}
    assert covered >= backends | rules | {"scalekit.expr.functions.*"}


def declared_backends() -> dict[str, str]:
    return PROJECT["project"]["entry-points"]["scalekit.backends"]


@each_module
def test_own_modules_are_imported_at_the_top(path):
    found = [
        f"{path.name}:{node.lineno}"
        for function in ast.walk(parsed(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if any(name.split(".")[0] == "scalekit" for name in imported(node))
    ]
    assert not found, "an import inside a function means that a layer is wrong"


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


# Sizes and names


def test_sizes_are_within_the_budget(capsys):
    measured = sizes.measure()
    assert len(measured) > len(MODULES)
    with capsys.disabled():
        long = [f"{size.lines} {size.name}" for size in measured if size.is_long]
        print(f"\nlonger than the soft limit: {len(long)}" if long else "")
    assert [f"{size.lines} {size.name}" for size in measured if size.is_too_long] == []


@each_module
def test_a_module_is_named_for_what_it_does(path):
    assert path.stem not in {"utils", "util", "helpers", "common", "misc", "manager", "handler"}


def test_the_package_holds_code_only():
    listed = subprocess.run(
        ["git", "ls-files", "scalekit"], capture_output=True, text=True, cwd=ROOT, check=False
    ).stdout.split()
    others = [name for name in listed if not name.endswith(".py")]
    assert others == (["scalekit/py.typed"] if listed else [])


# What is loaded when

OPTIONAL = ("dask", "distributed", "ray", "pandas", "narwhals", "sklearn", "matplotlib", "altair",
            "plotly", "deltalake", "sqlalchemy", "fsspec", "IPython", "tqdm")  # fmt: skip

LOADED = "; import sys; print(*sorted({m.partition('.')[0] for m in sys.modules}))"


def test_importing_scalekit_loads_no_optional_package():
    loaded = set(run_python(f"import scalekit{LOADED}").split())
    assert "polars" in loaded
    assert loaded.isdisjoint(OPTIONAL)


def test_importing_scalekit_leaves_the_heavy_parts_of_pyarrow_out():
    out = run_python("import scalekit, sys; print('pyarrow.dataset' in sys.modules)")
    assert out.strip() == "False"


def test_importing_scalekit_leaves_out_what_a_local_query_does_not_need():
    out = run_python("import polars, sys; before = {*sys.modules}; import scalekit; "
                     "print(*sorted({*sys.modules} - before))")  # fmt: skip
    loaded = set(out.split())
    assert "scalekit.frame.writing" in loaded
    others = {"ssl", "http.client", "urllib.request", "concurrent.futures", "scalekit.sources.persisted",
              "scalekit.storage.committed", "scalekit.targets.writing", "scalekit.targets.files"}  # fmt: skip
    assert loaded.isdisjoint(others)


def test_reading_files_here_leaves_out_what_reads_the_web():
    out = run_python(
        "import scalekit, sys; scalekit.scan_parquet; print('urllib.request' in sys.modules)"
    )
    assert out.strip() == "False"


def test_the_polars_backend_loads_no_other():
    query = (
        "import scalekit as sk; "
        "frame = sk.from_dict({'g': ['a', 'b', 'a'], 'x': [1, 2, 3]}); "
        "frame.filter(sk.col('x') > 1).group_by('g').agg(n=sk.len()).sort('g')"
        ".collect(backend='polars')"
    )
    assert set(run_python(f"{query}{LOADED}").split()).isdisjoint(OPTIONAL)


def test_optional_packages_are_not_core_dependencies():
    core = {
        requirement.name
        for requirement in map(Requirement, requires("scalekit") or [])
        if requirement.marker is None
    }
    assert core == {"polars", "pyarrow", "narwhals"}


def test_declared_backends_exist():
    declared = declared_backends()
    for name, target in declared.items():
        module, _, attribute = target.partition(":")
        assert inspect.isclass(getattr(importlib.import_module(module), attribute)), name
    installed = distribution("scalekit").entry_points.select(group="scalekit.backends")
    assert {entry.name: entry.value for entry in installed} == declared


def test_every_extra_is_part_of_all_or_of_the_work():
    extras = PROJECT["project"]["optional-dependencies"]
    assert {"pandas", "dask", "ray", "ml", "bench", "docs", "dev", "all"} <= set(extras)
    (everything,) = (Requirement(text) for text in extras["all"])
    assert canonicalize_name(everything.name) == "scalekit"
    assert everything.extras == set(extras) - {"all", "dev", "docs", "bench", "notebook"}


# Behaviour that no module may have


OF_OTHER_PROCESSES = {
    f"scalekit/backends/ray/{name}.py" for name in ("driver", "embedded", "gangs", "work")
}
"""Run in the process that drives Ray and on its workers, which have an environment of their own."""


@each_module
def test_no_module_evaluates_text_or_changes_the_environment(path):
    elsewhere = str(path.relative_to(ROOT)) in OF_OTHER_PROCESSES
    found = [
        f"{path.name}:{node.lineno} {ast.unparse(node)[:60]}"
        for node in ast.walk(parsed(path))
        if is_evaluation(node) or (is_environment_write(node) and not elsewhere)
    ]
    assert not found


def is_evaluation(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {"eval", "exec"}


def is_environment_write(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in {
            "os.putenv", "os.unsetenv", "os.environ.update", "os.environ.setdefault",
            "os.environ.pop", "os.environ.clear",
        }  # fmt: skip
    return (
        isinstance(node, ast.Subscript)
        and ast.unparse(node.value) == "os.environ"
        and isinstance(node.ctx, ast.Store | ast.Del)
    )


# Documentation


@each_module
def test_a_module_says_what_it_is_for(path):
    assert ast.get_docstring(parsed(path)), "one sentence: what is this module responsible for?"


def test_every_public_name_exists_and_is_documented():
    scalekit = importlib.import_module("scalekit")
    assert len(scalekit.__all__) == len(set(scalekit.__all__))
    bare = [name for name in scalekit.__all__ if not inspect.getdoc(getattr(scalekit, name))]
    assert bare == []


def test_public_methods_are_documented():
    scalekit = importlib.import_module("scalekit")
    bare = [
        f"{cls.__name__}.{name}"
        for cls in (getattr(scalekit, name) for name in scalekit.__all__)
        if inspect.isclass(cls) and cls.__module__.startswith("scalekit.")
        for name, member in public_members(cls)
        if not inspect.getdoc(member)
    ]
    assert bare == []


def public_members(cls: type) -> Iterator[tuple[str, object]]:
    for name, member in inspect.getmembers(cls):
        if not name.startswith("_") and (callable(member) or isinstance(member, property)):
            yield name, member


@pytest.mark.parametrize("path", sorted(ROOT.glob("notebooks/*.ipynb")), ids=lambda p: p.name)
def test_notebooks_are_kept_without_outputs(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert [cell["outputs"] for cell in code if cell["outputs"]] == []
    assert {cell["execution_count"] for cell in code} == {None}
