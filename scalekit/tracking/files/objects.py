"""A store in S3, Google Cloud Storage or Azure, on the conditional writes of scalekit's own object layer."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scalekit.errors import AccessError, TargetExistsError
from scalekit.storage.location import Location
from scalekit.storage.objects import ObjectStore, StoreError
from scalekit.storage.redaction import redact
from scalekit.tracking.files.patterns import fits, fixed_part


class ObjectFiles:
    """A prefix of a bucket; a run is there as soon as its last object is.

    Parameters
    ----------
    location
        The prefix.
    options
        Options of the object store, as for Polars; the environment has them where none are given.
    """

    def __init__(self, location: Location, options: Mapping[str, object] | None = None) -> None:
        self._location = location
        self._options = dict(options or {})
        self._prefix = f"{location.path}/" if location.path else ""

    @property
    def root(self) -> str:
        """The address, without credentials."""
        return redact(str(self._location))

    def matching(self, *pattern: str) -> list[str]:
        """Names whose parts are those of ``pattern``, from one listing."""
        with self._faults("list"):
            prefix = f"{self._prefix}{fixed_part(pattern)}".rstrip("/")
            keys = (found.key for found in self._store().list(prefix))
            names = (key.removeprefix(self._prefix) for key in keys)
            return sorted(name for name in names if fits(name, pattern))

    def read(self, name: str) -> bytes | None:
        """The content of an object."""
        with self._faults("read"):
            return self._store().read(f"{self._prefix}{name}")

    def create(self, name: str, content: bytes) -> bool:
        """Write an object that must not exist."""
        with self._faults("write"):
            return self._store().create(f"{self._prefix}{name}", content)

    def staging(self) -> Path:
        """A temporary folder of this machine."""
        return Path(tempfile.mkdtemp(prefix="scalekit-run-"))

    def publish(self, staged: Path, folder: str, last: str) -> Path:
        """Upload every file, and ``last`` when the others are there."""
        names = [
            path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_file()
        ]
        with self._faults("write"):
            store = self._store()
            for name in sorted(names, key=lambda n: (n == last, n)):
                key = f"{self._prefix}{folder}/{name}"
                if name != last:
                    store.write(key, staged / name)
                elif not store.create(key, staged / name):
                    raise TargetExistsError(
                        f"{store.uri(key)} exists already, and runs never change"
                    )
        return staged

    def discard(self, staged: Path) -> None:
        """Remove a staging folder."""
        shutil.rmtree(staged, ignore_errors=True)

    def _store(self) -> ObjectStore:
        return ObjectStore(self._location, self._options)

    @contextmanager
    def _faults(self, doing: str) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            raise AccessError(f"cannot {doing} runs in {self.root}: {error}") from None
