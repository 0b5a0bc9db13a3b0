"""Where a fit runs: the estimator's own in memory, or passes over rows that stay where they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from scalekit import parts, run
from scalekit.backends.watch import Watch
from scalekit.config import Config
from scalekit.frame.frame import Frame
from scalekit.kernels.schema import schema_of
from scalekit.learn.local import fit_here
from scalekit.learn.record import FitRecord, package_versions
from scalekit.learn.roles import Roles
from scalekit.learn.wishes import Wishes
from scalekit.plan.nodes import Plan
from scalekit.plan.order import has_order

if TYPE_CHECKING:
    from scalekit.learn.strategies.choice import Chosen

COPIES = 4
"""How often a fit in memory holds its rows, about: as they were read, as a pandas frame, and what an estimator makes."""


@dataclass(frozen=True)
class Route:
    """Where and how a fit will run.

    Attributes
    ----------
    config
        Settings, whose backend is decided.
    wishes
        What was asked for.
    reason
        Why it runs so.
    chosen
        The strategies of a fit by passes; None for the estimator's own fit in memory.
    """

    config: Config
    wishes: Wishes
    reason: str
    chosen: Chosen | None

    def fit(self, estimator: Any, frame: Frame, roles: Roles, watch: Watch) -> Any:
        """Run the fit, and leave its record on the model.

        Raises
        ------
        NotDistributableError
            Where an estimator has no fit over partitions; before anything is read.
        """
        if self.chosen is None:
            fitted = fit_here(estimator, frame, roles, self.config, watch)
            fitted.scalekit_fit_ = replace(fitted.scalekit_fit_, solver=self.wishes.solver)
            return fitted
        over_parts = import_module("scalekit.learn.over_parts")
        plan = frame.select(*roles.columns)._plan
        about = (plan, roles, self.config)
        fitted, driver = over_parts.fit_over_parts(self.chosen, *about, watch, self.wishes)
        verified = None
        if self.wishes.verify:
            verifying = import_module("scalekit.learn.verifying")
            verified = verifying.verify_fit(estimator, self.chosen, *about, self.wishes)
        fitted.scalekit_fit_ = self.record(
            plan,
            roles,
            driver.rows,
            driver.passes,
            None if verified is None else verified.difference,
        )
        return fitted

    def record(
        self, plan: Plan, roles: Roles, rows: int, passes: int, verified: float | None = None
    ) -> FitRecord:
        """What a fit by passes leaves on the model."""
        assert self.chosen is not None
        types = schema_of(plan)
        several = roles.targets or None
        return FitRecord(
            strategy=self.chosen.strategies[0].kind,
            exactness=self.chosen.exactness,
            rows=rows,
            features=roles.features,
            feature_types=tuple(str(types[name]) for name in roles.features),
            target=roles.targets[0] if len(roles.targets) == 1 else several,
            sample_weight=roles.weight,
            order="frame" if has_order(plan) else "row hash",
            backend=self.config.backend,
            solver=self.wishes.solver,
            versions=package_versions(),
            passes=passes,
            verified=verified,
        )


def choose_route(
    estimator: Any, frame: Frame, roles: Roles, config: Config, wishes: Wishes
) -> Route:
    """Decide where a fit runs; nothing is read."""
    strategies = import_module("scalekit.learn.strategies.choice")  # with scikit-learn
    plan = frame.select(*roles.columns)._plan
    config = config.given("sk.fit", backend=run.decide(plan, config).backend)
    if wishes.solver == "memory":
        return Route(config, wishes, "solver='memory' was asked for", None)
    why = _why_passes(plan, config, wishes)
    unsupported = wishes.on_unsupported if why else "gather"
    chosen = strategies.choose(estimator, unsupported, max_rows=wishes.max_rows)
    if not why and chosen.is_everywhere:
        why = "the same rule as on a cluster"
    if not why:
        return Route(config, wishes, "the rows fit the memory here", None)
    return Route(config, wishes, why, chosen)


def _why_passes(plan: Plan, config: Config, wishes: Wishes) -> str:
    if wishes.solver == "passes":
        return "solver='passes' was asked for"
    if parts.is_cluster(config):
        return f"the rows are on {config.backend}"
    return "" if _fits(plan, config) else "the rows do not fit the memory here"


def _fits(plan: Plan, config: Config) -> bool:
    """Whether all rows fit the memory here, as often as a fit holds them; where nobody knows, they do."""
    size, room = run.estimates(plan)[plan].bytes, parts.room(config)
    return size is None or room is None or COPIES * size.guess <= room
