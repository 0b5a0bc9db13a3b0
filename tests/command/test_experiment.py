"""Reading experiment files: what they may say, and what is said of those that say something else."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from scalekit.command.experiment.document import dotted, read_document
from scalekit.command.experiment.experiment import Experiment, read_experiment
from scalekit.command.experiment.imports import importing_from
from scalekit.config import resolve
from scalekit.errors import ConfigError, MissingDependencyError, PathNotFoundError
from tests.command.conftest import EXPERIMENT


def read(folder: Path, text: str = "", name: str = "late.toml") -> Experiment:
    if text:
        (folder / name).write_text(text)
    with importing_from(folder.resolve()):
        return read_experiment(folder / name)


def message(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return str(caught.value)


def with_model(*lines: str) -> str:
    """An experiment whose model has these lines."""
    return "\n".join(['data.function = "features:rows"', "[models.m]", *lines])


def test_an_experiment_is_read_and_nothing_is_run(folder: Path) -> None:
    found = read(folder)
    assert found.name == "late"
    assert [model.name for model in found.models] == ["logistic", "tree"]
    logistic, tree = (model.estimator for model in found.models)
    assert [name for name, _ in logistic.steps] == ["standardscaler", "model"]
    assert logistic.named_steps["model"].C == 0.5
    assert (tree.max_depth, hasattr(tree, "tree_")) == (3, False)
    frame = found.features.of(found.data.open()["all"])
    assert frame.columns == ["id", "x", "z", "late", "double", "above"]


def test_modules_beside_the_file_are_those_of_the_file_and_are_forgotten(folder: Path) -> None:
    read(folder)
    assert "features" not in sys.modules
    assert str(folder) not in sys.path
    other = folder / "other"
    other.mkdir()
    (other / "features.py").write_text("def rows(): ...\ndef mine(frame): return frame\n")
    text = EXPERIMENT.replace("features:build", "features:mine").replace(
        "parameters = { threshold = 0.5 }", ""
    )
    assert read(other, text).features.function.__name__ == "mine"


def test_nested_parameters_are_built(folder: Path) -> None:
    found = read(folder, with_model(
        "[[models.m.steps]]",
        'name = "columns"',
        'estimator = "sklearn.compose.ColumnTransformer"',
        "[models.m.steps.parameters]",
        'remainder = "drop"',
        "transformers = [",
        '  { name = "n", columns = ["x"], steps = [{ estimator = "sklearn.impute.SimpleImputer" }] },',
        '  { name = "c", columns = { estimator = "sklearn.compose.make_column_selector", parameters = { dtype_include = "bool" } }, estimator = "passthrough" },',
        '  { name = "f", columns = ["z"], estimator = "sklearn.preprocessing.FunctionTransformer", parameters = { func = { value = "numpy:log1p" } } },',
        "]",
        "[[models.m.steps]]",
        'estimator = "sklearn.ensemble.RandomForestClassifier"',
        "parameters = { max_depth = { none = true }, class_weight = { pairs = [[0, 1.0], [1, 5.0]] } }",
    ))  # fmt: skip
    steps = found.models[0].estimator.named_steps
    (n, pipeline, x), (c, word, selector), (f, function, _) = steps["columns"].transformers
    assert (n, x, c, word, f) == ("n", ["x"], "c", "passthrough", "f")
    assert type(pipeline).__name__ == "Pipeline"
    assert selector.dtype_include == "bool"
    assert function.func.__name__ == "log1p"
    forest = steps["randomforestclassifier"]
    assert forest.max_depth is None
    assert forest.class_weight == {0: 1.0, 1: 5.0}


def test_a_grid_is_every_combination_by_name(folder: Path) -> None:
    found = read(folder, with_model(
        "steps = [",
        '  { name = "s", estimator = "sklearn.preprocessing.StandardScaler" },',
        '  { name = "m", estimator = "sklearn.linear_model.LogisticRegression" },',
        "]",
        "[[models.m.grid]]",
        "m__C = [0.1, 1]",
        's = ["passthrough", { estimator = "sklearn.preprocessing.MinMaxScaler" }]',
        "[[models.m.grid]]",
        "m__fit_intercept = [false]",
    ))  # fmt: skip
    assert [model.name for model in found.models] == [
        "m:m__C=0.1,s=passthrough",
        "m:m__C=0.1,s=[1]",
        "m:m__C=1,s=passthrough",
        "m:m__C=1,s=[1]",
        "m:m__fit_intercept=false",
    ]
    assert found.models[1].estimator.named_steps["m"].C == 0.1
    assert type(found.models[1].estimator.named_steps["s"]).__name__ == "MinMaxScaler"
    assert found.models[0].estimator is not found.models[2].estimator


def test_values_that_read_the_same_have_names_of_their_own(folder: Path) -> None:
    found = read(
        folder, with_model('estimator = "sklearn.linear_model.Ridge"', "grid = { alpha = [1, 1] }")
    )
    assert [model.name for model in found.models] == ["m:alpha=1", "m:alpha=1#2"]


def test_a_function_beside_the_file_may_make_a_model(folder: Path) -> None:
    (folder / "ours.py").write_text(
        "from sklearn.linear_model import Ridge\ndef ridge(alpha=1.0): return Ridge(alpha=alpha)\n"
    )
    found = read(folder, with_model('estimator = "ours:ridge"', "parameters = { alpha = 2.0 }"))
    assert found.models[0].estimator.alpha == 2.0


def test_only_chooses_by_name_table_and_pattern(folder: Path) -> None:
    text = EXPERIMENT + "grid = { min_samples_leaf = [1, 5] }\n"
    found = read(folder, text)
    names = ["logistic", "tree:min_samples_leaf=1", "tree:min_samples_leaf=5"]
    assert [m.name for m in found.models] == names
    for patterns, kept in [
        ([], names),
        (["logistic"], names[:1]),
        (["tree"], names[1:]),
        (["*=5", "logistic"], [names[0], names[2]]),
        ([names[2]], names[2:]),
    ]:
        assert [m.name for m in found.only(patterns).models] == kept
    with pytest.raises(
        ConfigError, match=r"--only 'logistc' fits no model.*did you mean 'logistic'"
    ):
        found.only(["logistic", "logistc"])


def test_settings_of_the_file_are_those_of_a_block(folder: Path) -> None:
    found = read(folder, EXPERIMENT + '\n[settings]\nbackend = "polars"\nsample = 0.5\n')
    with found.settings(sample=0.1, backend=None) as inside:
        assert (inside.backend, inside.sample) == ("polars", 0.1)
    assert resolve().sample is None
    wrong = read(folder, EXPERIMENT + '\n[settings]\nbackent = "polars"\n')
    with pytest.raises(
        ConfigError, match=r"late.toml:\d+: settings.*'backent'.*did you mean 'backend'"
    ):
        wrong.settings()


def test_rows_come_from_files_by_their_ending(folder: Path) -> None:
    (folder / "a.csv").write_text("x,late\n1,true\n2,false\n")
    (folder / "b.tsv").write_text("x\tlate\n3\ttrue\n")
    text = EXPERIMENT.replace('function = "features:rows"', 'path = "a.csv"')
    assert read(folder, text).data.open()["all"].collect().height == 2
    text = EXPERIMENT.replace('function = "features:rows"', 'path = ["b.tsv"]')
    assert read(folder, text).data.open()["all"].collect().rows() == [(3, True)]
    text = EXPERIMENT.replace(
        'function = "features:rows"',
        'train.path = "a.csv"\ntest = { path = "b.tsv", options = { n_rows = 1 } }',
    )
    parts = read(folder, text).data.open()
    assert {name: frame.collect().height for name, frame in parts.items()} == {
        "train": 2,
        "test": 1,
    }


MODEL = 'estimator = "sklearn.linear_model.Ridge"'

WRONG = {
    "no data": ("[models.m]\n" + MODEL, r"late.toml: the table \[data\] is missing"),
    "no models": ('data.function = "features:rows"', r"the table \[models.NAME\] is missing"),
    "empty models": ('data.function = "features:rows"\nmodels = {}', r"late.toml:2: models: there is no model"),
    "unknown table": (EXPERIMENT + "[protocl]\n", r"late.toml:\d+: protocl: unknown key \(did you mean 'protocol'\?\)"),
    "models is text": ('data.function = "features:rows"\nmodels = "x"', r"models: expected a table"),
    "unknown key of a model": (with_model(MODEL, "paramters = {}"), r"late.toml:4: models.m.paramters: unknown key \(did you mean 'parameters'"),
    "a name with a line": (with_model(MODEL) + '\n[models."a\\nb"]\n' + MODEL, r"a model's name has letters"),
    "a baseline's name": ('data.function = "features:rows"\n[models.dummy]\n' + MODEL, r"late.toml:2: models.dummy: 'dummy' is the name of a baseline"),
    "no estimator": (with_model("parameters = {}"), r"late.toml:2: models.m: the key 'estimator' is missing"),
    "unknown parameter": (with_model(MODEL, "parameters = { alhpa = 1 }"), r"late.toml:4: models.m.parameters.alhpa: unknown parameter of Ridge \(did you mean 'alpha'\?\); known: alpha, "),
    "value out of range": (with_model(MODEL, "parameters = { alpha = -1.0 }"), r"late.toml:2: models.m: The 'alpha' parameter of Ridge must be a float in the range"),
    "value out of range in a step": (with_model('steps = [{ name = "r", estimator = "sklearn.linear_model.Ridge", parameters = { alpha = "x" } }]'), r"models.m: r: The 'alpha' parameter"),
    "unknown class": (with_model('estimator = "sklearn.linear_model.Rigde"'), r"models.m.estimator: module 'sklearn.linear_model' has no 'Rigde' \(did you mean 'Ridge'\?\)"),
    "unknown module": (with_model('estimator = "sklearn.linear_modle.Ridge"'), r"no module 'sklearn.linear_modle'.*did you mean sklearn.linear_model\?"),
    "unknown package": (with_model('estimator = "featurse:Ridge"'), r"no module 'featurse' \(did you mean 'features'\?\); the experiment's folder has features"),
    "no name": (with_model('estimator = "Ridge"'), r"'Ridge' is no name of an object: write 'module:name'"),
    "a path": (with_model('estimator = "../evil:Ridge"'), r"is no name of an object"),
    "code": (with_model("estimator = \"__import__('os').system('echo hi')\""), r"is no name of an object"),
    "dunder": (with_model('estimator = "features:rows.__globals__"'), r"is an object|is \{"),
    "a function of Python": (with_model('estimator = "os.system"', 'parameters = { command = "touch pwned" }'), r"os.system is a function of another module"),
    "a class of Python": (with_model('estimator = "subprocess.Popen"', 'parameters = { args = "true" }'), r"subprocess.Popen is a class without any of fit"),
    "a nested function of Python": (with_model(MODEL, 'parameters = { solver = { estimator = "os.system", parameters = { command = "true" } } }'), r"models.m.parameters.solver.estimator: os.system is a function"),
    "a module": (with_model('estimator = "sklearn.linear_model"'), r"is a module"),
    "a constant": (with_model('estimator = "features:constant"'), r"features:constant is 3: give a class"),
    "no fit": (with_model('estimator = "sklearn.model_selection.KFold"'), r"KFold has no fit\(\)"),
    "estimator and steps": (with_model(MODEL, "steps = []"), r"not both"),
    "no steps": (with_model("steps = []"), r"models.m.steps: expected a list of tables"),
    "steps of one name": (with_model("steps = [{ " + MODEL + " }, { " + MODEL + " }]"), r"models.m.steps\[1\]: a second step 'ridge'"),
    "a step with underscores": (with_model('steps = [{ name = "a__b", ' + MODEL + " }]"), r"steps\[0\].name: 'a__b' holds two underscores"),
    "none is false": (with_model(MODEL, "parameters = { alpha = { none = false } }"), r"alpha.none: expected true"),
    "pairs": (with_model(MODEL, "parameters = { alpha = { pairs = [[1]] } }"), r"alpha.pairs: expected a list of lists of two"),
    "pairs of lists": (with_model(MODEL, "parameters = { alpha = { pairs = [[[1], 2]] } }"), r"alpha.pairs: expected keys"),
    "grid of a number": (with_model(MODEL, "grid = { alpha = 1.0 }"), r"grid.alpha: expected a list of values, got 1.0"),
    "empty grid": (with_model(MODEL, "grid = {}"), r"models.m.grid: expected a table of lists"),
    "grid of nothing": (with_model(MODEL, "grid = { alpha = [] }"), r"grid.alpha: expected a list of values"),
    "unknown grid": (with_model(MODEL, "grid = { alhpa = [1.0] }"), r"grid.alhpa: unknown parameter of the model \(did you mean 'alpha'"),
    "grid out of range": (with_model(MODEL, "grid = { alpha = [1.0, -1.0] }"), r"'alpha' parameter of Ridge"),
    "grid without end": (with_model(MODEL, f"grid = {{ alpha = {list(range(1, 100))}, tol = {[x / 100 for x in range(1, 100)]} }}"), r"more than 200 combinations"),
    "features that are numbers": (with_model(MODEL, "features = [1]"), r"models.m.features: expected text, or a list of texts, got \[1\]"),
    "path and function": (EXPERIMENT.replace("[data]", '[data]\npath = "x.csv"'), r"data.path: expected either path"),
    "neither": (EXPERIMENT.replace('function = "features:rows"', ""), r"data: expected the key path"),
    "unknown format": (EXPERIMENT.replace('function = "features:rows"', 'path = "x"\nformat = "parket"'), r"data.format: unknown value 'parket' \(did you mean 'parquet'\?\); known: parquet, csv"),
    "no ending": (EXPERIMENT.replace('function = "features:rows"', 'path = "x"'), r"data.path: the ending does not say what it is"),
    "mixed endings": (EXPERIMENT.replace('function = "features:rows"', 'path = ["a.csv", "b.parquet"]'), r"the ending does not say"),
    "unknown option": (EXPERIMENT.replace('function = "features:rows"', 'path = "x.csv"\noptions = { seperator = ";" }'), r"data.options.seperator: unknown option of csv \(did you mean 'separator'"),
    "options of a function": (EXPERIMENT.replace("[data]", "[data]\noptions = {}"), r"data.options: is for files"),
    "parameters of files": (EXPERIMENT.replace('function = "features:rows"', 'path = "x.csv"\nparameters = {}'), r"data.parameters: is for a function"),
    "train without test": (EXPERIMENT.replace('function = "features:rows"', 'train.path = "x.csv"'), r"\[data.test\] is missing"),
    "whole and train": (EXPERIMENT.replace("[data]", '[data]\ntrain.path = "x.csv"'), r"data.function: rows for all splits, and \[data.train\] too"),
    "an unknown split": (EXPERIMENT.replace('function = "features:rows"', 'trian.path = "x.csv"'), r"data.trian: unknown key \(did you mean 'train'"),
    "no such function": (EXPERIMENT.replace("features:build", "features:biuld"), r"features.function: module 'features' has no 'biuld' \(did you mean 'build'\?\)"),
    "a constant as function": (EXPERIMENT.replace("features:build", "features:constant"), r"features:constant is no function"),
    "unknown argument": (EXPERIMENT.replace("threshold", "treshold"), r"features.parameters: features:build\(frame, threshold=0.0\): got an unexpected keyword argument 'treshold'"),
    "too few arguments": (EXPERIMENT.replace('function = "features:rows"', 'function = "features:build"'), r"data.function: features:build\(frame, threshold=0.0\): missing a required argument: 'frame'"),
    "name is a number": ("name = 3\n" + with_model(MODEL), r"late.toml:1: name: expected text that is not empty, got 3"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_by_file_key_and_way_out(case: str, folder: Path) -> None:
    text, expected = WRONG[case]
    found = message(folder, text)
    assert re.search(expected, found), found
    assert found.startswith("late.toml")
    assert not (folder / "pwned").exists()


def test_a_function_that_gives_no_frame_is_told(folder: Path) -> None:
    found = read(
        folder,
        EXPERIMENT.replace("features:build", "features:not_a_frame").replace(
            "parameters = { threshold = 0.5 }", ""
        ),
    )
    with pytest.raises(
        ConfigError, match=r"late.toml:\d+: features.function: it gave int: .* return the Frame"
    ):
        found.features.of(found.data.open()["all"])
    found = read(folder, EXPERIMENT.replace("features:rows", "platform:node"))
    with pytest.raises(ConfigError, match=r"data.function: it gave str"):
        found.data.open()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[data\n", r"late.toml is not valid TOML: .*line 1"),
        (b"a = 1\na = 2\n", r"not valid TOML"),
        (b"\xff\xfe\x00", r"not text in UTF-8"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, r"nests its tables too deeply|not valid TOML"),
        (b"# " + b"x" * (1 << 20), r"more than 1 MiB"),
        (b"", r"the table \[data\] is missing"),
        (b"a = 1\n\x00", r"not valid TOML"),
    ],
    ids=["torn", "twice", "bytes", "deep", "large", "empty", "zero"],
)
def test_files_that_are_no_experiments_are_refused(
    content: bytes, expected: str, folder: Path
) -> None:
    (folder / "late.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=expected):
        read(folder)


def test_tables_within_tables_end_somewhere(folder: Path) -> None:
    value = "1"
    for _ in range(60):
        value = f"{{ a = {value} }}"
    assert "tables within each other" in message(
        folder, with_model(MODEL, f"parameters = {{ alpha = {value} }}")
    )
    value = "1"
    for _ in range(60):
        value = f"[{value}]"
    assert "tables within each other" in message(
        folder, with_model(MODEL, f"parameters = {{ alpha = {value} }}")
    )


def test_a_missing_file_names_those_that_are_there(folder: Path) -> None:
    with pytest.raises(
        PathNotFoundError, match=r"no experiment file 'lat.toml'; there is late.toml"
    ):
        read_document("lat.toml")
    with pytest.raises(ConfigError, match="is no file"):
        read_document(folder)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("import scalekit\nraise KeyError('x')\n", r"importing 'broken' failed: KeyError: 'x' \(broken.py:2\)"),
        ("def f(:\n", r"importing 'broken' failed: SyntaxError: .*broken.py, line 1"),
        ("import sys\nsys.exit(0)\n", r"importing 'broken' failed: SystemExit: 0 \(broken.py:2\)"),
        ("import no_such_package_here\n", r"importing 'broken' failed: ModuleNotFoundError: No module named 'no_such_package_here' \(broken.py:1\)"),
    ],
    ids=["raises", "syntax", "exits", "imports"],
)  # fmt: skip
def test_a_module_that_does_not_load_is_told_with_its_line(
    content: str, expected: str, folder: Path
) -> None:
    (folder / "broken.py").write_text(content)
    found = message(folder, EXPERIMENT.replace("features:build", "broken:build"))
    assert re.search(expected, found), found


def test_a_module_with_the_name_of_a_loaded_one_is_refused(folder: Path) -> None:
    (folder / "json.py").write_text("def build(frame): return frame\n")
    found = message(folder, EXPERIMENT.replace("features:build", "json:build"))
    assert "json.py has the name of a module of Python or of a package, 'json': rename it" in found


def test_a_package_that_an_extra_brings_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(
        MissingDependencyError, match=r"models.m.estimator needs .*scalekit\[lightgbm\]"
    ):
        read(folder, with_model('estimator = "lightgbm.LGBMClassifier"'))


def test_lines_are_found_in_files_of_every_notation(folder: Path) -> None:
    (folder / "x.toml").write_text(
        'a = """\n[not.a.table]\nb = 1\n"""\n"quoted key" = 1\nc.d = [\n  1,\n  2,\n]\n'
        "[t] # comment\nx = { y = 1 }\n[[items]]\nn = 1\n[[items]]\nn = 2\n[items.deep]\nz = 3\n"
    )
    document = read_document(folder / "x.toml")
    for path, line in [
        (("a",), 1), (("quoted key",), 5), (("c",), 6), (("c", "d"), 6), (("c", "d", 1), 6), (("t",), 10), (("t", "x"), 11),
        (("t", "x", "y"), 11), (("items", 0), 12), (("items", 0, "n"), 13), (("items", 1, "n"), 15), (("items", 1, "deep", "z"), 17),
    ]:  # fmt: skip
        assert document.where(path) == f"x.toml:{line}: {dotted(path)}"
    assert document.where(("nowhere",)) == "x.toml: nowhere"
    assert document.where(("not",)) == "x.toml: not"
