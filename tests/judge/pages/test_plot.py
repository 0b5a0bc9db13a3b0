"""Plots: well-formed SVG whatever names and numbers are in it, with places that are those of the values."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from scalekit.judge.pages.axes import (
    Axis,
    between,
    categories,
    linear,
    logarithmic,
    shares,
    squeezed,
)
from scalekit.judge.pages.labels import Box, places
from scalekit.judge.pages.lettering import fitted, shown, width
from scalekit.judge.pages.marks import (
    Bars,
    Cells,
    Drawing,
    Intervals,
    Line,
    Plot,
    Row,
    RowPlot,
    Rule,
)
from scalekit.judge.pages.picture import Picture, picture_svg

HOSTILE = (
    "<script>alert(1)</script>",
    '"\'&<>"',
    "]]></svg><img src=x onerror=alert(1)>",
    "a\x00b\x1b[31m\ud800\ufffe",
    "\u202eevil\u2066",
    "שלום עולם",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦 family 🎉",
    "東京都千代田区丸の内",
    "long " * 100,
    "x" * 500,
    "",
    " \n\t ",
)
NAMESPACE = "{http://www.w3.org/2000/svg}"


def parsed(*drawings: Drawing, title: str = "Title", text: str = "Text") -> ElementTree.Element:
    return ElementTree.fromstring(picture_svg(Picture("one", title, text, drawings)))


def texts(svg: ElementTree.Element) -> list[str]:
    return ["".join(e.itertext()) for e in svg.iter(f"{NAMESPACE}text")]


def plot_of(*marks, x: Axis | None = None, y: Axis | None = None) -> Plot:
    return Plot(x or shares("x"), y or shares("y"), marks)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(name: str):
    line = Line([0, 1], [0, 1], name, name, 0)
    other = Line([0, 1], [1, 0], name, name, 1)
    rows = (Row(name, 0.5, 0.4, 0.6, "12"), Row("other", 0.7, 0.6, 0.8, "3", flagged=True))
    svg = parsed(
        Plot(categories(name, [name] * 3), linear(name, [0, 1]), (line, other, Rule(x=0.2, name=name), Rule(y=0.5, name=name))),
        RowPlot(linear(name, [0, 1]), ((name, rows),), (0.5, name)),
        title=name, text=name,
    )  # fmt: skip
    allowed = {"svg", "title", "desc", "g", "path", "text", "tspan"}
    assert {e.tag.removeprefix(NAMESPACE) for e in svg.iter()} <= allowed
    assert not [a for e in svg.iter() for a in e.attrib if a.startswith("on") or "href" in a]


def test_a_picture_tells_what_it_shows_to_who_does_not_see_it():
    svg = parsed(plot_of(), title="ROC", text="area 0.87")
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-labelledby"].split() == ["one-title", "one-text"]
    told = {e.attrib["id"]: e.text for e in svg if "id" in e.attrib}
    assert told == {"one-title": "ROC", "one-text": "area 0.87"}


def coordinates(svg: ElementTree.Element, style: str) -> list[tuple[float, float]]:
    (line,) = (e for e in svg.iter(f"{NAMESPACE}path") if e.attrib.get("class") == style)
    return [tuple(map(float, pair.split())) for pair in re.split("[MLZ]", line.attrib["d"]) if pair]  # type: ignore[misc]


def test_places_are_those_of_the_values():
    svg = parsed(plot_of(Line([0.0, 0.5, 1.0], [0.0, 0.25, 1.0])))
    (x0, y0), (x1, y1), (x2, y2) = coordinates(svg, "s0")
    assert x1 - x0 == pytest.approx((x2 - x0) / 2, abs=0.1)
    assert y0 - y1 == pytest.approx((y0 - y2) / 4, abs=0.1)
    assert y0 - y2 == 230


def test_a_line_is_interrupted_where_a_value_is_unknown():
    svg = parsed(plot_of(Line([0.0, 0.3, 0.6, 1.0], [0.0, math.nan, 0.5, 1.0])))
    (line,) = (e for e in svg.iter(f"{NAMESPACE}path") if e.attrib.get("class") == "s0")
    assert line.attrib["d"].count("M") == 2


def test_a_line_of_many_places_has_few_and_keeps_its_ends():
    many = [n / 16384 for n in range(16385)]
    svg = parsed(plot_of(Line(many, [v**0.5 for v in many])))
    drawn = coordinates(svg, "s0")
    assert len(drawn) < 400
    whole = coordinates(parsed(plot_of(Line([0.0, 1.0], [0.0, 1.0]))), "s0")
    assert drawn[0] == whole[0]
    assert drawn[-1] == whole[-1]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_do_not_reach_the_picture(value: float):
    axis = linear("y", [value, 1.0, 2.0])
    marks = (
        Line([0.0, 0.5, 1.0], [1.0, value, 2.0], "a", "", 0, [value] * 3, [value] * 3, dots=True),
        Intervals([0.1], [value], [value], [value], "b"),
        Intervals([0.2], [1.5], [value], [value], "c", joined=True),
        Bars([0.0, 0.5, 1.0], [value, 1.0]),
    )
    rows = RowPlot(axis, (("", (Row("a", value, value, value), Row("b", 1.0))),), bars=True)
    text = picture_svg(Picture("one", "t", "d", (plot_of(*marks, y=axis), rows)))
    numbers = re.findall(r'(?: d| x| y)="([^"]*)"', text)
    assert not [n for n in numbers if "nan" in n or "inf" in n]


def test_nothing_to_draw_is_drawn_as_empty_axes():
    grid = Cells([])
    svg = parsed(
        plot_of(Line([], []), Intervals([], [], [], []), Bars([], []), grid),
        RowPlot(linear("x", []), ()),
        Plot(logarithmic("x", []), categories("y", []), ()),
    )
    assert "0.2" in texts(svg)


def test_a_grid_is_a_path_for_each_shade():
    cells = [
        (a / 40, (a + 1) / 40, b / 40, (b + 1) / 40, 10.0 ** ((a + b) % 6))
        for a in range(40)
        for b in range(40)
    ]
    text = picture_svg(Picture("one", "t", "d", (plot_of(Cells(cells)),)))
    assert text.count("<path") < 40
    assert len(text) < 60_000


def test_shades_tell_more_from_fewer_rows():
    svg = parsed(plot_of(Cells([(0.0, 0.5, 0.0, 1.0, 1.0), (0.5, 1.0, 0.0, 1.0, 1000.0)])))
    classes = [e.attrib["class"] for e in svg.iter(f"{NAMESPACE}path") if e.attrib.get("class", "").startswith("f0 h")]  # fmt: skip
    assert classes[-2:] == ["f0 h0", "f0 h5"]
    assert {"1 row", "1k rows"} <= set(texts(svg))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("room", [20.0, 60.0, 120.0])
def test_a_shortened_text_fits_its_room(name: str, room: float):
    assert width(fitted(shown(name), room, 11), 11) <= room + 1


def test_what_a_text_keeps():
    assert shown("a\n\tb") == "a b"
    assert shown("👩‍👧") == "👩‍👧"
    assert shown("\u202e\u2066x\u2069") == "x"


@pytest.mark.parametrize(
    ("values", "zero"),
    [([0.3, 0.9], False), ([5.0], True), ([5.0], False), ([0.0], True), ([-3.0, -2.0], True), ([1e-9, 3e-9], False),
     ([1e12, 1e12 + 5], False), ([-1e-300, 1e300], False), ([], False)],
)  # fmt: skip
def test_an_axis_spans_its_values_with_few_ticks(values: list[float], zero: bool):
    axis = linear("y", values, zero=zero)
    room = (axis.high - axis.low) * 1e-8
    assert all(axis.low - room <= value <= axis.high + room for value in values)
    assert 2 <= len(axis.ticks) <= 9
    assert axis.low < axis.high
    assert not zero or axis.low <= 0 <= axis.high


def test_a_logarithmic_axis_spans_its_positive_values():
    axis = logarithmic("rows", [0.0, 3.0, 2e9])
    assert axis.low <= 3
    assert axis.high >= 2e9
    assert axis.share(0.0) == 0
    assert axis.share(10 ** ((math.log10(axis.low) + math.log10(axis.high)) / 2)) == pytest.approx(
        0.5
    )


def test_a_squeezed_axis_gives_half_to_what_is_near_and_keeps_the_diagonal_straight():
    axis = squeezed("amount", -1e6, 1e6, 10.0, 5.0)
    assert axis.share(15.0) - axis.share(5.0) == pytest.approx(0.5, abs=0.001)
    texts_of = [text for _, text in axis.ticks]
    assert len(set(texts_of)) == len(texts_of) >= 4
    other = squeezed("amount", 0.0, 1e3, 10.0, 5.0)
    slopes = [
        (other.share(b) - other.share(a)) / (axis.share(b) - axis.share(a))
        for a, b in ((1, 5), (8, 30))
    ]
    assert slopes[0] == pytest.approx(slopes[1])


def test_an_axis_between_two_values_ends_there():
    axis = between("x", 3.0, 17.0)
    assert (axis.share(3.0), axis.share(17.0)) == (0.0, 1.0)
    assert [text for _, text in axis.ticks] == ["5", "10", "15"]


def test_ticks_of_categories_do_not_touch():
    names = [f"2024-{month:02}" for month in range(1, 13)] * 3
    svg = parsed(plot_of(x=categories("month", names)))
    shown_ticks = [text for text in texts(svg) if text.startswith("20")]
    assert 2 <= len(shown_ticks) <= 6


def test_names_stand_beside_their_own_line_and_nothing_else():
    area = Box(0, 0, 300, 200)
    up, down = [(0.0, 200.0), (300.0, 0.0)], [(0.0, 20.0), (300.0, 30.0)]
    (x, y), other = places(["rising", "level"], [up, down], area)  # type: ignore[misc]
    assert other is not None
    box = Box(x, y - 10, x + width("rising", 11), y + 3)
    assert not any(box.holds((n * 3, 200 - n * 2)) for n in range(101))


def test_a_name_without_room_is_left_to_the_legend():
    lines = [[(0.0, 5.0 * n), (100.0, 5.0 * n)] for n in range(20)]
    assert places(["name"] * 20, lines, Box(0, 0, 100, 100)) == [None] * 20


def test_every_style_has_a_shape_and_dashes_of_its_own():
    lines = [Line([0.0, 1.0], [n / 4, n / 4], f"m{n}", "", n, dots=True) for n in range(4)]
    text = picture_svg(Picture("one", "t", "d", (plot_of(*lines),)))
    shapes = [re.search(rf'd="([^"]*)" class="f{n} dot"', text)[1] for n in range(4)]  # type: ignore[index]
    assert len({re.sub(r"[-\d. ]+", "", shape) for shape in shapes}) >= 3
