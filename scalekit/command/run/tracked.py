"""Whether and where a run of an experiment leaves its runs: ``[track]``, over the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scalekit.command.experiment.experiment import Experiment
from scalekit.config import config
from scalekit.errors import ScalekitError
from scalekit.tracking.names import check_name
from scalekit.tracking.track import ActiveRun, track

_KEYS = ("project", "tags", "enabled")


def track_of(experiment: Experiment) -> dict[str, Any] | None:
    """What :func:`scalekit.track` is called with; None where nothing is to be kept.

    Raises
    ------
    ConfigError
        For keys and values that have no meaning.
    """
    section = experiment.sections["track"]
    section.only(*_KEYS)
    tags = section.section("tags")
    for key, value in tags.values.items():
        if not isinstance(value, str):
            raise tags.unexpected(key, "text")
    project = section.text("project")
    if not section.switch("enabled", default=True):
        return None
    return {
        "project": check_name_of(experiment, project),
        "tags": {"experiment": experiment.name, **tags.values},
    }


def check_name_of(experiment: Experiment, project: str | None) -> str:
    """The project: what ``[track]`` says, else the experiment's name.

    Raises
    ------
    ConfigError
        Where a project cannot be called so.
    """
    section = experiment.sections["track"]
    try:
        return check_name(project or experiment.name, "project")
    except ScalekitError as error:
        way_out = "" if project else "; give another as project = ... in [track]"
        raise section.wrong("project", f"{error}{way_out}") from error


@contextmanager
def tracked(experiment: Experiment) -> Iterator[ActiveRun | None]:
    """A block whose fits and evaluations are kept; nothing is where ``[track]`` says ``enabled = false``."""
    given = track_of(experiment)
    if given is None:
        with config(track=False):
            yield None
        return
    with track(**given) as run:
        yield run
