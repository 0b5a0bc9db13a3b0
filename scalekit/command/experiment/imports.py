"""Objects by name: ``module:name`` beside the experiment file or installed, ``package.module.Name``; never ``eval``."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from scalekit.command.experiment.section import Section, nearest, shown
from scalekit.errors import MissingDependencyError

_EXTRAS = {
    "sklearn": ("scikit-learn", "ml"),
    "xgboost": ("xgboost", "xgboost"),
    "lightgbm": ("lightgbm", "lightgbm"),
}
"""Packages that an extra of scalekit brings."""


@contextmanager
def importing_from(folder: Path) -> Iterator[None]:
    """Look for modules in ``folder`` first, as ``python folder/script.py`` does, until the block is left.

    Modules that were imported from there are forgotten then: the next experiment may have others of these names.
    """
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if is_from(sys.modules.get(name), folder):
                del sys.modules[name]


def is_from(module: object, folder: Path) -> bool:
    """Whether a module's file lies in a folder."""
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and folder in Path(file).resolve().parents


def imported(section: Section, key: str, text: str) -> Any:
    """The object of a name.

    Parameters
    ----------
    section, key
        Where the name stands, for messages.
    text
        ``"module:name"`` or ``"package.module.Name"``.

    Raises
    ------
    ConfigError
        Where it is no such name, there is no such module or object, or the module fails when it is imported.
    MissingDependencyError
        Where the module belongs to a package that an extra of scalekit brings.
    """
    module_name, names = _split(section, key, text)
    found: Any = _module(section, key, module_name)
    for name in names:
        if not hasattr(found, name):
            what = (
                f"module {module_name!r}" if found is sys.modules.get(module_name) else repr(found)
            )
            public = [known for known in dir(found) if not known.startswith("_")]
            raise section.wrong(key, f"{what} has no {name!r}{nearest(name, public)}")
        found = getattr(found, name)
    return found


def _split(section: Section, key: str, text: str) -> tuple[str, list[str]]:
    """The module, and the names to look up in it."""
    module, colon, name = text.partition(":")
    if not colon:
        module, _, name = text.rpartition(".")
    parts = [*module.split("."), *name.split(".")]
    if not module or not all(part.isidentifier() for part in parts):
        raise section.wrong(
            key,
            f"{shown(text)} is no name of an object: write 'module:name' or 'package.module.Name'",
        )
    return module, name.split(".")


def _module(section: Section, key: str, name: str) -> ModuleType:
    folder = section.document.folder
    top = name.partition(".")[0]
    _refuse_shadow(section, key, top, folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or top
        if missing != name and not name.startswith(f"{missing}."):
            raise _failed(section, key, name, error) from error
        if missing in _EXTRAS:
            package, extra = _EXTRAS[missing]
            where = section.document.where((*section.path, key))
            raise MissingDependencyError.for_extra(package, extra, purpose=where) from error
        raise section.wrong(key, _not_found(missing, folder)) from error
    except KeyboardInterrupt:
        raise
    except (
        BaseException
    ) as error:  # what a module of somebody else does when it is imported, sys.exit() too
        raise _failed(section, key, name, error) from error


def _failed(section: Section, key: str, name: str, error: BaseException) -> Exception:
    """The error of a module that was found and could not be imported."""
    return section.wrong(
        key, f"importing {name!r} failed: {type(error).__name__}: {error}{_line(error)}"
    )


def _line(error: BaseException) -> str:
    """Where in a file of the user it happened: the last frame that is no frame of the import system."""
    if isinstance(error, SyntaxError):
        return ""
    trace, found = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith("<") and file != __file__ and "importlib" not in file:
            found = f" ({Path(file).name}:{trace.tb_lineno})"
        trace = trace.tb_next
    return found


def _not_found(missing: str, folder: Path) -> str:
    beside = {path.stem for path in folder.glob("*.py")}
    beside |= {path.parent.name for path in folder.glob("*/__init__.py")}
    parent, _, last = missing.rpartition(".")
    if parent:
        return f"there is no module {missing!r}: {parent!r} has no {last!r}{_nearest_module(parent, last)}"
    listed = f" has {', '.join(sorted(beside)[:10])}" if beside else " has no module"
    return (
        f"there is no module {missing!r}{nearest(missing, beside | set(_EXTRAS))}; the experiment's folder{listed}, "
        "and no installed package has that name"
    )


def _nearest_module(parent: str, last: str) -> str:
    path = getattr(sys.modules.get(parent), "__path__", [])
    known = [info.name for info in pkgutil.iter_modules(path) if not info.name.startswith("_")]
    close = get_close_matches(last, known, n=1)
    return f" (did you mean {parent}.{close[0]!s}?)" if close else ""


def _refuse_shadow(section: Section, key: str, top: str, folder: Path) -> None:
    """Raise where a module beside the file has the name of another one that is loaded, and would not be found."""
    own = folder / f"{top}.py"
    own = own if own.exists() else folder / top / "__init__.py"
    loaded = sys.modules.get(top)
    if own.exists() and loaded is not None and not is_from(loaded, folder):
        raise section.wrong(
            key,
            f"{own.name} has the name of a module of Python or of a package, {top!r}: rename it",
        )
