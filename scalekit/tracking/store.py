"""The store of runs: one folder for each, which appears whole and never changes.

::

    <root>/<project>/runs/<id>/run.json         what RunRecord says
                               metrics.parquet  every number with its interval, by model and slice
                               stats.parquet    block statistics, from which two runs are compared later
                               report.json, report.html, protocol.yaml
                               model/           model.pkl, model.json, requirements.txt
                               files/           what run.log(files=...) was given
    <root>/registry/<name>/v<k>.json            versions of a model (scalekit.tracking.registry)
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scalekit.config import resolve
from scalekit.errors import RunNotFoundError
from scalekit.tracking.files.base import Files
from scalekit.tracking.files.opening import open_files
from scalekit.tracking.names import is_run_id
from scalekit.tracking.opened import RECORD, Run, folder_of
from scalekit.tracking.record import RunRecord, from_json, to_json

_THREADS = 16


class RunStore:
    """Runs of all projects below one root.

    Writers need no server and no lock: a run has a name of its own, is built beside the others, and becomes
    visible in one step (a rename; in an object store a conditional write of ``run.json`` after everything
    else). Readers see all of a run or nothing of it.

    Parameters
    ----------
    root
        A folder, or a URL such as ``"s3://team/runs"``; by default the setting ``store``, which is ``.scalekit``
        in the working directory.
    storage_options
        Options of the object store or of the fsspec file system; the environment has them where none are given.

    Examples
    --------
    >>> from scalekit.tracking.store import RunStore
    >>> RunStore("runs").ids()
    ()
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        storage_options: Mapping[str, object] | None = None,
    ) -> None:
        self.files: Files = open_files(resolve().store if root is None else root, storage_options)

    @property
    def root(self) -> str:
        """The root, without credentials."""
        return self.files.root

    def __repr__(self) -> str:
        return f"RunStore({self.root!r})"

    def projects(self) -> tuple[str, ...]:
        """Names of the projects that have runs."""
        return tuple(sorted({project for project, _ in self.ids()}))

    def ids(self, project: str | None = None) -> tuple[tuple[str, str], ...]:
        """Project and identifier of every run, the oldest first.

        Raises
        ------
        AccessError
            Where the place cannot be listed.
        """
        found = self.files.matching(project or "*", "runs", "*", RECORD)
        named = (name.split("/") for name in found)
        return tuple(sorted(((n[0], n[2]) for n in named if is_run_id(n[2])), key=lambda n: n[1]))

    def records(self, project: str | None = None) -> tuple[RunRecord, ...]:
        """What every run says of itself, the oldest first.

        Raises
        ------
        CorruptFileError
            Where a ``run.json`` is not what scalekit wrote.
        """
        return tuple(run.record for run in self.runs(project))

    def runs(self, project: str | None = None, *, last: int | None = None) -> tuple[Run, ...]:
        """Every run, the oldest first; with ``last``, that many of the newest."""
        names = self.ids(project)
        return tuple(self._opened(names if last is None else names[-last:]))

    def open(self, run_id: str, project: str | None = None) -> Run:
        """Open a run.

        Parameters
        ----------
        run_id
            Its identifier, or as much of its beginning or end as no other run has.
        project
            Where to look; by default in all projects.

        Raises
        ------
        RunNotFoundError
            Where there is no such run, or more than one.
        """
        wanted = run_id.upper()
        if project is not None and is_run_id(wanted):
            for run in self._opened([(project, wanted)]):
                return run
        known = self.ids(project)
        found = [n for n in known if n[1].startswith(wanted) or n[1].endswith(wanted)]
        if len(found) == 1 and wanted:
            for run in self._opened(found):
                return run
        if len(found) > 1 and wanted:
            raise RunNotFoundError(
                f"run {run_id!r} is short for {len(found)} runs in {self.root}: "
                f"{', '.join(name for _, name in found[:5])}; give more of it"
            )
        latest = [name for _, name in reversed(known)]
        raise RunNotFoundError.missing("run", run_id, latest, place=self.root)

    def publish(self, staged: Path, record: RunRecord) -> Path:
        """Write ``run.json`` into a staging folder, and make the whole of it visible.

        Returns
        -------
        Path
            Where this machine has the files until ``staged`` is discarded.

        Raises
        ------
        TargetError
            Where it cannot be written.
        """
        (staged / RECORD).write_bytes(to_json(record))
        return self.files.publish(staged, folder_of(record), RECORD)

    def _opened(self, names: Iterable[tuple[str, str]]) -> list[Run]:
        """Read several records at once: an object store answers each in tens of milliseconds."""
        places = [f"{project}/runs/{run_id}/{RECORD}" for project, run_id in names]
        if len(places) < 2:
            contents = [self.files.read(place) for place in places]
        else:
            with ThreadPoolExecutor(_THREADS) as threads:
                contents = list(threads.map(self.files.read, places))
        return [
            Run(from_json(content, f"{self.root}/{place}"), self.files)
            for place, content in zip(places, contents, strict=True)
            if content is not None  # removed by hand since it was listed
        ]
