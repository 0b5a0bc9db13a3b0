"""Which store a command works on: the one of ``--store``, or that of the settings."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from scalekit.config import config


@contextmanager
def store_of(arguments: Namespace) -> Iterator[str]:
    """The root of the store, which is that of the settings within the block."""
    with config(store=arguments.store) as inside:
        yield inside.store
