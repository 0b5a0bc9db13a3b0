"""The protocol as a value: what each key accepts, its defaults, its id and its forms in files."""

from __future__ import annotations

import builtins
import json
import pickle
import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import scalekit as sk
from scalekit.errors import ConfigError, MissingDependencyError, PathNotFoundError
from scalekit.judge.metrics import default_metrics
from scalekit.judge.protocol.canonical import yaml_text
from scalekit.judge.protocol.names import WINDOW
from scalekit.judge.protocol.protocol import KEYS, Protocol
from scalekit.judge.protocol.split import Intervals, Split
from scalekit.judge.protocol.tasks import TASKS

MINIMAL: dict[str, dict[str, Any]] = {
    "binary": {},
    "multiclass": {},
    "regression": {},
    "count": {},
    "quantile": {"quantiles": [0.9, 0.1]},
    "forecast": {"time": "month", "horizon": 3},
}

TEAM = """
# LEARN section 4.1
task: binary
target: churned
key: [customer_id, month]
group: customer_id
time: month
split: {kind: hash, train: .70, valid: .15, test: .15, salt: v1}
primary: log_loss
guards: {roc_auc: -0.005, ece: +0.01, "slice:region": -0.01}
baselines: [dummy, linear, production]
ci: {level: .95, blocks: 200, unit: group}
slices: [region, plan, time:month]
"""


def made(**keywords: Any) -> Protocol:
    task = keywords.pop("task", "binary")
    return Protocol(**{"task": task, "target": "y", **MINIMAL.get(task, {}), **keywords})


def test_the_tasks_here_are_all_there_are() -> None:
    assert set(MINIMAL) == set(TASKS)


# --------------------------------------------------------------------------------------- defaults


@pytest.mark.parametrize("task", TASKS)
def test_every_default_of_a_task_has_its_value(task: str) -> None:
    protocol = made(task=task, key="id")
    assert protocol.metrics == default_metrics(task)
    assert protocol.primary == default_metrics(task)[0]
    assert protocol.baselines == (("last_value",) if task == "forecast" else ("dummy", "linear"))
    assert protocol.split.kind == ("time" if task == "forecast" else "hash")
    assert protocol.ci == Intervals(0.95, 200, "row")


@pytest.mark.parametrize(
    ("keywords", "kind", "unit"),
    [
        ({}, "given", "row"),
        ({"key": "id"}, "hash", "row"),
        ({"group": "g"}, "hash", "group"),
        ({"key": "id", "time": "t"}, "time", "row"),
        ({"group": "g", "time": "t"}, "time", "group"),
        ({"group": "g", "time": "t", "split": "hash"}, "hash", "group"),
        ({"group": "g", "ci": {"unit": "row"}}, "hash", "row"),
    ],
)
def test_the_split_and_the_unit_follow_from_the_columns(
    keywords: dict[str, Any], kind: str, unit: str
) -> None:
    protocol = made(**keywords)
    assert (protocol.split.kind, protocol.ci.unit) == (kind, unit)


def test_one_name_is_a_list_of_one() -> None:
    protocol = made(key="id", group="g", slices="region", metrics="roc_auc", baselines="dummy")
    assert (protocol.key, protocol.group, protocol.slices) == (("id",), ("g",), ("region",))
    assert protocol.metrics == ("log_loss", "roc_auc")  # the primary one is always among them
    assert protocol.baselines == ("dummy",)
    assert protocol.unit == ("g",)


def test_a_seasonal_forecast_has_a_seasonal_baseline() -> None:
    assert made(task="forecast", season=12).baselines == ("last_value", "seasonal_naive")
    assert made(task="forecast").with_(season=12).baselines == ("last_value", "seasonal_naive")


def test_quantiles_are_sorted() -> None:
    assert made(task="quantile").quantiles == (0.1, 0.9)


def test_blocks_are_groups_or_keys_and_of_forecasts_series_in_a_window() -> None:
    assert made(key="id").block == ("id",)
    assert made(key="id", group="g").block == ("g",)
    assert made(key="id", group="g", ci={"unit": "row"}).block == ("id",)
    assert made(task="forecast", series=["store", "item"]).block == ("store", "item", WINDOW)
    assert made(task="forecast", series="store", group="store").block == ("store",)


