"""Models on disk: the pickle, its SHA-256, the versions that it needs, and the lock of the environment it came from."""

from __future__ import annotations

import hashlib
import json
import pickle
import platform
import sys
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeAlias

from scalekit.errors import CorruptFileError, ModelVersionError, TrackingError, TrackingWarning
from scalekit.tracking.estimators import class_of, parts_of
from scalekit.tracking.plain import hidden
from scalekit.tracking.surroundings import installed_packages

FOLDER = "model"
FILE = f"{FOLDER}/model.pkl"
DESCRIPTION = f"{FOLDER}/model.json"
LOCK = f"{FOLDER}/requirements.txt"

OnMismatch: TypeAlias = Literal["error", "warn", "ignore"]
ON_MISMATCH = ("error", "warn", "ignore")

_SAME_PARTS = {"numpy": 1}
"""How many parts of a version have to be equal, of packages whose pickles last longer than a minor version."""

_PROTOCOL = 5
_BLOCK = 1 << 20
_PIP = {"sklearn": "scikit-learn"}


def save_model(model: Any, folder: Path) -> Mapping[str, Any]:
    """Save a model below ``folder``, and give what a run's record says of it.

    The pickle holds functions of the notebook itself by value (cloudpickle), those of packages by name.

    Parameters
    ----------
    model
        Any fitted object.
    folder
        The folder of a run, in which ``model/`` is made.

    Raises
    ------
    TrackingError
        Where the model cannot be pickled; the message has what is in the way.
    """
    (folder / FOLDER).mkdir(exist_ok=True)
    path = folder / FILE
    kind, dump = _pickler()
    try:
        with path.open("wb") as file:
            dump(model, file)
    except Exception as error:  # whatever a class raises when it is pickled
        path.unlink(missing_ok=True)
        raise TrackingError(
            f"the {type(model).__name__} cannot be saved: {hidden(str(error))[:300]}"
        ) from error
    found = {
        "class": class_of(model),
        "file": FILE,
        "format": kind,
        "sha256": sha256_of(path),
        "bytes": path.stat().st_size,
        "needs": versions_needed(model),
    }
    (folder / DESCRIPTION).write_text(json.dumps(found, indent=1), encoding="utf-8")
    (folder / LOCK).write_text(_lock(), encoding="utf-8")
    return found


def load_saved(
    read: Callable[[str], bytes | None],
    section: Mapping[str, Any],
    place: str,
    *,
    on_mismatch: OnMismatch = "error",
) -> Any:
    """Load a model that a run saved: versions first, then the SHA-256, and only then the pickle.

    Parameters
    ----------
    read
        Gives the content of a file of the run by its name.
    section
        What the run's record says of the model.
    place
        The run, for messages.
    on_mismatch
        What to do where installed versions are not those that the model was saved under.

    Raises
    ------
    ModelVersionError
        Where versions differ so far that the pickle may load into something else than what was saved.
    CorruptFileError
        Where the file is missing, or not the one that was saved.
    TrackingError
        Where the run has no model.
    """
    if "file" not in section:
        why = section.get("error") or "none was saved"
        raise TrackingError(f"{place} has no model: {why}")
    check_versions(section["needs"], place, on_mismatch)
    content = read(section["file"])
    if content is None:
        raise CorruptFileError(f"{place}: {section['file']} is gone")
    if hashlib.sha256(content).hexdigest() != section["sha256"]:
        raise CorruptFileError(
            f"{place}: {section['file']} is not the file that was saved (SHA-256 differs), so it is not loaded"
        )
    try:
        return pickle.loads(content)
    except ModuleNotFoundError as error:
        raise ModelVersionError(
            f"{place}: the model needs the module {error.name!r}, which is not installed here; "
            f"{LOCK} of the run has all packages that were"
        ) from error


def versions_needed(model: Any) -> dict[str, str]:
    """Versions of Python, NumPy and the packages whose classes a model is made of, by the name of the module."""
    modules = {type(part).__module__.partition(".")[0] for part in parts_of(model)}
    loaded = {name: sys.modules.get(name) for name in sorted(modules | {"numpy"})}
    found = {name: _version(module) for name, module in loaded.items() if module is not None}
    return {"python": platform.python_version()} | {n: v for n, v in found.items() if v}


def check_versions(needs: Mapping[str, str], place: str, on_mismatch: OnMismatch) -> None:
    """Compare the versions that a model needs with those that are installed."""
    differing = {name: here for name, saved in needs.items() if (here := _differs(name, saved))}
    if not differing or on_mismatch == "ignore":
        return
    listed = "; ".join(f"{name} {needs[name]} (here {here})" for name, here in differing.items())
    install = " ".join(f"{_PIP.get(n, n)}=={needs[n]}" for n in differing if n != "python")
    way = f"pip install {install}" if install else f"use Python {needs['python']}"
    text = f"{place}: the model was saved under {listed}"
    if on_mismatch == "warn":
        warnings.warn(f"{text}; it may predict something else", TrackingWarning, stacklevel=4)
        return
    raise ModelVersionError(
        f"{text}; a pickle may load into another model, or not at all. Ways out: {way}; fit it again here; or "
        "on_mismatch='warn' to load it all the same"
    )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _differs(name: str, saved: str) -> str:
    """The installed version where it is too far from the saved one; empty where it is not."""
    if name == "python":
        here = platform.python_version()
    else:
        try:
            here = _version(import_module(name)) or saved
        except ImportError:
            return "not installed"
    parts = _SAME_PARTS.get(name, 2)
    return here if here.split(".")[:parts] != saved.split(".")[:parts] else ""


def _version(module: ModuleType) -> str:
    return str(getattr(module, "__version__", ""))


def _pickler() -> tuple[str, Callable[[Any, Any], None]]:
    """What pickles functions of a notebook by value, as far as something that can is installed."""
    for module in ("cloudpickle", "joblib.externals.cloudpickle"):
        try:
            found = import_module(module)
        except ImportError:
            continue
        return "cloudpickle", partial(found.dump, protocol=_PROTOCOL)
    return "pickle", partial(pickle.dump, protocol=_PROTOCOL)


def _lock() -> str:
    lines = [f"# Python {platform.python_version()}, {platform.platform(terse=True)}"]
    lines += [f"{name}=={version}" for name, version in installed_packages()]
    return "\n".join(lines) + "\n"
