"""What the command ends with: numbers that a build server can act on."""

from __future__ import annotations

from enum import IntEnum

from scalekit.errors import (
    ConfigError,
    DataCheckError,
    MissingDependencyError,
    ModelVersionError,
    PathNotFoundError,
    PlanError,
    PromotionRefusedError,
    RunNotFoundError,
    TargetExistsError,
    UnsupportedError,
)


class Exit(IntEnum):
    """The exit codes of every command; ``--help`` explains them too.

    Attributes
    ----------
    GOOD
        It ran, and nothing speaks against what was asked.
    NEGATIVE
        It ran, and the answer is no: checks failed, the decision is not to promote, something is not usable.
    USAGE
        The command, the experiment file or a setting is wrong, or something needed is not there; nothing was run.
    FAILED
        It failed while it ran.
    INTERRUPTED
        Somebody stopped it, as with Ctrl-C.
    """

    GOOD = 0
    NEGATIVE = 1
    USAGE = 2
    FAILED = 3
    INTERRUPTED = 130


EXPLAINED = """exit codes:
  0  all is good
  1  it ran, and the answer is no: checks failed, or the decision is negative
  2  the command, the experiment file or a setting is wrong, or something needed is missing
  3  it failed while it ran"""

_NEGATIVE = (DataCheckError, PromotionRefusedError)

_USAGE = (
    ConfigError,
    MissingDependencyError,
    ModelVersionError,
    PathNotFoundError,
    PlanError,
    RunNotFoundError,
    TargetExistsError,
    UnsupportedError,
)


def exit_of(error: BaseException) -> Exit:
    """The exit code that an error ends the command with.

    Examples
    --------
    >>> exit_of(ConfigError("no such setting")), exit_of(ValueError("x"))
    (<Exit.USAGE: 2>, <Exit.FAILED: 3>)
    """
    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED
    if isinstance(error, _NEGATIVE):
        return Exit.NEGATIVE
    return Exit.USAGE if isinstance(error, _USAGE) else Exit.FAILED