# ---------------------------------------------------------------------------------------- changes


def test_what_followed_from_others_follows_the_new_ones() -> None:
    protocol = made(key="id")
    assert protocol.with_(time="t").split.kind == "time"
    assert protocol.with_(group="g").ci.unit == "group"
    assert protocol.with_(task="regression").primary == "rmse"
    assert protocol.with_() == protocol


def test_what_was_chosen_stays() -> None:
    protocol = made(key="id", time="t", split="hash", primary="brier", ci={"blocks": 50})
    changed = protocol.with_(slices="region", split={"salt": "v2"}, ci={"level": 0.9})
    assert changed.split == Split("hash", salt="v2")
    assert changed.ci == Intervals(0.9, 50, "row")
    assert changed.primary == "brier"
    assert protocol.with_(split="time").split.kind == "time"


def test_a_change_of_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"unknown key 'tagret': did you mean 'target'\?"):
        made().with_(tagret="z")


# --------------------------------------------------------------------------------------------- id


def test_the_id_is_that_of_the_meaning() -> None:
    protocol = made(key="id", slices=["a", "b"], metrics=["roc_auc", "brier"])
    alike = [
        protocol.with_(name="churn"),
        protocol.with_(slices=["b", "a"]),
        protocol.with_(metrics=["brier", "roc_auc"]),
        protocol.with_(split=Split(kind="hash", train=0.7)),
        protocol.with_(split={"salt": "v1"}),
        pickle.loads(pickle.dumps(protocol)),
        Protocol.from_dict(protocol.to_dict()),
    ]
    assert {other.id for other in alike} == {protocol.id}
    assert len({hash(other) for other in alike}) == 1


def test_every_key_but_the_name_is_part_of_the_id() -> None:
    plain = made(task="forecast", key="id", slices=["a"])
    changes: dict[str, Any] = {
        "target": "z", "key": ["id", "b"], "group": "g", "time": "t", "primary": "wape",
        "split": {"test": 0.2, "train": 0.65}, "metrics": ["mase"], "guards": {"wape": 0.1},
        "baselines": ["dummy"], "ci": {"level": 0.9}, "slices": ["b"], "weight": "w",
        "season": 12, "horizon": 4, "series": "s", "period": "1mo",
    }  # fmt: skip
    ids = {key: plain.with_(**{key: value}).id for key, value in changes.items()}
    ids["task"], ids["positive"] = made(key="id").id, made(key="id", positive=1).id
    ids["quantiles"] = made(task="quantile").id
    assert set(ids) | {"name"} == set(KEYS)
    assert len({plain.id, *ids.values()}) == len(KEYS)
    nested = [
        {"split": {"kind": "given"}}, {"split": {"salt": "v2"}}, {"split": {"gap": "1mo"}},
        {"split": {"folds": 3}}, {"ci": {"blocks": 100}},
        {"split": {"valid_from": "2024-01-01", "test_from": "2024-02-01"}},
    ]  # fmt: skip
    assert len({plain.id, *(plain.with_(**change).id for change in nested)}) == 1 + len(nested)


def test_the_order_of_a_key_is_part_of_the_id_because_the_hash_depends_on_it() -> None:
    assert made(key=["a", "b"]).id != made(key=["b", "a"]).id


def test_ids_never_change() -> None:
    """Runs of years ago are compared with those of today; change VERSION where a meaning changes."""
    assert made(key="id", metrics="log_loss").id == "2cefaed42e5e0d2a"
    forecast = made(task="forecast", series="store", season=12, metrics="mase")
    assert forecast.id == "c6c6eb8feaff2796"


def test_times_have_one_form() -> None:
    def starts(valid: Any, test: Any) -> Split:
        return made(time="t", split={"valid_from": valid, "test_from": test}).split

    expected = starts("2024-03-01", "2024-05-01T06:00:00")
    assert starts(date(2024, 3, 1), datetime(2024, 5, 1, 6)) == expected
    assert starts(datetime(2024, 3, 1), "2024-05-01 06:00") == expected
    assert starts(5, 7.5).test_from == 7.5
    assert Split(gap=timedelta(days=2, hours=1)).gap == "2d3600s"
    assert Split(gap=timedelta(0)).gap == "0d"


