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
from typing import Any


def serve() -> None:
    """Serve until the standard input closes."""
    from mlflow.server import app
    from werkzeug.serving import make_server

    if "--for-pictures" in sys.argv:
        app.after_request(_as_after_two_clicks)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


_CLICKS = b"""<script>
localStorage.setItem("mlflow.assistant.panelOpen_v1", "false");
localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true");
localStorage.setItem("mlflow.workflowType_v1", '"machine_learning"');
if (innerWidth < 700) {
  const timer = setInterval(() => {
    const button = document.querySelector("[aria-label='Toggle sidebar']");
    if (button) { button.click(); clearInterval(timer); }
  }, 100);
}
</script></head>"""


def _as_after_two_clicks(response: Any) -> Any:
    """MLflow's page as somebody has it who closed its assistant, and on a phone its menu."""
    if response.mimetype == "text/html":
        response.direct_passthrough = False
        response.set_data(response.get_data().replace(b"</head>", _CLICKS, 1))
    return response


@contextmanager
def mlflow_server(folder: Path, python: str = sys.executable, *arguments: str) -> Iterator[str]:
    """Run the server in a process of its own, with its database in ``folder``; its address."""
    variables = {
        "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder}/mlflow.db",
        "_MLFLOW_SERVER_REGISTRY_STORE": f"sqlite:///{folder}/mlflow.db",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "artifacts"),
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
    }
    command = [python, "-W", "ignore", "-m", "tests.battery.mlflow_server", *arguments]
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
