"""What a member of a gang does that trains LightGBM: its rows streamed into bins that all members share, then trees."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from scalekit.kernels.gang import Meeting, Seat
from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.strategies.common_cuts import Reference, StoppedError

BLOCK = 1 << 16
"""Rows that are handed to LightGBM at one time."""

MEETING = 5
"""Minutes for members to meet who have read their rows; LightGBM cannot be told to wait no longer."""


@dataclass(frozen=True, eq=False)
class Boosting:
    """A training, as it travels.

    Attributes
    ----------
    params, rounds
        Those of ``lightgbm.train``.
    reference
        Rows that make the cuts.
    names
        The columns; None where they have no names.
    classes
        The labels, in the order of their numbers; None of a number to predict.
    base
        Where the trees begin: LightGBM would take the mean of what members find. None where it counts all rows.
    """

    params: Mapping[str, Any]
    rounds: int
    reference: Reference
    names: list[str] | None
    classes: Array | None
    base: float | None = None

    def __call__(self, batches: Iterable[Batch], seat: Seat) -> str | None:
        """Train with the others; the first member gives the model."""
        params = {
            **self.params, "num_threads": seat.threads or self.params.get("num_threads", 0),
            "bin_construct_sample_cnt": self.reference.X.shape[0],
            "pre_partition": seat.size > 1, **({} if self.base is None else {"boost_from_average": False}),
        }  # fmt: skip
        rows = self._dataset(batches, params)
        together = params if seat.size == 1 else params | _network(seat)
        booster = lightgbm.train(together, rows, self.rounds, callbacks=[_follower(seat)])
        booster.free_network()
        if seat.number:
            return None
        if self.base is not None:
            _raise_first_tree(booster, self.base)
        found: str = booster.model_to_string()
        return found

    def _dataset(self, batches: Iterable[Batch], params: dict[str, Any]) -> Any:
        """The member's rows in bins, cut as the reference: neither knows of other members."""
        names: Any = self.names or "auto"
        common = lightgbm.Dataset(self.reference.X, params=params, feature_name=names)
        labels, weights = self._labels(batches)
        rows = _sequence(batches, self.reference, len(labels))
        begin = None if self.base is None else np.full(len(labels), self.base)
        made = lightgbm.Dataset(
            rows,
            labels,
            weight=weights,
            init_score=begin,
            reference=common,
            params=params,
            feature_name=names,
        )
        return made.construct()

    def _labels(self, batches: Iterable[Batch]) -> tuple[Array, Array | None]:
        """All targets and weights of the member; one that counts nothing where it has no rows."""
        labels, weights = [], []
        for batch in batches:
            labels.append(
                batch.y if self.classes is None else np.searchsorted(self.classes, batch.y)
            )
            weights.append(batch.weight)
        if not labels:
            return np.ones(1), np.zeros(1)
        return np.concatenate(labels), None if weights[0] is None else np.concatenate(weights)


def _raise_first_tree(booster: Any, base: float) -> None:
    """Put where the trees begin into the first one, as LightGBM does it."""
    for leaf in range(booster.dump_model(num_iteration=1)["tree_info"][0]["num_leaves"]):
        booster.set_leaf_output(0, leaf, booster.get_leaf_output(0, leaf) + base)


def _sequence(batches: Iterable[Batch], reference: Reference, rows: int) -> Any:
    """The rows as LightGBM asks for them: in their order, a block at a time."""

    class Rows(lightgbm.Sequence):
        batch_size = BLOCK

        def __init__(self) -> None:
            self._blocks = _blocks(batches, reference)
            self._held = np.empty((0, reference.X.shape[1]))

        def __len__(self) -> int:
            return rows

        def __getitem__(self, places: Any) -> Array:
            held, wanted = [self._held], places.stop - places.start
            while sum(map(len, held)) < wanted:
                held.append(next(self._blocks))
            found = np.concatenate(held) if len(held) > 1 else held[0]
            self._held = found[wanted:]
            return np.ascontiguousarray(found[:wanted])

    return Rows()


def _blocks(batches: Iterable[Batch], reference: Reference) -> Iterator[Array]:
    found = False
    for batch in batches:
        yield batch.matrix
        found = True
    if not found:
        yield reference.X[:1]


def _follower(seat: Seat) -> Callable[[Any], None]:
    """What stops a training that nobody waits for, and tells how far it is."""

    def follow(state: Any) -> None:
        if seat.is_stopped():
            raise StoppedError("nobody waits for the model any more")
        seat.tell(state.iteration + 1)

    return follow


def _network(seat: Seat) -> dict[str, Any]:
    return {
        "tree_learner": "data", "num_machines": seat.size,
        "machines": ",".join(f"{host}:{port}" for host, port in seat.told),
        "local_listen_port": seat.told[seat.number][1], "time_out": MEETING,
    }  # fmt: skip


def meet(seat: Seat) -> Meeting:
    """Each member says where it will listen: at a port that is free now."""
    with socket.socket() as found:
        found.bind((seat.host, 0))
        return Meeting((seat.host, found.getsockname()[1]))


def is_torn(error: Exception) -> bool:
    """Whether an error says only that another member is gone."""
    words = ("Socket", "socket", "connect", "linkers")
    is_ours = isinstance(error, lightgbm.basic.LightGBMError) and any(w in str(error) for w in words)  # fmt: skip
    return is_ours or isinstance(error, StoppedError)
