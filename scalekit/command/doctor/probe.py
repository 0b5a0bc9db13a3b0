"""Asks one cluster what it is, and writes what it found as JSON: run by ``scalekit doctor`` as a process of its own."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from threading import Thread
from typing import NoReturn

from scalekit.io.memory import from_dict

LATE = 75
"""The exit code where the time was over before there was an answer."""

CHECKS = ("backend", "address", "versions", "cluster")
"""Of what is looked at before a query, that which concerns the cluster and no query."""


def probe(backend: str) -> str:
    """What a look at the configured cluster finds, as JSON.

    Parameters
    ----------
    backend
        Whose cluster it is.
    """
    found = from_dict({"x": [0]}).preflight(backend)
    return json.dumps([asdict(one) for one in found.findings if one.check in CHECKS])


def main() -> None:
    """Ask, write, and end at once: engines have threads that take their time to say goodbye."""
    backend, seconds = sys.argv[1], float(sys.argv[2])
    Thread(target=_end_after, args=(seconds,), daemon=True).start()
    said = probe(backend)
    sys.stdout.write(said)
    sys.stdout.flush()
    _end(0)


def _end_after(seconds: float) -> None:
    time.sleep(seconds)
    _end(LATE)


def _end(code: int) -> NoReturn:
    """End, and with it what was started to ask: Ray is asked by a process of its own."""
    with suppress(ImportError):
        psutil = import_module("psutil")  # which comes with those who start processes
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
    os._exit(code)


if __name__ == "__main__":
    main()
