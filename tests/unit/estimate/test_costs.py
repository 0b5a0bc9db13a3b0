"""The file of constants: what is in it, and what is made of one that is damaged, old or of another machine."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import polars as pl
import pytest

from scalekit.estimate import costs
from scalekit.estimate.costs import (
    KINDS,
    Costs,
    EngineCosts,
    costs_path,
    load_costs,
    save_costs,
    shipped_costs,
    this_machine,
)

MADE = EngineCosts(slots=3, **dict.fromkeys(KINDS, 0.5))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "below" / "costs.json"


def _changed(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_what_was_saved_is_loaded(path):
    save_costs(Costs(this_machine(), {"polars": MADE}), path)
    found = load_costs(path)
    assert found.of("polars") == MADE
    assert str(path) in found.origin


def test_backends_that_were_not_measured_have_the_constants_that_are_shipped(path):
    save_costs(Costs(this_machine(), {"polars": MADE}), path)
    assert load_costs(path).of("dask") == shipped_costs().of("dask")


def test_a_backend_that_nobody_knows_has_those_of_polars():
    assert shipped_costs().of("unheard of") == shipped_costs().of("polars")


def test_every_backend_has_shipped_constants():
    assert set(shipped_costs().engines) == {"polars", "memory", "pandas", "dask", "ray"}
    for one in shipped_costs().engines.values():
        assert one.query + one.node + one.stage > 0
        assert one.parquet_value > 0


def test_no_file_means_what_is_shipped(path):
    assert load_costs(path) == shipped_costs()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', '{"schema": 1}', "\x00\x01"])
def test_a_damaged_file_means_what_is_shipped(path, text):
    path.parent.mkdir()
    path.write_text(text)
    assert load_costs(path) == shipped_costs()


@pytest.mark.parametrize("schema", [0, 2, None, "1"])
def test_a_file_of_another_version_is_not_read(path, schema):
    save_costs(Costs(this_machine(), {"polars": MADE}), path)
    _changed(path, lambda content: content.update(schema=schema))
    assert load_costs(path) == shipped_costs()


@pytest.mark.parametrize("value", [-1.0, None, "1", True, float("nan"), float("inf"), [1]])
def test_a_constant_without_meaning_leaves_its_backend_as_shipped(path, value):
    save_costs(Costs(this_machine(), {"polars": MADE, "pandas": MADE}), path)
    _changed(
        path,
        lambda c: c["machines"][this_machine()]["engines"]["polars"].update(arithmetic=value),
    )
    assert load_costs(path).of("polars") == shipped_costs().of("polars")
    assert load_costs(path).of("pandas") == MADE


def test_a_constant_too_many_or_too_few_is_of_another_version(path):
    save_costs(Costs(this_machine(), {"polars": MADE, "pandas": MADE}), path)
    engines = ("machines", this_machine(), "engines")

    def change(content):
        at = content[engines[0]][engines[1]][engines[2]]
        at["polars"]["more"] = 1.0
        del at["pandas"]["text"]

    _changed(path, change)
    assert load_costs(path) == shipped_costs()


def test_machines_that_share_a_file_do_not_see_each_other(path):
    save_costs(Costs("elsewhere/64", {"polars": MADE}), path)
    assert load_costs(path) == shipped_costs()
    save_costs(Costs(this_machine(), {"polars": replace(MADE, query=9.0)}), path)
    assert load_costs(path).of("polars").query == 9.0
    assert set(json.loads(path.read_text())["machines"]) == {"elsewhere/64", this_machine()}


def test_a_file_that_changes_is_read_again(path):
    for query in (1.0, 22.0, 333.0):
        save_costs(Costs(this_machine(), {"polars": replace(MADE, query=query)}), path)
        assert load_costs(path).of("polars").query == query


def test_a_damaged_file_is_replaced_whole(path):
    path.parent.mkdir()
    path.write_text("{")
    save_costs(Costs(this_machine(), {"polars": MADE}), path)
    assert load_costs(path).of("polars") == MADE
    assert [one.name for one in path.parent.iterdir()] == ["costs.json"]


def test_where_the_file_lies(monkeypatch, tmp_path):
    monkeypatch.delenv("SCALEKIT_COSTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert costs_path() == tmp_path / "scalekit" / "costs.json"
    monkeypatch.setenv("SCALEKIT_COSTS", str(tmp_path / "mine.json"))
    assert costs_path() == tmp_path / "mine.json"


def test_a_folder_where_the_file_should_be_means_what_is_shipped(path):
    path.mkdir(parents=True)
    assert load_costs(path) == shipped_costs()


def test_more_threads_make_polars_quicker_than_was_measured_but_not_pandas(monkeypatch):
    monkeypatch.setattr(pl, "thread_pool_size", lambda: costs.SLOTS)
    here = shipped_costs()
    monkeypatch.setattr(pl, "thread_pool_size", lambda: 4 * costs.SLOTS)
    there = shipped_costs()
    assert there.of("polars").group_row == pytest.approx(here.of("polars").group_row / 4)
    assert there.of("polars").query == here.of("polars").query
    assert there.of("pandas") == here.of("pandas")


def test_constants_are_plain_numbers():
    assert all(isinstance(value, int | float) for value in asdict(MADE).values())
