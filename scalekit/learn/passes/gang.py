"""What a gang is given of a view: its rows as batches, in the process of each member."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from scalekit.kernels.gang import Seat, Share, Work
from scalekit.learn.passes.batch import Batch, read
from scalekit.learn.passes.fused import after
from scalekit.learn.passes.requests import Gang
from scalekit.learn.passes.views import Step
from scalekit.learn.roles import Roles


def working(request: Gang) -> Work:
    """What is asked for, as it travels."""
    view = request.view
    run = _OnBatches(view.table.roles, view.steps, request.work)
    return Work(request.what, request.meet, run, request.is_torn, request.steps)


@dataclass(frozen=True, eq=False)
class _OnBatches:
    """What a member does, on a share of the rows of a table."""

    roles: Roles
    steps: tuple[Step, ...]
    work: Callable[[Iterable[Batch], Seat], Any]

    def __call__(self, share: Share, seat: Seat) -> Any:
        """Do it."""
        return self.work(Batches(share, self.roles, self.steps), seat)


@dataclass(frozen=True, eq=False)
class Batches:
    """A share of the rows after the steps of a view, without batches that have none."""

    share: Share
    roles: Roles
    steps: tuple[Step, ...]

    def __iter__(self) -> Iterator[Batch]:
        """Read the rows."""
        for frame in self.share:
            if not frame.height:
                continue
            batch = after({(): read(frame, self.roles)}, self.steps)
            if batch.height:
                yield batch
