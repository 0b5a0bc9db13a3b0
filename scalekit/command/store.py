"""Which store a command works on, and which run or version of a model is meant there."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from scalekit.config import config

_VERSION = re.compile(r"(?P<name>[^/@:\s]+)(?:@(?P<alias>[^/@\s]+)|/(?P<number>\d+))")


@contextmanager
def store_of(arguments: Namespace) -> Iterator[str]:
    """The root of the store, which is that of the settings within the block."""
    with config(store=arguments.store) as inside:
        yield inside.store


def named_run(text: str) -> str:
    """What was typed as ``sk.compare`` takes it: ``late@production`` is ``models:/late@production``.

    Examples
    --------
    >>> named_run("late@production"), named_run("late/3"), named_run("01JDAA")
    ('models:/late@production', 'models:/late/3', '01JDAA')
    """
    return f"models:/{text}" if _VERSION.fullmatch(text) else text
