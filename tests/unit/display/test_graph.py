"""A plan as a picture: well-formed, complete, and every node once."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

import scalekit as sk
from scalekit import col
from scalekit.display.graph import draw
from scalekit.plan.explain import title
from scalekit.tree import children, walk

SVG = "{http://www.w3.org/2000/svg}"


def drawn(frame) -> tuple[ElementTree.Element, list[ElementTree.Element], int]:
    root = ElementTree.fromstring(draw(frame._plan).svg)
    boxes = root.findall(f"{SVG}g")
    return root, boxes, len(root.findall(f"{SVG}path"))


def titles(boxes) -> list[str]:
    return sorted(box.find(f"{SVG}text").text for box in boxes)


def places(boxes) -> list[tuple[float, float]]:
    return [(float(r.get("x")), float(r.get("y"))) for r in (b.find(f"{SVG}rect") for b in boxes)]


FLIGHTS = sk.from_dict({"carrier": ["AA", "DL"], "delay": [3, 20]})
AIRLINES = sk.from_dict({"carrier": ["AA"], "name": ["American"]})

PLANS = {
    "one scan": FLIGHTS,
    "a chain": FLIGHTS.filter(col("delay") > 5).group_by("carrier").agg(n=sk.len()).sort("n"),
    "a join": FLIGHTS.join(AIRLINES, on="carrier"),
    "a union": sk.concat([FLIGHTS, FLIGHTS.filter(col("delay") > 5), FLIGHTS.head(1)]),
    "a long chain": FLIGHTS,
    "markup in text": FLIGHTS.filter(col("carrier") == "<script>&\"'"),
}
for i in range(60):
    PLANS["a long chain"] = PLANS["a long chain"].filter(col("delay") != i).head(99 - i)


@pytest.mark.parametrize("name", PLANS)
def test_every_node_is_drawn_once_and_every_input_has_a_line(name):
    plan = PLANS[name]._plan
    nodes = list(walk(plan))
    root, boxes, lines = drawn(PLANS[name])
    assert root.tag == f"{SVG}svg"
    assert titles(boxes) == sorted(title(node) for node in nodes)
    assert lines == sum(len(children(node)) for node in nodes)


@pytest.mark.parametrize("name", PLANS)
def test_boxes_lie_apart_and_within_the_picture(name):
    root, boxes, _ = drawn(PLANS[name])
    width, height = float(root.get("width")), float(root.get("height"))
    where = places(boxes)
    assert len(set(where)) == len(where)
    for x, y in where:
        assert 0 <= x <= width - 250
        assert 0 <= y <= height - 44
    rows: dict[float, list[float]] = {}
    for x, y in where:
        rows.setdefault(y, []).append(x)
    for row in rows.values():
        ordered = sorted(row)
        assert all(right - left >= 250 for left, right in pairwise(ordered))


def test_a_shared_subplan_is_drawn_once_with_a_line_to_each_reader():
    late = FLIGHTS.filter(col("delay") > 5)
    both = sk.concat([late.head(1), late.tail(1)])
    _, boxes, lines = drawn(both)
    assert titles(boxes) == ["FILTER", "LIMIT", "LIMIT", "SCAN", "UNION"]
    assert lines == 5


def test_sources_stand_below_what_reads_them():
    _, boxes, _ = drawn(PLANS["a join"])
    height = {
        box.find(f"{SVG}text").text: y for box, (_, y) in zip(boxes, places(boxes), strict=True)
    }
    assert height["SCAN"] > height["JOIN"]


def test_text_is_escaped_and_whole_in_the_tooltip():
    _, boxes, _ = drawn(PLANS["markup in text"])
    (box,) = [b for b in boxes if b.find(f"{SVG}text").text == "FILTER"]
    assert "<script>&\"'" in box.find(f"{SVG}title").text.replace("\\", "")
    assert "<script>" not in draw(PLANS["markup in text"]._plan).svg
    assert "<script>" not in draw(PLANS["markup in text"]._plan).mermaid


def test_long_texts_are_cut_and_paths_keep_their_end(tmp_path):
    path = tmp_path / ("a" * 80) / "planes.csv"
    path.parent.mkdir()
    path.write_text("x\n1\n")
    _, boxes, _ = drawn(sk.scan_csv(path).filter(col("x").is_in(list(range(100)))))
    details = {t[0].text: t[1].text for t in (b.findall(f"{SVG}text") for b in boxes)}
    assert details["SCAN"].endswith("planes.csv'")
    assert details["FILTER"].endswith("…")
    assert {len(text) for text in details.values()} == {36}


def test_a_notebook_gets_the_picture_and_a_terminal_the_chart():
    graph = FLIGHTS.head(1).show_graph()
    bundle = graph._repr_mimebundle_()
    assert bundle["image/svg+xml"] == graph.svg
    assert bundle["text/plain"] == graph.mermaid
    assert graph.svg in bundle["text/html"]
    assert graph.mermaid.startswith("flowchart BT\n")


@pytest.mark.parametrize(
    ("name", "start"), [("g.svg", "<svg"), ("g.mmd", "flowchart"), ("g.md", "flowchart")]
)
def test_a_graph_is_saved(name, start, tmp_path):
    path = FLIGHTS.show_graph().save(tmp_path / name)
    assert path.read_text(encoding="utf-8").startswith(start)


def test_mermaid_has_every_node_and_line():
    plan = PLANS["a union"]._plan
    chart = draw(plan).mermaid.splitlines()
    nodes = list(walk(plan))
    assert sum("[" in line for line in chart) == len(nodes)
    assert sum("-->" in line for line in chart) == sum(len(children(node)) for node in nodes)
