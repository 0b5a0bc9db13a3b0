"""Every operation that changes a local file system while scalekit writes, each announced before it happens.

``observe`` lets the crash tests kill the process, or fill the disk, before any one of them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from pathlib import Path

_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2
_AT_FDCWD = -100
# macOS: the same two operations under another name
_RENAME_SWAP = 2
_RENAME_EXCL = 4

# what a file system answers when it does not know an operation
UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}

Observer = Callable[[str, str], None]


def _ignore(_step: str, _path: str) -> None:
    return None


_observer: Observer = _ignore


@contextmanager
def observe(observer: Observer) -> Iterator[None]:
    """Call ``observer(step, path)`` before each change, for the whole process; used by tests only."""
    global _observer  # noqa: PLW0603 - a test watches code that it cannot pass an argument to
    before, _observer = _observer, observer
    try:
        yield
    finally:
        _observer = before


def step(name: str, path: object) -> None:
    """Announce a change that is about to happen."""
    _observer(name, str(path))


def make_dir(path: Path) -> bool:
    """Make one folder; whether it was missing."""
    if path.is_dir():
        return False
    step("mkdir", path)
    try:
        path.mkdir()
    except FileExistsError:
        if not path.is_dir():
            raise
        return False
    return True


def make_dirs(path: Path) -> tuple[Path, ...]:
    """Make a folder and those above it; the ones that were missing, the topmost first."""
    missing = [p for p in (path, *path.parents) if not p.exists()]
    return tuple(p for p in reversed(missing) if make_dir(p)) if missing else ()


def remove_dir(path: Path) -> bool:
    """Remove a folder if it is empty; whether it is gone."""
    step("rmdir", path)
    try:
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
            return False
        raise
    return True


def remove_file(path: Path) -> None:
    """Remove one file, which may be gone already."""
    step("unlink", path)
    path.unlink(missing_ok=True)


def create_empty(path: Path) -> None:
    """Create an empty file."""
    step("create", path)
    path.touch()


def write_text(path: Path, text: str) -> None:
    """Write a small file and bring it to the disk."""
    step("write", path)
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def rename(source: Path, target: Path) -> None:
    """Rename, replacing a file (or an empty folder) that is there."""
    step("rename", target)
    source.replace(target)


def rename_new(source: Path, target: Path) -> None:
    """Rename where nothing may be in the way: of two who try, one gets FileExistsError."""
    step("rename_new", target)
    if _rename_flags(source, target, _RENAME_NOREPLACE, _RENAME_EXCL):
        return
    if source.is_dir():
        # POSIX refuses to rename a folder over one that is not empty, which is all that is needed
        source.rename(target)
        return
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
        # the lock keeps scalekit's writers apart; against others only this look remains
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        source.rename(target)
        return
    source.unlink()


def exchange(one: Path, other: Path) -> bool:
    """Swap two paths in one step; False where the file system cannot."""
    step("exchange", other)
    return _rename_flags(one, other, _RENAME_EXCHANGE, _RENAME_SWAP)


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, or a copy where the file system has no links."""
    step("link", target)
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in {*UNSUPPORTED, errno.EMLINK, errno.EXDEV, errno.EACCES}:
            raise
        shutil.copy2(source, target)
        sync(target)


def sync(path: Path) -> None:
    """Bring a file or folder to the disk."""
    step("fsync", path)
    flags = os.O_RDONLY | (os.O_DIRECTORY if path.is_dir() else 0)
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    except OSError as error:
        # some network file systems have nothing to sync for a folder
        if not path.is_dir() or error.errno not in UNSUPPORTED:
            raise
    finally:
        os.close(handle)


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the lock of ``folder``, which the kernel releases when its holder dies."""
    if sys.platform == "win32":
        raise OSError(
            errno.ENOTSUP, "writing needs a POSIX file system: use WSL or an object store"
        )
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            # NFS locks only what is open for writing. The file stays, empty and out of everyone's way:
            # removing it would let two writers hold two locks of one name.
            os.close(handle)
            handle = os.open(folder / ".scalekit-lock", os.O_RDWR | os.O_CREAT, 0o666)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(OSError):
            os.close(handle)


def lease(folder: Path) -> int:
    """Hold ``folder`` until the returned handle is closed or this process dies."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return handle


def is_leased(folder: Path) -> bool:
    """Whether a living process of this machine holds ``folder``."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def _rename_flags(source: Path, target: Path, linux: int, darwin: int) -> bool:
    """Rename with flags; False where system or file system do not have them."""
    libc = ctypes.CDLL(None, use_errno=True)
    old, new = os.fsencode(source), os.fsencode(target)
    if sys.platform == "darwin":
        failed = libc.renamex_np(old, new, ctypes.c_uint(darwin))
    elif hasattr(libc, "renameat2"):
        failed = libc.renameat2(_AT_FDCWD, old, _AT_FDCWD, new, ctypes.c_uint(linux))
    else:
        return False
    if not failed:
        return True
    code = ctypes.get_errno()
    if code in UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), str(source), None, str(target))
