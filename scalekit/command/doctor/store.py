"""The store of runs: where it is, whether it can be read and written, and what it holds."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from scalekit.config import Config
from scalekit.errors import ScalekitError
from scalekit.storage.location import parse_location
from scalekit.storage.redaction import redact
from scalekit.tracking.registry import model_names
from scalekit.tracking.store import RunStore


@dataclass(frozen=True)
class StoreState:
    """The store as it is now.

    Attributes
    ----------
    root
        Where it is, without credentials.
    origin
        What says so.
    usable
        Whether runs can be read, and on this machine's disks written.
    projects, runs, models
        What it holds; None where it could not be read.
    why
        What is wrong, or what is worth knowing.
    """

    root: str
    origin: str
    usable: bool
    projects: int | None = None
    runs: int | None = None
    models: int | None = None
    why: str = ""


def store_state(config: Config, origin: str) -> StoreState:
    """Look at the store of the settings; nothing is written.

    Parameters
    ----------
    config
        Its ``store`` says where.
    origin
        What says so.
    """
    shown = redact(config.store)
    try:
        if problem := _unwritable(config.store):
            return StoreState(shown, origin, usable=False, why=problem)
        store = RunStore(config.store)
        ids = store.ids()
        projects = len({project for project, _ in ids})
        models = len(model_names(store))
    except (ScalekitError, OSError, ValueError) as error:
        return StoreState(shown, origin, usable=False, why=redact(str(error)))
    return StoreState(
        store.root, origin, usable=True, projects=projects, runs=len(ids), models=models
    )


def _unwritable(root: str) -> str:
    """Why nothing can be written below a folder of this machine; nothing of stores elsewhere, which a write would tell."""
    location = parse_location(root)
    if not location.is_local:
        return ""
    folder = Path(location.path)
    if folder.exists() and not folder.is_dir():
        return "it is a file, not a folder"
    there = next((place for place in (folder, *folder.parents) if place.exists()), None)
    if there is None or not os.access(there, os.W_OK | os.X_OK):
        return f"nothing can be written in {there}: choose another folder with SCALEKIT_STORE"
    return ""
