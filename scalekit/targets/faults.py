"""Turn what an operating system or a store answers into a ``TargetError`` that says the way out."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl

from scalekit.errors import ComputeError, TargetError
from scalekit.storage.objects import Fault, StoreError
from scalekit.storage.redaction import redact, secret_values
from scalekit.targets.base import FileTarget

if TYPE_CHECKING:
    from pathlib import Path

_WAYS_OUT = {
    errno.ENOSPC: "the disk is full: free space, or write elsewhere",
    errno.EDQUOT: "the quota is used up: free space, or write elsewhere",
    errno.EFBIG: "the file grew past the largest size allowed here: write a folder of files instead",
    errno.EROFS: "the file system is read-only: write elsewhere",
    errno.EACCES: "permission denied: write where this user may write",
    errno.EPERM: "the operation is not permitted: write where this user may write",
    errno.ENAMETOOLONG: "a name is too long for the file system: shorten the path or the partition values",
    errno.ENOTDIR: "a file stands where a folder is needed: choose another path",
    errno.EISDIR: "a folder stands where a file is needed: choose another path",
    errno.EXDEV: "the folder is the root of a mounted file system: write to a folder inside it",
    errno.EBUSY: "the folder is the root of a mounted file system: write to a folder inside it",
    errno.ENOENT: "something that was staged is gone: another process removed it, or the "
    "machine that staged it does not share this file system",
    errno.EIO: "the disk reports an error",
}
_STORE_WAYS_OUT: dict[Fault, str] = {
    "missing": "the bucket does not exist: create it, or check its name and region",
    "denied": "the store refused the credentials: check storage_options, or renew what expired",
    "exists": "an object stands in the way: choose another path",
    "changed": "somebody changed the object meanwhile: write again",
    "unsupported": "the store has no conditional writes, without which two writers could both win",
    "unreachable": "the store did not answer: check the endpoint, the region and the network",
    "options": "storage_options holds a name that the store does not know",
}
# errors that only writing can meet; the others may come from the source of a lazy part
_OF_WRITING = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
_IN_TEXT = re.compile(r"os error (\d+)")


@contextmanager
def as_target_errors(target: FileTarget, *, writing: Path | None = None) -> Iterator[None]:
    """Raise operating-system errors as ``TargetError`` with the target's name and the way out.

    Parameters
    ----------
    target
        What is being written.
    writing
        The folder in which files are written while rows are computed: then errors that reading could have
        caused are taken over only if they name that folder.
    """
    try:
        yield
    except pl.exceptions.PanicException as error:
        # a BaseException, which no "except Exception" of the user's would catch
        raise ComputeError(f"Polars failed while writing {target.describe()}: {error}") from error
    except StoreError as error:
        way_out = _STORE_WAYS_OUT[error.fault]
        raise TargetError(
            f"cannot write {target.describe()}: {way_out}. Nothing of this write is visible ({error})"
        ) from None
    except (OSError, pl.exceptions.PolarsError) as error:
        code = _code(error)
        if isinstance(error, TargetError) or not _is_of_writing(error, code, writing):
            raise
        way_out = _WAYS_OUT.get(code or 0, str(error))
        text = f"cannot write {target.describe()}: {way_out}. Nothing of this write is visible"
        raise TargetError(redact(text, secret_values(target.options))) from error


def _code(error: BaseException) -> int | None:
    """The errno; Polars gives it in the text only."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    match = _IN_TEXT.search(str(error))
    return int(match.group(1)) if match else None


def _is_of_writing(error: Exception, code: int | None, writing: Path | None) -> bool:
    if writing is None:
        return isinstance(error, OSError) or code in _WAYS_OUT
    return code in _OF_WRITING or str(writing) in str(error)
