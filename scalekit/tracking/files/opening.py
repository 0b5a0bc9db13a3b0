"""From the root of a store, as settings or the user name it, to the files there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from scalekit.storage.location import parse_location
from scalekit.tracking.files.base import Files
from scalekit.tracking.files.local import LocalFiles
from scalekit.tracking.files.objects import ObjectFiles
from scalekit.tracking.files.other import FsspecFiles


def open_files(root: str | os.PathLike[str], options: Mapping[str, object] | None = None) -> Files:
    """Open the root of a store; nothing is made or reached before something is read or written.

    Parameters
    ----------
    root
        A folder, or a URL: ``s3://``, ``gs://`` and ``az://`` go through scalekit's own object layer (extra
        ``cloud``), any other scheme through fsspec.
    options
        Options of the object store, or of the fsspec file system.
    """
    location = parse_location(root)
    if location.is_local:
        return LocalFiles(Path(location.path))
    if location.is_object_store:
        return ObjectFiles(location, options)
    return FsspecFiles(os.fspath(root), options)
