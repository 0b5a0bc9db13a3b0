"""Verifies a share of real runs on another backend, after they ran, and warns where the answers differ."""

from __future__ import annotations

import hashlib
import sys
import warnings
from itertools import count

from scalekit.config import Config
from scalekit.errors import VerificationWarning
from scalekit.kernels.schema import has_user_code
from scalekit.plan.nodes import Plan
from scalekit.proof.sample import Bound
from scalekit.proof.verification import Limits, Verified, verify
from scalekit.proof.ways import LOCAL, Execute, Way, choose_ways, installed

LIMITS = Limits(
    Bound(rows=50_000, bytes=32 * 1024**2, read_bytes=512 * 1024**2), seconds=2, total_seconds=5
)
"""What a run may cost besides: it is done in about a second, and begins nothing new after five."""

PARTS = 3
"""Parts of backends that work in parts: the boundaries are what goes wrong."""

_RUNS = count(1)


def shadow(plan: Plan, config: Config, backend: str, execute: Execute) -> None:
    """Verify the run that has just ended, where its turn has come; never raises.

    Parameters
    ----------
    plan
        What ran; a plan that calls a user's function is left alone, as that might be called for its effects.
    config
        Its settings; ``shadow`` is the share of runs to verify.
    backend
        Who ran it.
    execute
        What runs a plan.
    """
    number = next(_RUNS)
    if not is_chosen(number, config.shadow) or has_user_code(plan):
        return
    try:
        found = verify(plan, config, _ways(number, config, backend), execute, LIMITS)
    except Exception as error:  # whatever is wrong here, the run itself was fine
        _warn(f"this run could not be verified on a sample: {type(error).__name__}: {error}")
        return
    if found.differences:
        _warn(_text(found))


def is_chosen(number: int, share: float) -> bool:
    """Whether a share of all runs holds the run of this number: the same ones each time, spread evenly."""
    digest = hashlib.blake2b(str(number).encode(), digest_size=8).digest()
    return int.from_bytes(digest) < share * 2**64


def _ways(number: int, config: Config, backend: str) -> tuple[Way, ...]:
    """The backend of the run, and each time another one of this machine."""
    others = [name for name in installed(config) if name != backend and name in LOCAL]
    return choose_ways((backend, others[number % len(others)]), (PARTS,), config)


def _text(found: Verified) -> str:
    difference = next(iter(found.differences.values()))
    return (
        f"a sample of this run ({found.sample.how} of its input) has another answer on {difference.way} than on "
        f"{difference.reference}: {difference.text}; the first step that differs is {difference.step!r}. "
        "verify() of the frame shows the rows"
    )


def _warn(text: str) -> None:
    """Warn at the line of the user's that ran the query."""
    level, frame = 1, sys._getframe()
    package = __name__.partition(".")[0]
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith(package):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, VerificationWarning, stacklevel=level)
