"""Where a run came about: commit of the code, user and machine, versions of packages."""

from __future__ import annotations

import getpass
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib import metadata
from typing import Any

_SECONDS = 5

PACKAGES = {
    "scalekit": "scalekit",
    "scikit-learn": "sklearn",
    "numpy": "numpy",
    "scipy": "scipy",
    "pandas": "pandas",
    "polars": "polars",
    "pyarrow": "pyarrow",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "dask": "dask",
    "ray": "ray",
}
"""Packages whose versions a run names, where they are loaded, and the module of each."""


def code_state() -> Mapping[str, Any]:
    """Commit, branch, and whether files were changed since, of the repository that the process runs in.

    Empty where there is no repository, or no git. The address of its remote is left out: it may hold credentials.
    """
    status = _git("status", "--porcelain=v2", "--branch", "--untracked-files=no")
    lines = (status or "").splitlines()
    heads = [line.removeprefix("# branch.").split(" ", 1) for line in lines if line[:2] == "# "]
    known = {pair[0]: pair[1] for pair in heads if len(pair) == 2}
    if not status or known.get("oid", "(initial)") == "(initial)":
        return {}
    dirty = any(not line.startswith("#") for line in lines)
    return {"commit": known["oid"], "branch": known.get("head", ""), "dirty": dirty}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", *arguments],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return None
    return done.stdout if done.returncode == 0 else None


def machine() -> Mapping[str, str]:
    """User, host and platform."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        user = str(os.getuid())
    return {"user": user, "host": platform.node(), "platform": platform.platform(terse=True)}


def loaded_versions() -> Mapping[str, str]:
    """Versions of Python and of those packages that are loaded and that a run may depend on."""
    loaded = {name: sys.modules.get(module) for name, module in PACKAGES.items()}
    found = {n: str(getattr(m, "__version__", "?")) for n, m in loaded.items() if m is not None}
    return {"python": platform.python_version(), **found}


@lru_cache(maxsize=1)
def installed_packages() -> tuple[tuple[str, str], ...]:
    """Name and version of every installed package, sorted: the lock of the environment."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(name, distribution.version)
    return tuple(sorted(found.items(), key=lambda item: item[0].lower()))
