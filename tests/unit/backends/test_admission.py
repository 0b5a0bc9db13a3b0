from __future__ import annotations

import pytest

from scalekit import machine
from scalekit.backends.admission import admit
from scalekit.backends.budget import SHARE, Budget, budget_of
from scalekit.config import resolve
from scalekit.estimate.peak import Peaks
from scalekit.estimate.span import Span
from scalekit.machine import Room

GIB = 1024**3
BUDGET = Budget(2 * GIB, "SCALEKIT_MEMORY_BUDGET")


def gib(low: float, guess: float, high: float) -> Span:
    return Span(low * GIB, guess * GIB, high * GIB)


NOTHING = gib(0, 0, 0)


def peaks(
    polars: Span | None = NOTHING,
    memory: Span | None = NOTHING,
    pandas: Span | None = NOTHING,
    result: Span | None = NOTHING,
    *,
    largest: tuple[str, Span] | None = None,
    unknown: bool = False,
) -> Peaks:
    return Peaks(polars, memory, pandas, result, largest, unknown)


@pytest.mark.parametrize(
    ("held", "place"),
    [
        (gib(0.1, 0.5, 1.0), "here"),
        (gib(0.1, 1.5, 2.0), "here"),  # as near as it may come
        (gib(0.1, 1.6, 1.9), "child"),  # near
        (gib(0.1, 0.5, 2.1), "child"),  # perhaps above
        (gib(1.9, 6.0, 9.0), "child"),  # perhaps below
        (gib(2.1, 3.0, 4.0), "refused"),
    ],
)
def test_where_a_query_runs(held: Span, place: str) -> None:
    found = admit(peaks(polars=held), BUDGET, "collect", "streaming")
    assert found.place == place
    assert (found.error is None) == (place != "refused")
    assert found.budget == BUDGET


def test_the_engine_is_the_one_that_was_asked_about() -> None:
    one = peaks(polars=gib(0, 0.1, 0.2), memory=gib(3, 3, 3), pandas=gib(1, 2, 3))
    assert admit(one, BUDGET, "collect", "streaming").place == "here"
    assert admit(one, BUDGET, "collect", "in-memory").place == "refused"
    assert admit(one, BUDGET, "collect", "pandas").place == "child"


@pytest.mark.parametrize(("kind", "place"), [("collect", "refused"), ("persist", "refused"), ("batches", "here"), ("write", "here")])  # fmt: skip
def test_a_result_over_the_budget_is_refused_where_it_is_asked_for_whole(
    kind: str, place: str
) -> None:
    one = peaks(polars=gib(0.2, 3, 4), result=gib(2.5, 3, 4))
    found = admit(one, BUDGET, kind, "streaming")  # type: ignore[arg-type]
    assert found.place == place
    if place == "refused":
        assert "write_parquet" in str(found.error)
        assert "head()" in str(found.error)


def test_a_process_of_its_own_need_not_hold_its_result() -> None:
    one = peaks(polars=gib(2.5, 3, 4), result=gib(1.5, 1.8, 2))
    assert admit(one, BUDGET, "collect", "streaming").place == "child"
    assert (
        admit(one, BUDGET, "collect", "in-memory").place == "here"
    )  # nothing of it is known there
    other = peaks(pandas=gib(2.5, 3, 4), result=gib(1.5, 1.8, 2))
    assert admit(other, BUDGET, "collect", "pandas").place == "refused"


@pytest.mark.parametrize("kind", ["batches", "write"])
def test_rows_that_go_on_at_once_are_not_held(kind: str) -> None:
    one = peaks(polars=gib(1.6, 2, 2.5), result=gib(1.5, 1.8, 2))
    assert admit(one, BUDGET, kind, "streaming").place == "here"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("step", "place"), [("SORT", "child"), ("AGGREGATE", "child"), ("JOIN", "refused")]
)
def test_a_step_that_can_write_to_the_disk_what_it_holds_is_tried(step: str, place: str) -> None:
    one = peaks(polars=gib(3, 4, 5), largest=(step, gib(2.9, 3.9, 4.9)))
    assert admit(one, BUDGET, "collect", "streaming").place == place
    other = peaks(memory=gib(3, 4, 5), largest=(step, gib(2.9, 3.9, 4.9)))
    assert admit(other, BUDGET, "collect", "in-memory").place == "refused"


def test_what_nobody_can_know_runs_apart_and_here_where_it_cannot_go() -> None:
    nothing = peaks(None, None, None, None, unknown=True)
    found = admit(nothing, BUDGET, "collect", "streaming")
    assert (found.place, found.fits) == ("child", True)


def test_without_any_known_limit_everything_runs_here() -> None:
    assert admit(peaks(polars=gib(90, 90, 90)), None, "collect", "streaming").place == "here"


def test_what_can_only_run_apart_says_whether_it_most_likely_fits_here() -> None:
    assert admit(peaks(polars=gib(0, 1, 9)), BUDGET, "collect", "streaming").fits
    assert not admit(peaks(polars=gib(0, 3, 9)), BUDGET, "collect", "streaming").fits


def test_a_refusal_names_size_budget_operator_and_three_ways_out() -> None:
    one = peaks(polars=gib(4.4, 5, 6), largest=("JOIN", gib(4, 4, 4)))
    found = admit(one, BUDGET, "collect", "streaming")
    text = str(found.error)
    for part in (
        "4.4 GiB",
        "2.0 GiB (SCALEKIT_MEMORY_BUDGET)",
        "JOIN",
        "memory_budget=",
        "dask",
        "head()",
    ):
        assert part in text


def test_a_doubt_is_told_in_words() -> None:
    one = peaks(polars=gib(0, 1, 9), unknown=True)
    assert (
        "unknown amount, likely 1.0 GiB and perhaps 9.0 GiB"
        in admit(one, BUDGET, "collect", "streaming").reason
    )


def test_a_budget_that_was_given_says_by_whom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEKIT_MEMORY_BUDGET", "2GB")
    assert budget_of(resolve()) == Budget(2 * 10**9, "SCALEKIT_MEMORY_BUDGET")


def test_a_budget_is_a_share_of_what_can_still_be_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "room", lambda: Room(10 * GIB, "cgroup /a"))
    assert budget_of(resolve()) == Budget(int(10 * GIB * SHARE), "0.7 of what cgroup /a leaves")
    monkeypatch.setattr(machine, "room", lambda: None)
    assert budget_of(resolve()) is None


def test_a_lazy_frame_of_the_user_runs_where_the_user_would_run_it() -> None:
    nothing = Peaks(None, None, None, None, None, unknown=True, is_lent=True)
    found = admit(nothing, BUDGET, "collect", "streaming")
    assert (found.place, found.budget) == ("here", BUDGET)


def test_what_is_smaller_than_any_process_never_goes_to_one() -> None:
    tiny = Budget(1000, "test")
    assert admit(peaks(polars=gib(0, 0.001, 0.01)), tiny, "collect", "streaming").place == "here"
