"""Profiles: what each step took, as a frame and as a picture that is well formed and leaves nothing out."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.display.timeline import Profile, draw

SVG = "{http://www.w3.org/2000/svg}"


def grouped() -> sk.Frame:
    frame = sk.from_dict({"k": [i % 5 for i in range(100)], "x": list(range(100))})
    return frame.group_by("k").agg(col("x").median()).sort("k")


def bars(svg: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(f"{SVG}rect"))


@pytest.mark.parametrize("backend", ["polars", "pandas", "serial"])
def test_a_profile_is_a_result_and_its_times(backend: str) -> None:
    profile = grouped().profile(backend=backend, partitions=3)
    result, timings = profile
    assert result.equals(grouped().collect(backend="polars"))
    assert timings.columns[:3] == ["node", "start", "end"]
    assert (timings["start"] <= timings["end"]).all()
    assert len(bars(profile.timeline.svg)) >= timings.height
    assert "<svg" in profile._repr_html_()


def test_a_profile_of_a_cluster_tells_of_its_stages() -> None:
    timings = grouped().profile(backend="serial", partitions=3).timings
    stages, last = timings.head(-1), timings.row(-1, named=True)
    assert stages.height >= 3
    assert (stages["tasks"] > 0).all()
    assert stages["tasks"].to_list() == stages["runs"].list.len().to_list()
    assert stages["rows"][0] > 0
    assert (stages["bytes"] > 0).all()
    assert (stages["workers"] == 1).all()
    assert stages["retries"].null_count() == stages.height, "nobody counts them here"
    assert (last["node"], last["rows"], last["tasks"]) == ("bring the rows here", 5, None)
    assert timings["start"].is_sorted()


def test_tasks_at_one_time_have_lanes() -> None:
    runs = [
        {"worker": f"w{i % 2}", "start": 10 * (i // 2), "end": 10 * (i // 2) + 8} for i in range(6)
    ]
    timings = pl.DataFrame({"node": ["a"], "start": [0], "end": [28], "tasks": [6], "runs": [runs]})
    drawn = bars(draw(timings))
    assert len(drawn) == 6
    assert len({bar.get("y") for bar in drawn}) == 2
    assert len({(bar.get("x"), bar.get("y")) for bar in drawn}) == 6


def test_many_tasks_at_one_time_share_the_last_lane() -> None:
    runs = [{"worker": "w", "start": 0, "end": 8 + i} for i in range(50)]
    timings = pl.DataFrame(
        {"node": ["a"], "start": [0], "end": [60], "tasks": [50], "runs": [runs]}
    )
    assert len({bar.get("y") for bar in bars(draw(timings))}) == 12


def test_names_are_text_and_nothing_else() -> None:
    svg = draw(pl.DataFrame({"node": ["<script>alert(1)</script>"], "start": [0], "end": [5]}))
    assert "<script>" not in svg
    ET.fromstring(svg)


def test_a_timeline_is_saved(tmp_path) -> None:
    profile = Profile(
        pl.DataFrame(), pl.DataFrame({"node": ["a"], "start": [0], "end": [2_500_000]})
    )
    path = profile.timeline.save(tmp_path / "times.svg")
    text = path.read_text(encoding="utf-8")
    assert "2.5 s" in text
    assert text == profile.timeline.svg