# ------------------------------------------------------------------------------------------ files


def test_the_protocol_of_the_specification_is_read(tmp_path: Path) -> None:
    path = tmp_path / "protocol.yaml"
    path.write_text(TEAM, encoding="utf-8")
    protocol = sk.Protocol.from_file(path)
    assert protocol.key == ("customer_id", "month")
    assert protocol.guards == {"roc_auc": -0.005, "ece": 0.01, "slice:region": -0.01}
    assert protocol.split.kind == "hash"
    assert protocol.baselines == ("dummy", "linear", "production")


FULL = made(
    task="forecast", target="sales: all", key=["yes", "id"], group="g", time="month", weight="w", period="1mo",
    split={"gap": "1mo", "valid_from": "2024-01-01", "test_from": date(2024, 4, 1), "salt": 2},
    guards={"wape": 1e-7, "slice:region": -0.01}, slices=["region", "time:month"], season=12,
    ci={"level": 0.9}, series=["store", "Größe 😀"], name='a "name"\tétrange: #1 \x7f',
)  # fmt: skip


@pytest.mark.parametrize("protocol", [FULL, made(positive="no"), made(positive=True)], ids=repr)
def test_yaml_is_read_back_as_it_was(protocol: Protocol, tmp_path: Path) -> None:
    path = tmp_path / "protocol.yml"
    path.write_text(protocol.to_yaml(), encoding="utf-8")
    again = Protocol.from_file(path)
    assert again == protocol
    assert again.id == protocol.id


def test_json_is_read_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "protocol.json"
    path.write_text(json.dumps(FULL.to_dict()), encoding="utf-8")
    assert Protocol.from_file(str(path)) == FULL


