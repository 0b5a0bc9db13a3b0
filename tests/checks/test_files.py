"""Rules from files, and suggestions as text that reads back to the same rules."""

from __future__ import annotations

import datetime as dt
import json
import math

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import scalekit as sk
from scalekit.checks.written import SuggestedChecks
from scalekit.exceptions import ConfigError, PathNotFoundError

RULES = {
    "x": {"between": [1, 2], "nulls": {"error": 0.5}},
    "table": {"rows": [1, None], "expressions": {"even": "x % 2 = 0"}},
}
TEXTS = {
    "rules.yaml": yaml.safe_dump(RULES, sort_keys=False),
    "rules.yml": yaml.safe_dump(RULES, sort_keys=False),
    "rules.json": json.dumps(RULES),
    "rules.toml": '[x]\nbetween = [1, 2]\nnulls = {error = 0.5}\n[table]\nrows = {min = 1}\n[table.expressions]\neven = "x % 2 = 0"\n',
}


@pytest.mark.parametrize("name", TEXTS)
def test_rules_are_read_from_files(name, tmp_path):
    file = tmp_path / name
    file.write_text(TEXTS[name], encoding="utf-8")
    frame = sk.from_dict({"x": [1, 2, 3, None]})
    wanted = [(o.rule, o.level, o.failing) for o in sk.check(frame, RULES).outcomes]
    for path in (file, str(file)):
        assert [(o.rule, o.level, o.failing) for o in sk.check(frame, path).outcomes] == wanted


def test_files_that_cannot_be_read_say_why(tmp_path):
    frame = sk.from_dict({"x": [1]})
    with pytest.raises(PathNotFoundError, match=r"no file of rules at .*none\.yaml"):
        sk.check(frame, tmp_path / "none.yaml")
    with pytest.raises(
        ConfigError,
        match=r"rules\.ini: a file of rules is a file that ends in \.yaml, \.yml, \.toml, \.json",
    ):
        sk.check(frame, "rules.ini")
    for name, text, says in (
        ("a.yaml", "{", "not readable as YAML"),
        ("a.toml", "x", r"a\.toml: Expected"),
        ("a.json", "{", r"a\.json: Expecting"),
        (
            "b.yaml",
            "x: {nulls: false}\nx: {unique: true}\n",
            "line 2: the key 'x' stands there twice",
        ),
        ("b.json", '{"x": {}, "x": {}}', "the key 'x' stands there twice"),
        ("b.toml", "[x]\n[x]\n", "twice"),
        ("list.json", "[1]", "keys and values, such as 'age: {nulls: false}', not list"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(ConfigError, match=says):
            sk.check(frame, tmp_path / name)


def reference() -> sk.Frame:
    return sk.from_polars(
        pl.DataFrame(
            {
                "id": [1, 2, 3],
                "price": [1e-5, 2.5, math.inf],
                "plan": ["a", "no", "yes: 'b'\n\"c\""],
                "when": [dt.datetime(2024, 1, 1, 12), dt.datetime(2024, 2, 1), None],
                "day": [dt.date(2024, 1, 1)] * 3,
                "at": [dt.time(12)] * 3,
                "null": [True, False, None],
                "a name: with signs": ["é"] * 3,
                "kind": pl.Series(["u", "v", "u"], dtype=pl.Categorical()),
            }
        )
    )


def test_suggestions_print_as_yaml_and_python_that_say_the_same(tmp_path):
    rules = sk.suggest_checks(reference(), key="id", drift=True)
    (tmp_path / "rules.yaml").write_text(rules.to_yaml(), encoding="utf-8")
    wanted = sk.check(reference(), rules, reference=reference())
    assert wanted.level == "pass", wanted
    from_file = sk.check(reference(), tmp_path / "rules.yaml", reference=reference())
    assert from_file.outcomes == wanted.outcomes
    code = eval(str(rules))
    assert sk.check(reference(), code, reference=reference()).outcomes == wanted.outcomes


def test_a_suggestion_names_what_is_so():
    rules = sk.suggest_checks(reference(), key="id")
    assert rules["table"] == {"rows": [1, None], "columns": reference().columns, "unique": ["id"]}
    assert rules["id"] == {
        "dtype": "Int64",
        "nulls": False,
        "between": {"min": 1, "max": 3, "level": "warn"},
    }
    assert rules["price"]["between"] == {"min": 1e-5, "level": "warn"}
    assert "nulls" not in rules["when"]
    assert rules["kind"]["in"] == {"values": ["u", "v"], "level": "warn"}


def test_what_breaks_a_suggestion_is_found():
    rules = sk.suggest_checks(sk.from_dict({"id": [1, 2], "s": ["a", "b"]}), key="id")
    report = sk.check(sk.from_dict({"id": [1, 1, 5], "s": ["a", None, "z"]}), rules)
    assert {o.rule: o.level for o in report.outcomes if o.level != "pass"} == {
        "unique id": "error", "id: between 1 and 2": "warn", "s: not null": "error", "s: one of a, b": "warn",
    }  # fmt: skip


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8),
    st.sampled_from(["yes", "null", "1e5", "0x1", "~", "2024-01-01", "a: b", "- x", "#", "1_000", "on"]),
)  # fmt: skip


@given(
    st.dictionaries(
        st.text(max_size=6),
        st.dictionaries(st.sampled_from(["in", "min"]), st.lists(values, max_size=3), min_size=1),
        min_size=1,
        max_size=3,
    )
)
def test_yaml_reads_back_what_was_written(rules):
    assert yaml.safe_load(SuggestedChecks(rules).to_yaml()) == rules
