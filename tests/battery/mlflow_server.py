"""An MLflow tracking server on loopback: MLflow's own Flask application, over SQLite and a folder of artifacts.

``mlflow-skinny`` has the application and its REST interface, not the web page; ``mlflow server`` itself wants packages
that are not installed here. With ``mlflow`` installed, the same application has the page as well.

    python -m tests.battery.mlflow_server     prints its port, serves until its standard input closes
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def serve() -> None:
    """Serve until the standard input closes."""
    from mlflow.server import app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


@contextmanager
def mlflow_server(folder: Path, python: str = sys.executable) -> Iterator[str]:
    """Run the server in a process of its own, with its database in ``folder``; its address."""
    variables = {
        "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder}/mlflow.db",
        "_MLFLOW_SERVER_REGISTRY_STORE": f"sqlite:///{folder}/mlflow.db",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "artifacts"),
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
    }
    command = [python, "-W", "ignore", "-m", "tests.battery.mlflow_server"]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, cwd=root, env=os.environ | variables,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.communicate()


if __name__ == "__main__":
    serve()
