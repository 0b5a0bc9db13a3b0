"""What a member of a gang does that trains XGBoost: its rows streamed into bins that all members share, then trees."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost
from xgboost import collective
from xgboost.tracker import RabitTracker

from scalekit.kernels.gang import Meeting, Seat
from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.strategies.common_cuts import Kind, Reference, StoppedError
from scalekit.learn.strategies.drawn_rows import Drawing, Draws

BLOCK = 1 << 17
"""Rows that are handed to XGBoost at one time."""

MEETING = 1800
"""Seconds for all members to read their rows and meet; one that died is noticed at once."""

SILENCE = 120
"""Seconds after which members are given up that do not answer, though their processes are there."""


@dataclass(frozen=True, eq=False)
class Boosting:
    """A training, as it travels.

    Attributes
    ----------
    params, rounds
        Those of ``xgboost.train``.
    reference
        Rows that make the cuts.
    facts
        What ``xgboost.DataIter`` is told of the columns: names, types and weights.
    kind
        How X is taken.
    missing
        The number that stands for missing values.
    filler
        A label that the loss takes, for a member that has no rows.
    draws
        How rows are drawn; None for all of them.
    """

    params: Mapping[str, Any]
    rounds: int
    reference: Reference
    facts: Mapping[str, Any]
    kind: Kind
    missing: float
    filler: Array
    draws: Draws | None = None

    def __call__(self, batches: Iterable[Batch], seat: Seat) -> bytes | None:
        """Train with the others; the first member gives the model."""
        params = {**self.params, "nthread": _threads(self.params.get("nthread"), seat)}
        with xgboost.config_context(verbosity=_verbosity(self.params, seat)):
            rows = _rows(self, batches)
            matrix = self._matrix(rows, params["nthread"])
            objective = self._objective(rows.hashes)
            with _together(seat):
                booster = xgboost.train(
                    params, matrix, self.rounds, obj=objective, callbacks=[_follower(seat)],
                    verbose_eval=False,
                )  # fmt: skip
                return bytes(booster.save_raw("ubj")) if seat.number == 0 else None

    def _matrix(self, rows: Any, threads: int | None) -> Any:
        """The member's rows in bins, cut as the reference: neither knows of other members."""
        made = {
            "max_bin": self.params.get("max_bin"), "missing": self.missing, "nthread": threads,
        }  # fmt: skip
        common = xgboost.QuantileDMatrix(
            self.reference.X, weight=self.reference.weight, **self.facts, **made
        )
        return xgboost.QuantileDMatrix(rows, ref=common, **made)

    def _objective(self, hashes: list[Array]) -> Callable[..., Any] | None:
        if self.draws is None:
            return None
        found = np.concatenate(hashes) if hashes else np.zeros(1, np.uint64)
        return Drawing(found, self.draws.share, self.params, self.draws.is_forest)

    def blocks(self, batches: Iterable[Batch], hashes: list[Array]) -> Iterator[dict[str, Any]]:
        """The rows as ``xgboost.DataIter`` takes them, never more than a block more than a batch.

        A member whose rows are all filtered away has one that counts nothing: the others wait for it.
        """
        found = False
        for batch in batches:
            if self.draws is not None:
                hashes.append(batch.hash(self.draws.columns, self.draws.seed))
            x = self.kind.matrix(batch)
            for start in range(0, batch.height, BLOCK):
                rows = slice(start, start + BLOCK)
                weight = {} if batch.weight is None else {"weight": batch.weight[rows]}
                yield {"data": x[rows], "label": batch.y[rows], **weight, **self.facts}
                found = True
        if not found:
            nothing = {"label": self.filler[np.newaxis], "weight": np.zeros(1)}
            yield {"data": self.reference.X[:1], **nothing, **self.facts}


def _rows(boosting: Boosting, batches: Iterable[Batch]) -> Any:
    """The rows as XGBoost asks for them, again and again."""

    class Rows(xgboost.DataIter):
        def __init__(self) -> None:
            super().__init__()
            self.hashes: list[Array] = []
            self.reset()

        def next(self, input_data: Callable[..., None]) -> bool:
            block = next(self._blocks, None)
            if block is None:
                self.hashes = self._found
                return False
            input_data(**block)
            return True

        def reset(self) -> None:
            self._found: list[Array] = []
            self._blocks = boosting.blocks(batches, self._found)

    return Rows()


def _follower(seat: Seat) -> Any:
    """What stops a training that nobody waits for, and tells how far it is."""

    class Follower(xgboost.callback.TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
            if seat.is_stopped():
                raise StoppedError("nobody waits for the model any more")
            seat.tell(epoch + 1)
            return False

    return Follower()


def _threads(wanted: int | None, seat: Seat) -> int | None:
    """The threads of a member: as many as its place has, or fewer if the user wants fewer."""
    if not seat.threads:
        return wanted
    return min(wanted, seat.threads) if wanted and wanted > 0 else seat.threads


def _verbosity(params: Mapping[str, Any], seat: Seat) -> int | None:
    """What the user set; members in other processes say nothing where nothing is set."""
    found: int | None = params.get("verbosity")
    return found if seat.size == 1 or found is not None else 0


@contextmanager
def _together(seat: Seat) -> Iterator[None]:
    """Connections to the other members, as long as it takes."""
    if seat.size == 1:
        yield
        return
    name = f"{seat.number:08d}"
    before = listening()
    try:
        with collective.CommunicatorContext(
            **seat.told[0], dmlc_task_id=name, dmlc_timeout=SILENCE, dmlc_retry=2
        ):
            yield
    except BaseException:
        # XGBoost leaves a thread behind that listens for errors of others, at all addresses of the machine.
        for descriptor, _ in listening() - before:
            _shut(descriptor)
        raise


def listening() -> set[tuple[int, Any]]:
    """Descriptors and addresses at which this process listens; none where the system does not tell."""
    found = set()
    with suppress(OSError):
        for name in os.listdir("/dev/fd"):
            with suppress(OSError), _opened(int(name)) as opened:
                if opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    found.add((int(name), opened.getsockname()))
    return found


def _shut(descriptor: int) -> None:
    """Wake who listens, and have it end."""
    with suppress(OSError), _opened(descriptor) as opened:
        opened.shutdown(socket.SHUT_RDWR)


@contextmanager
def _opened(descriptor: int) -> Iterator[socket.socket]:
    """What a descriptor stands for, as a socket."""
    copy = os.dup(descriptor)
    try:
        opened = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise
    with opened:
        yield opened


def meet(seat: Seat) -> Meeting:
    """The first member opens the tracker, through which all find each other, and says where it is."""
    if seat.number or seat.size == 1:
        return Meeting()
    tracker = RabitTracker(n_workers=seat.size, host_ip=seat.host, sortby="task", timeout=MEETING)
    tracker.start()

    def close() -> None:
        with suppress(xgboost.core.XGBoostError):  # members are gone who have not said goodbye
            tracker.free()

    return Meeting(tracker.worker_args(), close)


def is_torn(error: Exception) -> bool:
    """Whether an error says only that another member is gone."""
    is_ours = isinstance(error, xgboost.core.XGBoostError) and "/collective/" in str(error)
    return is_ours or isinstance(error, StoppedError)
