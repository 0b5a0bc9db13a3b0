"""Which backends there are, and whether each can be used here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, PackageNotFoundError, version

from scalekit.backends.registry import available, get_backend
from scalekit.errors import MissingDependencyError

_PACKAGES: Mapping[str, str] = {
    "polars": "polars",
    "pandas": "pandas",
    "serial": "polars",
    "dask": "distributed",
    "ray": "ray",
}
"""The package whose version says most; of backends of others, their own."""

PACKAGES = (
    "scikit-learn",
    "numpy",
    "scipy",
    "pyarrow",
    "narwhals",
    "xgboost",
    "xgboost-cpu",
    "lightgbm",
    "mlflow-skinny",
    "mlflow",
    "sqlalchemy",
    "deltalake",
    "obstore",
)
"""What else scalekit works with, where it is installed."""


@dataclass(frozen=True)
class BackendState:
    """A backend as it is here.

    Attributes
    ----------
    name
        As settings name it.
    usable
        Whether queries can run on it.
    version
        Of its package; None where that is not installed.
    why
        Why it is not usable, and the way out.
    """

    name: str
    usable: bool
    version: str | None
    why: str = ""


def backend_states() -> tuple[BackendState, ...]:
    """Every registered backend, loaded to see that it can be."""
    return tuple(_state(name, entry) for name, entry in available().items())


def _state(name: str, entry: EntryPoint) -> BackendState:
    found = _version(_PACKAGES.get(name) or (entry.dist.name if entry.dist else name))
    try:
        get_backend(name)
    except MissingDependencyError as error:
        return BackendState(name, usable=False, version=None, why=str(error))
    except Exception as error:  # a broken installation of somebody else's package
        why = f"its package does not load: {type(error).__name__}: {error}"
        return BackendState(name, usable=False, version=found, why=why)
    return BackendState(name, usable=True, version=found)


def package_versions() -> Mapping[str, str]:
    """Versions of what is installed of the packages that scalekit works with."""
    found = {name: _version(name) for name in PACKAGES}
    return {name: text for name, text in found.items() if text is not None}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
