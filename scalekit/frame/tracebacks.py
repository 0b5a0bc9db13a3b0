"""Errors as their reader needs them: the user's own frames, and none of scalekit's or the engines'."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from scalekit.config import resolve
from scalekit.errors import ConfigError, ScalekitError

P = ParamSpec("P")
T = TypeVar("T")


class Folding:
    """Leave out of scalekit's errors the frames from this ``with`` block on, unless ``full_traceback`` is set.

    The message names the step and the place in the data. The exceptions that caused it are kept, without
    their frames; any other error is nobody's doing but scalekit's, and keeps all.
    """

    def __init__(self, *, full: bool | None = None) -> None:
        self._full = full

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, ScalekitError) and not _shows_all(full=self._full):
            _without_frames(error)


def folded(method: Callable[P, T]) -> Callable[P, T]:
    """The same method, whose errors point at the line that called it."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        with Folding(full=kwargs.get("full_traceback")):  # type: ignore[arg-type]
            return method(*args, **kwargs)

    return call


def folded_rows(rows: Iterator[T], settings: dict[str, Any]) -> Iterator[T]:
    """The same iterator, whose errors point at the line that asked for the next item."""
    with Folding(full=settings.get("full_traceback")):
        yield from rows


def _shows_all(*, full: bool | None) -> bool:
    with suppress(ConfigError):  # of other settings, which may be what the error is about
        return resolve(full_traceback=full).full_traceback
    return bool(full)


def _without_frames(error: BaseException) -> None:
    """Drop the frames of an error and of its causes, down to the frame that handles it now."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        current.__traceback__ = None
        current = current.__cause__ or current.__context__
