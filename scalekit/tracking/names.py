"""Names in a store: identifiers of runs that sort by time, and what projects, models, aliases and files may be called."""

from __future__ import annotations

import re
import secrets
import threading
import time
from pathlib import PurePosixPath

from scalekit.errors import InvalidOperationError

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RUN_ID = re.compile(rf"[0-7][{_ALPHABET}]{{25}}")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}")

_STEP = 64
"""Random bits of a step: small beside the 80, so that thousands of them stay within the millisecond."""

REGISTRY = "registry"
"""The folder of registered models beside those of projects."""


class _Last:
    """The last number that this process gave; replaced under its lock."""

    lock = threading.Lock()
    number = 0


def new_run_id() -> str:
    """A ULID: 48 bits of time in milliseconds and 80 random bits, as 26 characters that sort by time.

    Those of one process sort in the order in which they were asked for, in one millisecond too: the next is the last
    one and a random step. Two processes meet with a probability of less than 2 to the power of -60.

    Source: https://github.com/ulid/spec.
    """
    with _Last.lock:
        number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
        if number <= _Last.number:
            number = _Last.number + 1 + secrets.randbits(_STEP)
        _Last.number = number
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def is_run_id(text: str) -> bool:
    """Whether a text is the whole identifier of a run."""
    return _RUN_ID.fullmatch(text) is not None


def check_name(name: object, what: str) -> str:
    """Raise unless a project, model or alias may be called so, on every file system and in a URL."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidOperationError(
            f"{what} {name!r}: use up to 100 letters, digits, '_', '-' and '.', a letter or digit first"
        )
    if name.lower() == REGISTRY and what == "project":
        raise InvalidOperationError(
            f"project {name!r}: the folder {REGISTRY} of a store holds registered models; take another name"
        )
    return name


def check_file_name(name: object) -> str:
    """Raise unless a logged file stays within its run: a relative path with ``/``, and no ``..`` in it."""
    if isinstance(name, str) and not any(sign in name for sign in "\\\0:") and name[:1] != "/":
        parts = PurePosixPath(name).parts
        if parts and ".." not in parts:
            return "/".join(parts)
    raise InvalidOperationError(
        f"file name {name!r}: give a relative path such as 'plots/gains.svg'"
    )
