"""What an adapter asks for while it fits: a pass over the rows, rows kept or brought here, or several of these at once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from scalekit.kernels.gang import Meeting, Seat
from scalekit.learn.passes.batch import Batch
from scalekit.learn.passes.views import View


@dataclass(frozen=True, eq=False)
class Pass:
    """One reading of the rows, answered by the fold of what ``kernel`` says of each batch.

    Attributes
    ----------
    view
        The rows.
    kernel
        ``kernel(batch, *broadcast)``: a function of a module, which is never called with no rows.
    combine
        ``combine(left, right)``, associative; answers are folded from the left in the order of the parts, so that a
        result does not depend on who was done first.
    broadcast
        What the kernel is given beside the rows: it travels once to each worker.
    what
        What it is about, for the progress bar: ``"means"``, ``"gradient, objective 0.6931"``.
    """

    view: View
    kernel: Callable[..., Any]
    combine: Callable[[Any, Any], Any]
    broadcast: tuple[Any, ...] = ()
    what: str = ""


@dataclass(frozen=True, eq=False)
class Keep:
    """The matrix of a view, with target and weights, is to be kept near the workers for many passes.

    It is answered by a view of the same rows: over a kept table where that fits the memory, else the view itself.
    Hashes of rows go with it where ``hashed``, and their positions where the table has them.
    """

    view: View
    hashed: bool = False
    what: str = "keeping the matrix"


@dataclass(frozen=True, eq=False)
class Gather:
    """All rows of a view, here; answered by a :class:`~scalekit.learn.passes.gathered.Gathered`."""

    view: View
    what: str = "gathering rows"


@dataclass(frozen=True, eq=False)
class Stream:
    """The rows of a view in batches of ``rows`` in the order of the frame, here, whatever the partitions.

    It is answered by an iterator of batches, of which few are on their way at one time.
    """

    view: View
    rows: int
    what: str = "streaming"


@dataclass(frozen=True, eq=False)
class Gang:
    """Members that work on the rows of a view at the same time and talk to each other, one to a worker.

    It is answered by what the first of them gives; on one machine there is one, in this process.

    Attributes
    ----------
    view
        The rows.
    meet
        ``meet(seat)``: what a member has to say to the others before they begin.
    work
        ``work(batches, seat)``, with a share of the rows that may be read as often as it likes; it travels.
    is_torn
        Whether an error says no more than that another member is gone.
    steps
        How many steps a member tells of, for the progress bar.
    """

    view: View
    meet: Callable[[Seat], Meeting]
    work: Callable[[Iterable[Batch], Seat], Any]
    is_torn: Callable[[Exception], bool]
    steps: int = 0
    what: str = "training"


@dataclass(frozen=True, eq=False)
class Errands:
    """Work that needs no more rows, done where rows are worked on, at the same time; answered by the list of results.

    Attributes
    ----------
    view
        The rows that it is about; they are not read.
    function
        ``function(payload)``: a function of a module.
    payloads
        What it is given; each travels to one worker, and its result comes back.
    """

    view: View
    function: Callable[[Any], Any]
    payloads: tuple[Any, ...]
    what: str = "models"


@dataclass(frozen=True, eq=False)
class Joint:
    """Several requests at once, answered by the list of their answers; passes over one table share one reading."""

    requests: tuple[Request, ...]


Request: TypeAlias = Pass | Keep | Gather | Stream | Gang | Errands | Joint

Steps: TypeAlias = Generator[Request, Any, Any]
"""A fit under way: it yields requests, is sent their answers, and returns the fitted estimator."""


def together(fits: Iterable[Steps]) -> Generator[Joint, list[Any], list[Any]]:
    """Several fits in lockstep, which share their passes; returns what they return, in order."""
    running = list(fits)
    results: list[Any] = [None] * len(running)
    waiting: dict[int, Request] = {}

    def advance(number: int, answer: Any) -> None:
        try:
            waiting[number] = running[number].send(answer)
        except StopIteration as end:
            waiting.pop(number, None)
            results[number] = end.value

    for number in range(len(running)):
        advance(number, None)
    while waiting:
        asked = dict(waiting)
        answers = yield Joint(tuple(asked.values()))
        for number, answer in zip(asked, answers, strict=True):
            advance(number, answer)
    return results
