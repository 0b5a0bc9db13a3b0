"""Where a fit runs: the estimator's own in memory, or passes over rows that stay where they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scalekit import parts, run
from scalekit.backends.watch import Watch
from scalekit.config import Config
from scalekit.frame.frame import Frame
from scalekit.kernels.schema import schema_of
from scalekit.learn.local import fit_here
from scalekit.learn.record import FitRecord, package_versions
from scalekit.learn.roles import Roles
from scalekit.plan.order import has_order

if TYPE_CHECKING:
    from scalekit.learn.strategies.choice import Chosen, OnUnsupported

COPIES = 4
"""How often a fit in memory holds its rows, about: as they were read, as a pandas frame, and what an estimator makes."""


@dataclass(frozen=True)
class Wishes:
    """What a user asks of a fit."""

    solver: str = "auto"
    on_unsupported: OnUnsupported = "error"
    max_rows: int = 100_000


@dataclass(frozen=True)
class Route:
    """Where and how a fit will run.

    Attributes
    ----------
    config
        Settings, whose backend is decided.
    wishes
        What was asked for.
    chosen
        The strategies of a fit by passes; None for the estimator's own fit in memory.
    """

    config: Config
    wishes: Wishes
    chosen: Chosen | None

    def fit(self, estimator: Any, frame: Frame, roles: Roles, watch: Watch) -> Any:
        """Run the fit, and leave its record on the model."""
        if self.chosen is None:
            fitted = fit_here(estimator, frame, roles, self.config, watch)
            fitted.scalekit_fit_ = replace(fitted.scalekit_fit_, solver=self.wishes.solver)
            return fitted
        from scalekit.learn.over_parts import fit_over_parts

        plan = frame.select(*roles.columns)._plan
        fitted, driver = fit_over_parts(
            self.chosen, plan, roles, self.config, watch,
            on_unsupported=self.wishes.on_unsupported, max_rows=self.wishes.max_rows,
        )  # fmt: skip
        types = schema_of(plan)
        several = roles.targets or None
        fitted.scalekit_fit_ = FitRecord(
            strategy=self.chosen.strategy.kind,
            exactness=self.chosen.exactness,
            rows=driver.rows,
            features=roles.features,
            feature_types=tuple(str(types[name]) for name in roles.features),
            target=roles.targets[0] if len(roles.targets) == 1 else several,
            sample_weight=roles.weight,
            order="frame" if has_order(plan) else "row hash",
            backend=self.config.backend,
            solver=self.wishes.solver,
            versions=package_versions(),
            passes=driver.passes,
        )
        return fitted


def choose_route(
    estimator: Any, frame: Frame, roles: Roles, config: Config, wishes: Wishes
) -> Route:
    """Decide where a fit runs; nothing is read.

    Raises
    ------
    NotDistributableError
        Where the rows are on a cluster, or too many for the memory here, and an estimator has no fit over partitions.
    """
    from scalekit.learn.strategies.choice import choose

    plan = frame.select(*roles.columns)._plan
    decided = run.decide(plan, config).backend
    config = config.given("sk.fit", backend=decided)
    if wishes.solver == "memory":
        return Route(config, wishes, None)
    has_to = wishes.solver == "passes" or parts.is_cluster(config) or not _fits(plan, config)
    chosen = choose(estimator, wishes.on_unsupported if has_to else "gather", rows=wishes.max_rows)
    return Route(config, wishes, chosen if has_to or chosen.is_everywhere else None)


def _fits(plan: Any, config: Config) -> bool:
    """Whether all rows fit the memory here, as often as a fit holds them; where nobody knows, they do."""
    size, room = run.estimates(plan)[plan].bytes, parts.room(config)
    return size is None or room is None or COPIES * size.guess <= room
