"""A store in any place that fsspec opens: SFTP, HDFS, WebDAV, memory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scalekit.errors import AccessError, MissingDependencyError, TargetExistsError
from scalekit.storage.redaction import redact, secret_values
from scalekit.tracking.files.patterns import fits, fixed_part
from scalekit.tracking.names import new_run_id


class FsspecFiles:
    """A folder of an fsspec file system; a run is there as soon as its last file is.

    Files are written under hidden names and moved. Two writers of one name are told apart by ``mode="create"``
    where the file system has it; where it has not, the move decides, which most servers do in one step.

    Parameters
    ----------
    url
        The root, such as ``"sftp://host/runs"``.
    options
        Options of the file system, as for fsspec.
    """

    def __init__(self, url: str, options: Mapping[str, object] | None = None) -> None:
        try:
            from fsspec.core import url_to_fs
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                f"a store at {redact(url)} needs the package 'fsspec', which is not installed: pip install fsspec"
            ) from error
        self._secrets = secret_values(options)
        self._url = url
        with self._faults("reach"):
            self._fs, path = url_to_fs(url, **dict(options or {}))
            self._path = str(path).rstrip("/")

    @property
    def root(self) -> str:
        """The address, without credentials."""
        return redact(self._url, self._secrets)

    def matching(self, *pattern: str) -> list[str]:
        """Names whose parts are those of ``pattern``, from one listing."""
        with self._faults("list"):
            self._fs.invalidate_cache()
            try:
                found = self._fs.find(f"{self._path}/{fixed_part(pattern)}".rstrip("/"))
            except FileNotFoundError:
                return []
            names = (str(path).removeprefix(f"{self._path}/") for path in found)
            return sorted(name for name in names if fits(name, pattern))

    def read(self, name: str) -> bytes | None:
        """The content of a file."""
        with self._faults("read"):
            try:
                return bytes(self._fs.cat_file(f"{self._path}/{name}"))
            except FileNotFoundError:
                return None

    def create(self, name: str, content: bytes) -> bool:
        """Write a file that must not exist."""
        with self._faults("write"):
            path = f"{self._path}/{name}"
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            try:
                self._fs.pipe_file(path, content, mode="create")
            except FileExistsError:
                return False
            except (NotImplementedError, TypeError, ValueError):
                return self._moved_into(path, content)
        return True

    def staging(self) -> Path:
        """A temporary folder of this machine."""
        return Path(tempfile.mkdtemp(prefix="scalekit-run-"))

    def publish(self, staged: Path, folder: str, last: str) -> Path:
        """Upload every file, and ``last`` when the others are there."""
        names = [
            path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_file()
        ]
        with self._faults("write"):
            for name in sorted(names):
                target = f"{self._path}/{folder}/{name}"
                self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
                if name != last:
                    self._fs.put_file(str(staged / name), target)
        if not self.create(f"{folder}/{last}", (staged / last).read_bytes()):
            raise TargetExistsError(f"{self.root}/{folder} exists already, and runs never change")
        return staged

    def discard(self, staged: Path) -> None:
        """Remove a staging folder."""
        shutil.rmtree(staged, ignore_errors=True)

    def _moved_into(self, path: str, content: bytes) -> bool:
        """Write beside, look, move: for file systems that have no "only if absent" of their own."""
        folder, _, name = path.rpartition("/")
        written = f"{folder}/.{name}-{new_run_id()}"
        self._fs.pipe_file(written, content)
        if self._fs.exists(path):
            self._fs.rm_file(written)
            return False
        self._fs.mv(written, path)
        return True

    @contextmanager
    def _faults(self, doing: str) -> Iterator[None]:
        """Raise what a file system raises, of whatever class, as one error without secrets."""
        try:
            yield
        except (AccessError, TargetExistsError):
            raise
        except Exception as error:
            text = redact(f"{type(error).__name__}: {error}", self._secrets)
            raise AccessError(f"cannot {doing} runs in {self.root}: {text[:600]}") from None
