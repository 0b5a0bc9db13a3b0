"""What is installed on Dask's workers: compared with this process, and sent there where that is asked for."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from distributed.diagnostics.plugin import UploadFile

from scalekit.backends.tasks.versions import Versions, check_versions, versions_here

LOADING = 60.0
"""Seconds for a worker to load scalekit."""

Ask = Callable[[Callable[[], Any], float], Any]


def checked(client: Any, ask: Ask, workers: list[str], *, ship: bool) -> set[str]:
    """The workers that can run scalekit as this process does; those that are just going away are not among them.

    Parameters
    ----------
    client, ask
        The client of Dask, and how it is asked within some seconds.
    workers
        Their addresses.
    ship
        Whether those that lack scalekit are sent it.

    Raises
    ------
    MissingDependencyError, ExecutionError
        From :func:`~scalekit.backends.tasks.versions.check_versions`.
    """
    found = told_by(client, ask, workers)
    lacking = [name for name, told in found.items() if told.scalekit is None and told.polars]
    if ship and lacking:
        _ship(client, ask)
        found.update(told_by(client, ask, lacking))
    check_versions("Dask", "dask", found)
    return set(found)


def told_by(client: Any, ask: Ask, workers: list[str]) -> dict[str, Versions]:
    """What these workers have installed; those that are just going away do not say."""
    answers = ask(
        lambda: client.run(versions_here, workers=workers, on_error="return", asynchronous=True),
        LOADING,
    )
    found = {name: told for name, told in answers.items() if isinstance(told, Versions)}
    failed = {
        name: str(told)
        for name, told in answers.items()
        if not isinstance(told, Versions | OSError | TimeoutError)
    }
    return found | (_installed(client, ask, failed) if failed else {})


def _installed(client: Any, ask: Ask, failed: dict[str, str]) -> dict[str, Versions]:
    """The versions on workers that cannot run scalekit, of which each told why."""
    question = {"op": "versions", "packages": ["polars", "scalekit", "pyarrow", "cloudpickle"]}
    answers = ask(
        lambda: client.scheduler.broadcast(msg=question, workers=list(failed), on_error="ignore"),
        LOADING,
    )
    found = {}
    for name, answer in answers.items():
        packages = answer["packages"]
        # Metadata may lie about: what could not be imported is not there.
        has = {
            p: packages[p] if f"'{p}" not in failed[name] else None for p in ("polars", "scalekit")
        }
        found[name] = Versions(
            packages["python"],
            has["polars"],
            has["scalekit"],
            packages.get("pyarrow"),
            packages.get("cloudpickle"),
        )
    return found


def _ship(client: Any, ask: Ask) -> None:
    """Send this process' copy of scalekit to all workers, and to those that come later."""
    package = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "scalekit.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(package.rglob("*.py")):
                packed.write(path, path.relative_to(package.parent))
        # Workers only: a scheduler reads graphs that name no more than the standard library.
        ask(lambda: client.register_plugin(UploadFile(str(archive), load=True)), LOADING)