def test_toml_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "protocol.toml"
    path.write_text(
        'task = "binary"\ntarget = "y"\nkey = "id"\n[split]\nkind = "time"\nvalid_from = 2024-01-01\n'
        "test_from = 2024-02-01\n[guards]\nece = 0.01\n[ci]\nlevel = 0.9\n",
        encoding="utf-8",
    )
    with pytest.raises(
        ConfigError, match=r"protocol.toml: split.kind='time': the protocol names no"
    ):
        Protocol.from_file(path)
    path.write_text('time = "t"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert Protocol.from_file(path).split.test_from == "2024-02-01"


def test_numbers_in_yaml_are_numbers_for_readers_of_version_1_1() -> None:
    text = yaml_text({"a": 1e-07, "b": 1e22, "c": 0.1, "d": 3})
    assert text == "a: 1.0e-07\nb: 1.0e+22\nc: 0.1\nd: 3\n"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("p.yaml", "task: binary\ntarget: y\ntask: count\n", "line 3: the key 'task' stands there twice"),
        ("p.yaml", "task: binary\nsplit: {salt: a, salt: b}\n", "line 2: the key 'salt'"),
        ("p.json", '{"task": "binary", "task": "count"}', "the key 'task' stands there twice"),
        ("p.toml", 'task = "binary"\ntask = "count"', "Cannot overwrite a value"),
        ("p.yaml", "task: !!python/object/apply:os.system [echo]\n", "not readable as YAML"),
        ("p.yaml", "task: [binary\n", "not readable as YAML"),
        ("p.json", "{", "Expecting property name"),
        ("p.yaml", "- binary\n", "keys and values, such as 'task: binary', not list"),
        ("p.yaml", "", "keys and values"),
        ("p.yaml", "task: &a [*a]\ntarget: y\n", "task="),
        ("p.yaml", "1: 2\n", "unknown key 1"),
        ("p.yaml", "? [a]\n: 2\n", "not readable as YAML"),
        ("p.yaml", "target: y\n", "the key 'task' is missing, one of 'binary'"),
        ("p.yaml", "task: binary\n", "the key 'target' is missing"),
        ("p.yaml", "task: binary\ntarget: no\n", "target=False: the name of a column; write it in quotes"),
        ("p.yaml", "task: binary\ntarget: y\nkey: [on]\n", r"key\[0\]=True"),
        ("p.yaml", "task: binary\ntarget: y\nsplit: {kin: hash}\n", "unknown key 'split.kin': did you mean 'kind'"),
        ("p.yaml", "task: binary\ntarget: y\nslice: [a]\n", "unknown key 'slice': did you mean 'slices'"),
        ("p.txt", "task: binary\n", "ends in .yaml, .yml, .toml, .json"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_named_with_what_is_wrong(
    name: str, text: str, says: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=says) as caught:
        Protocol.from_file(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 1_000


def test_a_file_of_exploding_aliases_has_a_short_message(tmp_path: Path) -> None:
    layers = [f"&a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    text = f"task: binary\nslices: [&a0 [x, x], {', '.join(layers)}]\ntarget: *a11\n"
    path = tmp_path / "p.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Protocol.from_file(path)
    assert len(str(caught.value)) < 1_000


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "protocol.yaml").write_text(TEAM, encoding="utf-8")
    with pytest.raises(PathNotFoundError, match=r"in the same folder: protocol.yaml"):
        Protocol.from_file(tmp_path / "protocl.yaml")
    with pytest.raises(PathNotFoundError, match="there is no folder"):
        Protocol.from_file(tmp_path / "missing" / "protocol.yaml")


def test_without_pyyaml_the_extra_is_named_and_toml_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "yaml":
            raise ImportError(name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    path = tmp_path / "p.yaml"
    path.write_text(TEAM, encoding="utf-8")
    with pytest.raises(MissingDependencyError, match=r"pip install 'scalekit\[ml\]'"):
        Protocol.from_file(path)
    other = tmp_path / "p.toml"
    other.write_text('task = "binary"\ntarget = "y"\n', encoding="utf-8")
    assert Protocol.from_file(other).task == "binary"
    assert tomllib.loads(other.read_text(encoding="utf-8"))["target"] == "y"


# ----------------------------------------------------------------------------------- wrong values


@pytest.mark.parametrize(
    ("keywords", "says"),
    [
        ({"task": "binry"}, r"task='binry': did you mean 'binary'\? one of 'binary', 'multiclass'"),
        ({"target": 3}, "target=3: the name of a column"),
        ({"key": 3}, "key=3: a name, or a list of names"),
        ({"key": ["a", "a"]}, "'a' stands there twice"),
        ({"key": ["a", ""]}, r"key\[1\]=''"),
        ({"group": {"a": 1}}, "group="),
        ({"time": ["t"]}, "time="),
        ({"split": "hsh"}, r"split.kind='hsh': did you mean 'hash'\? one of 'hash', 'time', 'given'"),
        ({"split": 0.2}, "split=0.2: a mapping with some of the keys kind, train"),
        ({"split": {"train": 0.9}}, "shares sum to 1, not 1.2"),
        ({"split": {"train": 1}}, "split.train=1: a share between 0 and 1"),
        ({"split": {"test": "15%"}}, "split.test='15%'"),
        ({"split": {"salt": 1.5}}, "split.salt=1.5"),
        ({"split": {"gap": "one month"}, "time": "t"}, "split.gap='one month': a length of time such as '7d'"),
        ({"split": {"gap": -1}, "time": "t"}, "split.gap=-1"),
        ({"split": {"gap": timedelta(-1)}, "time": "t"}, "not negative"),
        ({"split": {"gap": "1mo"}, "key": "id"}, "split.gap='1mo': has no meaning in a split of kind 'hash'"),
        ({"split": {"folds": 1}}, "split.folds=1: a whole number, 2 or more"),
        ({"split": {"test_from": "2024-01-01"}, "time": "t"}, "split.valid_from=None: give both"),
        ({"split": {"valid_from": "soon", "test_from": 3}, "time": "t"}, "a date such as '2024-03-01'"),
        ({"split": {"valid_from": "2024-01-01", "test_from": 3}, "time": "t"}, "two times, or two numbers"),
        ({"split": {"valid_from": 4, "test_from": 3}, "time": "t"}, "split.test_from=3: later than"),
        ({"split": "time"}, "the protocol names no time"),
        ({"ci": 0.9}, "ci=0.9: a mapping with some of the keys level, blocks, unit"),
        ({"ci": {"level": 95}}, "ci.level=95: a level between 0.5 and 1"),
        ({"ci": {"blocks": 5}}, "ci.blocks=5: a whole number, 10 or more"),
        ({"ci": {"blocks": 10**6}}, "ci.blocks=1000000: a whole number, 10 to 10,000"),
        ({"ci": {"blocks": True}}, "ci.blocks=True"),
        ({"ci": {"unit": "customer"}}, "ci.unit='customer': one of 'row', 'group'"),
        ({"ci": {"unit": "group"}}, "the protocol names no group"),
        ({"primary": ["a"]}, "primary="),
        ({"metrics": 3}, "metrics=3"),
        ({"guards": ["ece"]}, "guards="),
        ({"guards": {"ece": "1%"}}, "guards.ece='1%': a number, such as -0.005"),
        ({"guards": {"ece": float("nan")}}, "guards.ece=nan"),
        ({"guards": {"slice:regoin": -1}, "slices": "region"}, r"did you mean 'slice:region'\?"),
        ({"guards": {"slice:region": -1}}, "the protocol has no slices"),
        ({"baselines": "dumy"}, r"baselines='dumy': did you mean 'dummy'\?"),
        ({"baselines": "last_value"}, "is a baseline of forecasts alone"),
        ({"weight": 3}, "weight=3"),
        ({"positive": [1]}, "positive="),
        ({"task": "regression", "positive": 1}, "only task='binary' has one"),
        ({"primary": "roc_acu"}, r"primary='roc_acu': did you mean 'roc_auc'\? one of 'log_loss'"),
        ({"primary": "rmse"}, "primary='rmse': .*one of 'log_loss', 'brier'"),
        ({"metrics": ["log_loss", "brir"]}, r"metrics='brir': did you mean 'brier'\?"),
        ({"task": "multiclass", "primary": "recall_by_class"}, "one value for each class"),
        ({"guards": {"aece": 0.1}}, r"guards='aece': did you mean 'ece'\?"),
        ({"guards": {"roc_auc": 0.005}}, "guards.roc_auc=0.005: roc_auc is better up: what is tolerated is -0.005"),
        ({"guards": {"ece": -0.01}}, "guards.ece=-0.01: ece is better down: what is tolerated is 0.01"),
        ({"task": "forecast", "quantiles": [0.5]}, "task='forecast' has none"),
        ({"quantiles": [0.5]}, "task='binary' has none; task='quantile' has"),
        ({"task": "quantile", "quantiles": [1.5]}, "quantiles=1.5: quantiles between 0 and 1"),
        ({"task": "quantile", "quantiles": []}, "the key 'quantiles' is missing"),
        ({"horizon": 3}, "only a forecast has one, and task='binary'"),
        ({"series": "s"}, "only a forecast has one"),
        ({"task": "forecast", "time": None}, "the key 'time' is missing"),
        ({"task": "forecast", "horizon": None}, "the key 'horizon' is missing"),
        ({"task": "forecast", "horizon": 0}, "horizon=0: a whole number, 1 or more"),
        ({"task": "forecast", "season": 1.5}, "season=1.5"),
        ({"task": "forecast", "split": "hash"}, "split.kind='hash': a forecast is judged on later rows"),
        ({"task": "forecast", "period": "month"}, "period='month': a length of time"),
        ({"task": "forecast", "period": 1}, "period=1: a length of time such as '1d'"),
        ({"period": "1mo"}, "only a forecast has one"),
        ({"task": "forecast", "baselines": "seasonal_naive"}, "'seasonal_naive' needs season="),
        ({"key": "y"}, "'y' is the target"),
        ({"weight": "y"}, "'y' is the target"),
        ({"name": 3}, "name=3: a text"),
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_key_and_what_is_allowed(
    keywords: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        made(**keywords)
