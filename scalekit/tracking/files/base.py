"""What a store needs of the place that it lies in: five operations, of which two decide between writers."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Files(Protocol):
    """A tree of files below a root; names in it are relative, with ``/`` between parts.

    Files are written once and never changed, so a reader needs no lock: what it sees is whole.
    """

    @property
    def root(self) -> str:
        """The root as messages show it, without credentials."""

    def matching(self, *pattern: str) -> list[str]:
        """Names whose parts are those of ``pattern``, in order; the part ``*`` stands for any one visible name."""

    def read(self, name: str) -> bytes | None:
        """The content of a file, or None where there is none."""

    def create(self, name: str, content: bytes) -> bool:
        """Write a file that must not exist, whole or not at all; False where somebody was faster."""

    def staging(self) -> Path:
        """A new local folder to build in; it is kept from being swept while this process lives."""

    def publish(self, staged: Path, folder: str, last: str) -> Path:
        """Make all files of ``staged`` visible in ``folder`` at one moment: when the file ``last`` is there.

        Returns
        -------
        Path
            Where this machine has the files until ``staged`` is discarded.

        Raises
        ------
        TargetExistsError
            The folder was published before.
        """

    def discard(self, staged: Path) -> None:
        """Remove a staging folder, whether it was published or not."""
