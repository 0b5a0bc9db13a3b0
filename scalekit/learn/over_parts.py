"""A fit whose rows stay where they are: passes over partitions on a cluster, over batches on one machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl

from scalekit import parts, run
from scalekit.backends.watch import Watch
from scalekit.config import Config
from scalekit.errors import InvalidOperationError
from scalekit.learn.one_column import takes_series, the_column
from scalekit.learn.passes.batch import read
from scalekit.learn.passes.data import Data, Fitter
from scalekit.learn.passes.drive import ROOM, Driver
from scalekit.learn.passes.numbered import numbered
from scalekit.learn.passes.requests import Steps, together
from scalekit.learn.passes.steps import selected
from scalekit.learn.passes.views import Table, View
from scalekit.learn.roles import Roles
from scalekit.learn.strategies.choice import Chosen, fitter, refuse
from scalekit.learn.strategies.strategy import Adapter
from scalekit.learn.wishes import Wishes
from scalekit.plan.nodes import Filter, Limit, Plan, RowIndex, Scan, Select, WithColumns
from scalekit.plan.order import has_order
from scalekit.tree import walk

COPIES = 6
"""A part of a fit is this fraction of a query's."""

EXAMPLES = 20
"""Rows that are looked at before a fit, for names and types."""


def fit_over_parts(
    chosen: Chosen,
    plan: Plan,
    roles: Roles,
    config: Config,
    watch: Watch,
    wishes: Wishes,
    adapter: Adapter | None = None,
) -> tuple[Any, Driver]:
    """Fit an estimator by the strategy that was chosen for it.

    An ``adapter`` takes the place of that strategy, for what is more than a fit; it has the positions of rows.

    Returns
    -------
    estimator, driver
        The fitted estimator, and who read the rows for it.

    Raises
    ------
    NotDistributableError
        Where something of it has no fit over partitions; before anything is read.
    """
    refuse(chosen)
    config = in_smaller_parts(config)
    by_position = chosen.needs_positions or adapter is not None
    data = _data((chosen,), plan, roles, config, watch, wishes, by_position=by_position)
    driver = Driver(config, watch)
    data = _as_taken(chosen, data, roles)
    steps = data.fit(chosen.estimator) if adapter is None else adapter(chosen.estimator, data)
    return driver.run(steps), driver


def fit_all_over_parts(
    chosen: Mapping[str, Chosen],
    plan: Plan,
    roles: Roles,
    config: Config,
    watch: Watch,
    wishes: Wishes,
) -> tuple[dict[str, Any], Driver]:
    """Fit several estimators on the same rows in lockstep: what they ask of the rows at one time is one reading.

    Returns
    -------
    estimators, driver
        The fitted estimators by name, and who read the rows for all of them.

    Raises
    ------
    NotDistributableError
        Where one of them has no fit over partitions; before anything is read.
    """
    for name, one in chosen.items():
        with naming(name):
            refuse(one)
    config = in_smaller_parts(config)
    several = tuple(chosen.values())
    by_position = any(one.needs_positions for one in several)
    data = _data(several, plan, roles, config, watch, wishes, by_position=by_position)
    driver = Driver(config, watch)
    steps = [
        _named(name, _as_taken(one, data, roles).fit(one.estimator)) for name, one in chosen.items()
    ]
    return dict(zip(chosen, driver.run(together(steps)), strict=True)), driver


def _data(
    chosen: Sequence[Chosen],
    plan: Plan,
    roles: Roles,
    config: Config,
    watch: Watch,
    wishes: Wishes,
    *,
    by_position: bool,
) -> Data:
    """The rows that all of some estimators are fitted on."""
    ordered = has_order(plan)
    if by_position:
        plan = numbered(plan)
    is_one_pass = all(one.is_one_pass for one in chosen)
    plan = plan if is_one_pass else _ready(plan, config, watch)
    fit = fitter(wishes.on_unsupported, wishes.max_rows)
    return opened(plan, roles, config, fit, ordered=ordered)


def _as_taken(chosen: Chosen, data: Data, roles: Roles) -> Data:
    """The rows as an estimator takes them: one of text takes a column, not a table."""
    if not takes_series(chosen.estimator):
        return data
    return selected(data, the_column(chosen.estimator, roles.features))


def _named(name: str, steps: Steps) -> Steps:
    """The same fit, whose errors say which of several it was."""
    with naming(name):
        return (yield from steps)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Errors within say which of several estimators it was."""
    try:
        yield
    except Exception as error:
        error.add_note(f"while fitting {name!r}")
        raise


def in_smaller_parts(config: Config) -> Config:
    """The settings with parts of which a worker can hold several copies: as read, as an estimator sees them, as kept."""
    if not parts.is_cluster(config):  # whose batches are small as they are
        return config
    return config.given("sk.fit", partition_bytes=max(1, config.partition_bytes // COPIES))


def _ready(plan: Plan, config: Config, watch: Watch) -> Plan:
    """The plan for several readings: kept where it was computed, unless it is read as quickly again, or has no room."""
    if _is_read_again(plan, config):
        return plan
    size, room = run.estimates(plan)[plan].bytes, parts.room(config)
    if size is not None and room is not None and size.guess > ROOM * room:
        return plan
    return run.persist_scan(plan, config, watch)


def _is_read_again(plan: Plan, config: Config) -> bool:
    """Whether each reading costs little more than the rows themselves."""
    if isinstance(plan, RowIndex) and parts.is_cluster(config):
        return _is_counted(plan.input) and _is_read_again(plan.input, config)
    if not all(isinstance(node, Scan | Select | Filter | WithColumns) for node in walk(plan)):
        return False
    scans = [node.source for node in walk(plan) if isinstance(node, Scan)]
    if parts.is_cluster(config):  # what is in this process would be sent in each pass
        return all(source.travels() and source.form == "columns" for source in scans)
    return all(source.form == "frame" for source in scans)


def _is_counted(plan: Plan) -> bool:
    """Whether files may say of each part how many rows it has: then numbers of rows take no reading."""
    return all(
        isinstance(node, Select) or (isinstance(node, Scan) and node.limit is None)
        for node in walk(plan)
    )


def _fits_nothing(estimator: Any, data: Data) -> Steps:  # noqa: ARG001
    raise TypeError(f"these rows are not for fits, and {type(estimator).__name__} asked for one")


def opened(
    plan: Plan,
    roles: Roles,
    config: Config,
    fit: Fitter = _fits_nothing,
    *,
    ordered: bool = True,
) -> Data:
    """The rows of a plan as adapters take them; the first of them are read.

    Raises
    ------
    InvalidOperationError
        Where there are no rows.
    """
    first = run.collect(Limit(plan, 0, EXAMPLES), config)
    if first.is_empty():
        raise InvalidOperationError(
            "the frame has no rows to fit on: look at its filters and joins with frame.explain()"
        )
    batch = read(_without_missing_labels(first, roles), roles)
    local, weighted = not parts.is_cluster(config), roles.weight is not None
    return Data(View(Table(plan, roles, ordered)), batch.X, batch.y, weighted, local, fit)


def _without_missing_labels(rows: pl.DataFrame, roles: Roles) -> pl.DataFrame:
    """The rows, of which the passes will say where labels are missing."""
    complete = rows.drop_nulls([*roles.targets, *((roles.weight,) if roles.weight else ())])
    return complete if complete.height else rows
