"""Random plans over awkward data, run on every backend and compared: what nobody thought of writing as a case.

Run as ``python -m scalekit.testing.fuzz --plans 1000 --seed 0 --backend polars``. A plan that differs is
printed with its seed, from which it is built again. The seed also says into how many parts a cluster cuts
every table, and which tables it broadcasts; who has no parts takes no notice.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Mapping, Sequence

from scalekit.config import Settings, config
from scalekit.errors import ScalekitError
from scalekit.frame.frame import Frame
from scalekit.plan.explain import render
from scalekit.testing.compare import assert_answers, expected_of
from scalekit.testing.in_parts import BROADCASTS, FEW, MANY
from scalekit.testing.random_expressions import Dice
from scalekit.testing.random_plans import plan_of

__all__ = ["check", "check_plan", "main", "plan_of", "random_settings", "settings_of"]


def settings_of(seed: int) -> Settings:
    """How a cluster cuts the tables of this seed's plan."""
    return random_settings(random.Random(f"parts {seed}"))


def random_settings(dice: Dice) -> Settings:
    """How a cluster cuts tables: seldom into many parts, which take long."""
    partitions = MANY if dice.random() < 0.05 else dice.choice(FEW)
    return {"partitions": partitions, "broadcast_bytes": dice.choice((*BROADCASTS, 500))}


def check(seed: int, backends: Sequence[str]) -> Mapping[str, str]:
    """Build the plan of ``seed`` and compare every backend with the reference: backend to difference."""
    return check_plan(plan_of(seed), settings_of(seed), backends)


def check_plan(frame: Frame, settings: Settings, backends: Sequence[str]) -> Mapping[str, str]:
    """Compare every backend with the reference: backend to difference."""
    found: dict[str, str] = {}
    expected = expected_of(frame)
    if isinstance(expected, ScalekitError):
        # An optimizer may well drop the row that fails: only cases say which failures all backends share.
        return found
    for backend in backends:
        try:
            with config(**settings):
                assert_answers(frame, backend, expected)
        except AssertionError as error:
            found[backend] = str(error)
    return found


def main() -> int:
    """Check as many plans as asked for; the exit code says whether any differed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--plans", type=int, default=1000, help="how many plans (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default: %(default)s)")
    parser.add_argument(
        "--backend",
        default="polars,pandas,serial",
        help="backends to compare (default: %(default)s)",
    )
    given = parser.parse_args()
    wrong = 0
    started = time.monotonic()
    for seed in range(given.seed, given.seed + given.plans):
        for backend, difference in check(seed, given.backend.split(",")).items():
            wrong += 1
            sys.stdout.write(
                f"\nseed {seed} on {backend} with {settings_of(seed)}:\n"
                f"{render(plan_of(seed)._plan)}\n{difference}\n"
            )
    sys.stdout.write(
        f"{given.plans} plans from seed {given.seed}: {wrong} differ, {time.monotonic() - started:.0f} s\n"
    )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
