"""The fit and the use of the test rows: convergence (SKL13), exactness (SKL14), reuse (SKL15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log, sqrt
from typing import Any

import numpy as np

from scalekit.errors import ScalekitError
from scalekit.judge.findings.look import Look, Said, fine, not_applicable, raised
from scalekit.judge.protocol.fingerprint import Fingerprint
from scalekit.tracking.store import RunStore

OFTEN = 20
"""Evaluations on the same rows from which the best of them looks better than it is."""

_ROUNDS = ("HistGradientBoosting",)
"""Estimators whose iterations are trees: all that were asked for are no lack of convergence."""
_DEEPEST = 8


def convergence(look: Look) -> Said:
    """SKL13: estimators within the model that stopped at ``max_iter``."""
    if look.evidence.model is None:
        return not_applicable("the model is not there")
    counted = [*_iterations(look.evidence.model)]
    if not counted:
        return not_applicable("nothing in the model iterates")
    stopped = [f"{name} ({done:,} of {most:,})" for name, done, most in counted if done >= most]
    if not stopped:
        return fine(0.0, "every iteration converged")
    fix = "scale the features, or raise max_iter: what was fitted depends on where it stopped"
    message = f"stopped before it converged: {', '.join(dict.fromkeys(stopped))}"
    return raised(float(len(stopped)), message, fix, fails=False)


def _iterations(model: Any, depth: int = 0) -> Iterator[tuple[str, int, int]]:
    """Name, iterations and the most of them of each estimator in a model."""
    if depth > _DEEPEST:
        return
    name, done, most = type(model).__name__, getattr(model, "n_iter_", None), None
    if not name.startswith(_ROUNDS):
        most = getattr(model, "max_iter", None)
    if done is not None and _is_number(most) and _stops_by_itself(model):
        yield name, int(np.max(done)), int(most)  # type: ignore[arg-type]
    for part in _parts(model):
        yield from _iterations(part, depth + 1)


def _stops_by_itself(model: Any) -> bool:
    return getattr(model, "tol", 0.0) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) > 0


def _parts(model: Any) -> Iterator[Any]:
    """The fitted estimators that an estimator holds."""
    for name, value in vars(model).items() if hasattr(model, "__dict__") else ():
        if name == "steps" or (name.endswith("_") and not name.startswith("_")):
            yield from _estimators(value)


def _estimators(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _estimators(one)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _estimators(one)
    elif hasattr(value, "get_params") and not isinstance(value, type):
        yield value


def exactness(look: Look) -> Said:
    """SKL14: a fit that looked at a sample, or that is only near to the estimator's own."""
    found = look.report.provenance.get("exactness")
    share = look.report.provenance.get("sample")
    if share is not None and share < 1:
        message = f"fitted and judged on a sample of {100 * share:g} % of the rows"
        return raised(share, message, "judge on all rows: sk.configure(sample=1)", fails=False)
    if found is None:
        return not_applicable("it was not fitted by sk.fit")
    if found in ("approximate", "sampled"):
        fix = "sk.explain_fit(model, frame) says which step it is, and what would be exact"
        return raised(1.0, f"the fit is {found}", fix, fails=False)
    return fine(0.0, f"the fit is {found}")


def reuse(look: Look) -> Said:
    """SKL15: how often a model was judged on these test rows, as far as the store of runs knows.

    The best of m models on the same rows looks better than it is by up to sqrt(2 ln m) standard errors.
    """
    try:
        earlier = _earlier(look)
    except (ScalekitError, OSError):
        return not_applicable("the store of runs cannot be read")
    if earlier is None:
        return not_applicable("runs are not kept, or the test rows have no fingerprint")
    count, users = earlier[0] + 1, max(1, earlier[1])
    by = f" by {users} people" if users > 1 else ""
    message = f"these test rows were used {count:,} time{'s' * (count > 1)}{by}"
    if count <= OFTEN:
        return fine(float(count), message)
    bias = sqrt(2 * log(count))
    fix = "judge the last candidates on rows that none was chosen by: newer ones, or another salt of the split"
    message += f": the best of them looks better than it is by up to {bias:.1f} standard errors"
    return raised(float(count), message, fix, fails=False)


def _earlier(look: Look) -> tuple[int, int] | None:
    """Evaluations on the same test rows that the store knows, and how many people did them."""
    kept = look.report.provenance.get("fingerprints", {}).get("test")
    if kept is None or look.evidence.config.track is False:
        return None
    rows = Fingerprint.from_dict(kept).id
    same = [
        record
        for record in RunStore(None, None).records(None)
        if (record.evaluation or {}).get("fingerprint") == rows
    ]
    return len(same), len({record.machine.get("user") for record in same})
