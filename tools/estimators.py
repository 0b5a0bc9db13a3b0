"""How each estimator is fitted over partitions, and how exact that is: writes ``docs/estimators.md``.

The table is that of ``scalekit.learn.strategies``; differences are measured by the tests' own cases, on rows in eight uneven
parts of which one is empty and one has a single row.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from scalekit.learn.strategies.strategy import Refused, Strategy
from scalekit.learn.strategies.table import strategies
from tests.learn.fits.every_case import every_case
from tests.learn.fits.harness import Case, differences, over_parts, plain, scattered

PAGE = Path(__file__).parents[1] / "docs" / "estimators.md"

_HEAD = """# Estimators

How `sk.fit` fits each estimator where the rows stay in their partitions: on a cluster, or on one machine whose
memory they do not fit. The model is a genuine scikit-learn (or XGBoost, LightGBM) object either way. This page is written by `make docs`.

| kind | what it asks of the rows |
| --- | --- |
| stateless | nothing: names and types are enough |
| statistics | sums, counts and extremes, from which the model follows |
| quantiles | exact order statistics, by counting |
| iterative | an objective, its gradient or the like in each pass, as the in-memory solver does |
| gang | all workers train together, and exchange what each has summed |
| sampled | some rows, chosen by their values, on which the estimator's own fit runs |
| streamed | its own `partial_fit`, over batches in the order of the frame |
| composed | what its members ask for, in the same passes |

| exactness | the model, compared with scikit-learn's own fit of all rows in memory |
| --- | --- |
| exact | equal, to rounding |
| converged | equal to the tolerance of the solver |
| in_law | another draw from the same distribution, as another `random_state` would give |
| approximate | learned by an approximation of its own fit |
| sampled | learned from a part of the rows |

*Difference* is the largest that the tests have measured between attributes of both models, relative to the largest value
of the attribute, over parameters, weights, missing values, and columns that are constant or far from zero. *Bound* is what the tests allow.
Where both are empty, the tests compare predictions, or the same model on every backend.
"""


def page(measured: Mapping[str, tuple[float, float]]) -> str:
    """The page, with the differences that were measured and their bounds by class."""
    known = {name: s for name, s in strategies().items() if isinstance(s, Strategy)}
    refused = {name: s for name, s in strategies().items() if isinstance(s, Refused)}
    lines = [_HEAD, "## Fitted over partitions", ""]
    lines += ["| estimator | kind | exactness | passes | difference | bound | note |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
    lines += [_row(name, known[name], measured.get(name)) for name in sorted(known, key=str.lower)]
    lines += ["", f"{len(known)} estimators.", "", "## Refused", "", _REFUSED, ""]
    lines += ["| estimator | why | in its place |", "| --- | --- | --- |"]
    lines += [_refusal(name, refused[name]) for name in sorted(refused, key=str.lower)]
    return "\n".join([*lines, ""])


_REFUSED = """These raise `NotDistributableError` before anything is read, where their rows are in partitions. `on_unsupported="sample"` fits
them on some rows, which their values choose, and `"gather"` on all, brought to one machine. In memory everything fits as always."""


def _row(name: str, strategy: Strategy, measured: tuple[float, float] | None) -> str:
    cells = [f"`{name}`", strategy.kind, strategy.exactness, strategy.passes]
    cells += ["", ""] if measured is None else [_number(value) for value in measured]
    return f"| {' | '.join([*cells, strategy.note])} |"


def _number(value: float) -> str:
    return "0" if value == 0 else f"{value:.0e}" if np.isfinite(value) else ""


def _refusal(name: str, refused: Refused) -> str:
    return f"| `{name}` | {refused.reason} | {', '.join(refused.instead)} |"


def measured() -> Mapping[str, tuple[float, float]]:
    """The largest difference of each class, and the largest tolerance of its cases."""
    found: dict[str, tuple[float, float]] = {}
    for case, rows in every_case().values():
        name = type(case[0]).__name__
        before = found.get(name, (0.0, 0.0))
        found[name] = (max(before[0], difference(case, rows)), max(before[1], case[2]))
    return found


def difference(case: Case, rows: object) -> float:
    """How far a fit over eight uneven parts is from the plain one."""
    estimator, roles, _, how = case
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with scattered(rows, "serial-8", Path(folder)) as frame:  # type: ignore[arg-type]
            ours = over_parts(estimator, frame, roles)
        theirs = plain(estimator, rows, roles)  # type: ignore[arg-type]
    return max(_apart(ours, theirs, how.get("loose", {})), default=0.0)


def _apart(ours: object, theirs: object, loose: Mapping[str, float]) -> Iterator[float]:
    shared = set(vars(ours)) & set(vars(theirs)) - {"scalekit_fit_"} - set(loose)
    for name in sorted(shared):
        for what, value in differences(vars(ours)[name], vars(theirs)[name], name):
            if not what.endswith("_time']"):  # in the results of a search
                yield value


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(measured()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
