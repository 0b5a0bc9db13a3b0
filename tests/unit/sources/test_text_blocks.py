"""Large text files in blocks: whole records, whatever they hold."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random

import pytest

from scalekit.sources import text_blocks
from scalekit.sources.csv import csv_source
from scalekit.sources.ndjson import ndjson_source

FIELDS = ["", "a", "b,c", 'd"e', "f\ng", '"', "\n", "ü", "h\n\ni", '"j"\n"k"', " "]


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(text_blocks, "BLOCK_BYTES", 64)


def text_of(seed: int, *, header: list[str] | None = None, end: str = "\n", last: bool = True):
    chance = random.Random(seed)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL)
    if header:
        writer.writerow(header)
    for number in range(60):
        writer.writerow([number, chance.choice(FIELDS), chance.choice(FIELDS)])
    text = out.getvalue()
    return text if last else text.removesuffix(end)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_quoted_records(put, check, seed, end, last):
    path = put("a.csv", text_of(seed, header=["i", "x\ny", "z"], end=end, last=last))
    source = csv_source(path, row_index_name="n", row_index_offset=5, include_file_paths="p")
    assert len(source.shares(["i"])) > 5
    rows = check(source)
    assert rows["i"].to_list() == list(range(60))
    assert rows["n"].to_list() == list(range(5, 65))
    assert set(rows["p"]) == {path}
    limited = csv_source(path, n_rows=37, row_index_name="n")
    assert check(limited)["i"].to_list() == list(range(37))


def test_a_file_is_read_together_with_its_neighbours(put, check):
    paths = [put(f"{n}.csv", text_of(n, header=["i", "x", "z"])) for n in range(3)]
    paths.insert(1, put("small.csv", "i,x,z\n7,q,r\n"))
    rows = check(csv_source(paths, row_index_name="n", n_rows=150))
    assert rows["n"].to_list() == list(range(150))
    assert rows["i"].to_list() == [*range(60), 7, *range(60), *range(29)]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("\ufeff" + text_of(0, header=["i", "x", "z"]), {}),
        ('some "words\n' + text_of(1, header=["i", "x", "z"]), {"skip_rows": 1}),
        ("one\ntwo\n" + text_of(2), {"skip_rows": 2, "has_header": False}),
        (text_of(3), {"has_header": False}),
        (
            "i;x\n" + "".join(f"{n};'a\n'\n" for n in range(60)),
            {"separator": ";", "quote_char": "'"},
        ),
        ("i,x\n" + "".join(f'{n},"\n' for n in range(60)), {"quote_char": None}),
        ("".join(f"{n}\n" for n in range(60)), {"has_header": False}),
    ],
)
def test_dialects(put, check, text, options):
    source = csv_source(put("a.csv", text), **options)
    assert len(source.shares(source.schema.names())) > 1
    assert check(source).to_series(0).to_list() == list(range(60))


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("i,x\n" + "1,2\n\n" * 60, {}),
        ('i,x\n#"\n' + "1,2\n" * 60, {"comment_prefix": "#"}),
    ],
)
def test_where_a_line_may_be_no_record_a_file_is_one_block(put, check, text, options):
    source = csv_source(put("a.csv", text), **options)
    assert len(source.shares(["i"])) == 1
    assert check(source).height == 60


def test_compressed_files_are_one_block(put, check):
    chance = random.Random(0)
    text = "i\n" + "".join(f"{chance.random()}\n" for _ in range(60))
    source = csv_source(put("a.csv.gz", gzip.compress(text.encode())))
    assert len(source.shares(["i"])) == 1
    assert check(source).height == 60


def test_a_record_longer_than_a_block_makes_the_file_one_block(put, check):
    rows = [*range(10), *range(10)]
    text = "i,x\n" + "".join(f'{n},"{"y" * 30 * n}\n"\n' for n in rows)
    source = csv_source(put("a.csv", text))
    assert check(source)["i"].to_list() == rows


@pytest.mark.parametrize("last", [True, False])
def test_lines_of_json(put, check, last):
    lines = [json.dumps({"a": n, "b": FIELDS[n % len(FIELDS)]}) for n in range(60)]
    path = put("a.ndjson", "\n".join(lines) + "\n" * last)
    source = ndjson_source(path, row_index_name="n", include_file_paths="p")
    assert len(source.shares(["a"])) > 5
    rows = check(source)
    assert rows["a"].to_list() == rows["n"].to_list() == list(range(60))
    assert rows["p"].unique().to_list() == [path]
    assert rows["b"].to_list() == [FIELDS[n % len(FIELDS)] for n in range(60)]


def test_a_task_reads_its_blocks_and_nothing_else(put, monkeypatch):
    path = put("a.csv", "i\n" + "".join(f"{n}\n" for n in range(1000)))
    source = csv_source(path)
    last = source.packed([source.shares(["i"])[-1].split])
    read = []
    whole = text_blocks._read
    monkeypatch.setattr(text_blocks, "_read", lambda *args: read.append(whole(*args)) or read[-1])
    assert source.shell().read(last).collect()["i"].to_list()[-1] == 999
    assert sum(map(len, read)) < 100
