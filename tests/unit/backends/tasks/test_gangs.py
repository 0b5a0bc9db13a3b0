"""Gangs on a cluster: how parts are dealt, what is tried again, and which error is told."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import parts
from scalekit.backends.serial import SerialBackend, SerialCluster
from scalekit.backends.tasks import gangs
from scalekit.backends.tasks.gangs import dealt
from scalekit.backends.tasks.members import Gang, MemberLostError
from scalekit.config import resolve
from scalekit.errors import ExecutionError
from scalekit.kernels.gang import Meeting, Result, Seat, Share, Work, leave, meet, take_part
from scalekit.kernels.task import pack


def sum_of_x(share: Share, seat: Seat) -> Any:
    assert len(seat.told) == seat.size
    return sum(frame["x"].sum() for frame in share), sum(frame.height for frame in share)


def nothing_to_say(seat: Seat) -> Meeting:
    return Meeting(seat.number)


def never(error: Exception) -> bool:
    return False


WORK = Work("adding", nothing_to_say, sum_of_x, never)


def test_parts_are_dealt_in_order_by_size() -> None:
    sizes = [5, 1, 1, 1, 4, 2]
    hands = dealt(range(6), ["a", "b"], sizes.__getitem__, lambda _: None)
    assert hands == [[0, 5], [1, 2, 3, 4]]


def test_parts_stay_where_they_are_if_that_is_about_as_quick() -> None:
    at = ["b", "a", "b", "a", "b", "b", "b", "b"]
    hands = dealt(range(8), ["a", "b"], lambda _: 10, at.__getitem__)
    assert hands[1][:3] == [0, 2, 4]
    assert {1, 3} <= set(hands[0])
    assert abs(len(hands[0]) - len(hands[1])) <= 2


def test_a_gang_reads_its_rows_again_and_again(tmp_path: Path) -> None:
    assert gang_on(tmp_path, WORK) == (45, 10)


def gang_on(folder: Path, work: Work) -> Any:
    for number in range(5):
        rows = pl.DataFrame({"x": range(2 * number, 2 * number + 2)})
        rows.write_parquet(folder / f"{number}.parquet")
    config = resolve().given("test", backend="serial", partition_bytes=1)
    return parts.gang(sk.scan_parquet(str(folder / "*.parquet"))._plan, work, config)


class Loses(SerialCluster):
    """A cluster that loses a member some times."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.gangs: list[str] = []

    def gang(self, gang: Gang, tell: Callable[[int], None]) -> list[Result]:
        self.gangs.append(gang.name)
        if len(self.gangs) <= self.times:
            raise MemberLostError("the worker went away")
        return super().gang(gang, tell)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_is_tried_again_where_a_member_was_lost(
    times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Loses(times)
    monkeypatch.setattr(SerialBackend, "connect", lambda *_: cluster)
    if times < gangs.ATTEMPTS:
        assert gang_on(tmp_path, WORK) == (45, 10)
    else:
        with pytest.raises(ExecutionError, match="3 attempts") as caught:
            gang_on(tmp_path, WORK)
        assert not isinstance(caught.value, MemberLostError)
    assert len(set(cluster.gangs)) == min(times + 1, gangs.ATTEMPTS)


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([Result(1), Result(error=KeyError("mine"))], "mine"),
        ([Result(error=OSError("torn"), torn=True), Result(error=KeyError("mine"))], "mine"),
        ([Result(error=OSError("torn"), torn=True), Result(2)], "lost their connections"),
    ],
)
def test_tells_the_first_error_that_is_nobody_elses(
    results: Sequence[Result], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SerialCluster, "gang", lambda *_: results)
    with pytest.raises(Exception, match=message):
        gang_on(tmp_path, WORK)


def test_one_gang_waits_for_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = [0], [0]
    both = threading.Barrier(2)
    gang = SerialCluster.gang

    def counted(cluster: Any, members: Gang, tell: Any) -> Any:
        running[0] += 1
        most[0] = max(most[0], running[0])
        threading.Event().wait(0.05)
        running[0] -= 1
        return gang(cluster, members, tell)

    monkeypatch.setattr(SerialCluster, "gang", counted)

    def fit(number: int) -> None:
        both.wait()
        (tmp_path / str(number)).mkdir()
        gang_on(tmp_path / str(number), WORK)

    threads = [threading.Thread(target=fit, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_what_was_opened_is_closed_once(tmp_path: Path) -> None:
    def opens(seat: Seat) -> Meeting:
        return Meeting("here", (tmp_path / str(seat.number)).mkdir)  # fails where it is there

    assert meet("gang", pack(opens), Seat(number=7)) == "here"
    assert not list(tmp_path.iterdir())
    leave("gang")
    leave("gang")
    assert [path.name for path in tmp_path.iterdir()] == ["7"]


def test_a_member_sees_that_it_is_stopped() -> None:
    leave("stopped")
    work = Work("", nothing_to_say, lambda _, seat: seat.is_stopped(), never)
    assert take_part("stopped", pack(work), [], Seat()).value is True
    assert take_part("another", pack(work), [], Seat()).value is False


class UnportableError(Exception):
    """Cannot be made again from its pickle."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def test_errors_travel() -> None:
    def fails(share: Share, seat: Seat) -> None:
        raise UnportableError(1, 2)

    result = take_part("errors", pack(Work("", nothing_to_say, fails, never)), [], Seat())
    assert "1 and 2" in str(pickle.loads(pickle.dumps(result)).error)
