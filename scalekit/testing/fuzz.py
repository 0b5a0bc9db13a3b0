"""Random plans over awkward data, run on every backend and compared: what nobody thought of writing as a case.

Run as ``python -m scalekit.testing.fuzz --plans 1000 --seed 0 --backend polars``. A plan that differs is
printed with its seed, from which it is built again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

from scalekit.errors import ScalekitError
from scalekit.plan.explain import render
from scalekit.testing.compare import assert_conforms, reference
from scalekit.testing.random_plans import plan_of

__all__ = ["check", "main", "plan_of"]


def check(seed: int, backends: Sequence[str]) -> Mapping[str, str]:
    """Build the plan of ``seed`` and compare every backend with the reference: backend to difference."""
    frame = plan_of(seed)
    found: dict[str, str] = {}
    try:
        reference(frame)
    except ScalekitError:
        # An optimizer may well drop the row that fails: only cases say which failures all backends share.
        return found
    for backend in backends:
        try:
            assert_conforms(frame, backend)
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
        "--backend", default="polars,pandas", help="backends to compare (default: %(default)s)"
    )
    given = parser.parse_args()
    wrong = 0
    for seed in range(given.seed, given.seed + given.plans):
        for backend, difference in check(seed, given.backend.split(",")).items():
            wrong += 1
            sys.stdout.write(
                f"\nseed {seed} on {backend}:\n{render(plan_of(seed)._plan)}\n{difference}\n"
            )
    sys.stdout.write(f"{given.plans} plans from seed {given.seed}: {wrong} differ\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
