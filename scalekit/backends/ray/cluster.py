"""Tasks on Ray: submitted, waited for with a deadline, and their failures told in scalekit's words."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import polars as pl
import pyarrow as pa
import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

from scalekit.backends.ray.collections import adopted, lent
from scalekit.backends.ray.failures import own_error, reason
from scalekit.backends.ray.gangs import Members
from scalekit.backends.ray.machine import uses_tls
from scalekit.backends.ray.session import Session
from scalekit.backends.tasks.cluster import Cluster, Ref, Resources, Submitted
from scalekit.backends.tasks.members import Gang
from scalekit.backends.tasks.versions import Versions
from scalekit.errors import ExecutionError, ScalekitError
from scalekit.kernels.gang import Result
from scalekit.kernels.task import Facts, located
from scalekit.sources.base import Source

T = TypeVar("T")

GRACE = 1.0
"""Seconds that the tasks of a query have to end by themselves, when it failed or was interrupted."""

HUNGER = 60.0
"""Seconds to wait for a node where there is none."""

LOOK = 1.0
"""Seconds after which a wait looks whether Ray is still there."""


@dataclass(frozen=True, slots=True)
class _Flying:
    """A task whose report was not fetched yet."""

    packed: Ref
    facts: Facts
    tables: Sequence[Ref]


class RayCluster(Cluster):
    """The tasks of one query on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._flying: dict[Ref, _Flying] = {}
        self._starved: float | None = None
        self._members: Members | None = None

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        """Hand the task to Ray, which starts it when its tables are there."""
        task = self._session.task.options(num_returns=outputs + 1)
        *made, report = task.remote(packed, facts, *tables)
        self._flying[report] = _Flying(packed, facts, made)
        return Submitted(made, report)

    def fetch(self, refs: Sequence[Ref]) -> list[Any]:
        """Wait for values and bring them here; tables leave the object store."""
        return [_detached(v) if isinstance(v, pa.Table) else v for v in self.bring(refs)]

    def bring(self, refs: Sequence[Ref]) -> list[Any]:
        """Wait for values; tables stay in the object store while they are referred to."""
        with self._failures(refs):
            values = self._get(list(refs))
        for ref in refs:
            self._flying.pop(ref, None)
        return values

    @property
    def address(self) -> str:
        """That of the control plane."""
        return str(ray.get_runtime_context().gcs_address)

    @property
    def is_encrypted(self) -> bool:
        """Whether Ray was told to use TLS."""
        return uses_tls()

    def everywhere(self, question: Callable[[], T]) -> Mapping[str, T]:
        """What a worker of each node says."""
        return self._session.everywhere(question)

    def versions(self) -> Mapping[str, Versions]:
        """What the workers of each node have installed."""
        return self._session.versions()

    @property
    def session(self) -> object:
        """The connection, to which tables belong longer than to a query."""
        return self._session

    @property
    def is_alive(self) -> bool:
        """Whether the connection answers."""
        return not self._session.failure()

    def again(self) -> RayCluster:
        """The same connection for another query."""
        return RayCluster(self._session)

    def adopt(self, source: Source, columns: Sequence[str]) -> list[Ref] | None:
        """The blocks of a dataset of Ray Data."""
        return adopted(source, columns)

    def lend(self, parts: Sequence[Sequence[Ref]], schema: pl.Schema) -> Any:  # noqa: ARG002 - the tables tell
        """A dataset of Ray Data over tables that are here."""
        return lent(parts)

    def seats(self) -> list[str]:
        """One for each core."""
        return [f"core {number}" for number in range(self._session.resources().slots)]

    def gang(self, gang: Gang, tell: Callable[[int], None]) -> list[Result]:
        """One actor on each of several cores."""
        self._members = Members(self._session, gang, tell)
        try:
            return self._members.run()
        finally:
            self._members = None

    def put(self, value: Any) -> Ref:
        """Put a value into the object store."""
        return ray.put(value)

    def any_done(self, reports: Sequence[Ref]) -> Sequence[int]:
        """Wait until some reports are there."""
        refs = list(reports)
        with self._failures(refs):
            while not ray.wait(refs, timeout=LOOK)[0]:
                self._look()
            ready = set(ray.wait(refs, num_returns=len(refs), timeout=0)[0])
        return [number for number, ref in enumerate(refs) if ref in ready]

    @property
    def resources(self) -> Resources:
        """Cores of all nodes, and the least memory for one; one core where none is there yet."""
        found = self._session.resources()
        return replace(found, slots=max(1, found.slots))

    def _get(self, refs: list[Ref]) -> list[Any]:
        patience = LOOK
        while True:
            try:
                return list(ray.get(refs, timeout=patience))
            except GetTimeoutError:
                self._look()
                patience = min(2 * patience, 60.0)

    def _look(self) -> None:
        """See that Ray is still there, and has something to run tasks with."""
        failure = self._session.failure()
        if failure:
            self._flying.clear()  # nobody is there to take them back from
            raise ExecutionError(
                f"Ray stopped while the query ran ({failure}), and with it the tables of this query; run it again: "
                "scalekit connects anew, or starts Ray again where it had started it"
            )
        if self._session.resources().slots:
            self._starved = None
        elif self._starved is None:
            self._starved = time.monotonic()
        elif time.monotonic() - self._starved > HUNGER:
            raise ExecutionError(
                f"Ray has had no node with a core for {HUNGER:.0f} s: start one, with  ray start --address=..."
            )

    @contextmanager
    def _failures(self, refs: Sequence[Ref]) -> Iterator[None]:
        try:
            yield
        except RayTaskError as error:
            self.cancel()
            raise own_error(error) from None
        except RayError as error:
            named = self._named(error, refs)
            self.cancel()
            raise named from None
        except BaseException:
            self.cancel()
            raise

    def cancel(self) -> None:
        """End what nobody waits for any more.

        What is about to end is left to do so: a task that Ray 2.60 cancels in the moment in which it ends
        brings down the process that cancels it (docs/decisions/0009).
        """
        if self._members is not None:
            self._members.stop()
        flying, self._flying = self._flying, {}
        if not flying:
            return
        _, running = ray.wait(list(flying), num_returns=len(flying), timeout=GRACE)
        for report in running:
            with suppress(RayError, ValueError):
                ray.cancel(report, force=True)
        for report in flying.keys() - set(running):
            for ref in (report, *flying[report].tables):
                # Ray prints the error of a reference that nobody has read.
                with suppress(RayError):
                    ray.get(ref, timeout=0)

    def _named(self, error: RayError, refs: Sequence[Ref]) -> ScalekitError:
        """What Ray says, with the stage and the part that it said it of."""
        plain = ExecutionError(reason(error))
        for task in (self._flying[ref] for ref in refs if ref in self._flying and _has_failed(ref)):
            with suppress(RayError):
                stage = pickle.loads(ray.get(task.packed, timeout=LOOK))
                return located(plain, stage, task.facts)
        return plain


def _has_failed(ref: Ref) -> bool:
    try:
        ray.get(ref, timeout=0)
    except GetTimeoutError:
        return False
    except RayError:
        return True
    return False


def _detached(table: pa.Table) -> pa.Table:
    """A copy in this process's memory: what refers to the object store keeps it full, and ends with it."""
    buffers: list[pickle.PickleBuffer] = []
    plan = pickle.dumps(table, protocol=5, buffer_callback=buffers.append)
    copies = [pa.py_buffer(buffer.raw().tobytes()) for buffer in buffers]
    copy: pa.Table = pickle.loads(plan, buffers=copies)
    return copy
