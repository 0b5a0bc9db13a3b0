"""A PostgreSQL server on loopback, from the system's package, in a folder that is thrown away."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def find_postgres() -> Path | None:
    """The folder of the server's programs, or None where the package is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server of its own; the URI of its only database."""
    programs = find_postgres()
    if programs is None:
        raise FileNotFoundError("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        data = Path(folder, "data")
        data.mkdir(mode=0o700)
        if os.getuid() == 0:
            # the server refuses to run as root
            Path(folder).chmod(0o755)
            shutil.chown(data, "postgres")
        port = _free_port()
        settled = ("-U", "tester", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        _run(programs / "initdb", "-D", data, *settled)
        settings = f"-p {port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off"
        log = data / "log"
        _run(programs / "pg_ctl", "-D", data, "-o", settings, "-l", log, "-w", "start")
        try:
            yield f"postgresql://tester:canary-password@127.0.0.1:{port}/postgres"
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _run(*command: str | Path) -> None:
    user = "postgres" if os.getuid() == 0 else None
    home = pwd.getpwnam(user).pw_dir if user else None
    subprocess.run(
        [str(part) for part in command], check=True, user=user, cwd=home, stdout=subprocess.DEVNULL
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
