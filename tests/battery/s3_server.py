"""An S3 server on loopback: moto's, with writes taken one after the other.

S3 decides "create only if absent" in one step. moto looks first and writes afterwards, so that under
threads two writers can both win: the lock restores what the real service promises, and nothing else.

    python -m tests.battery.s3_server     prints its port, serves until its standard input closes
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

BUCKET = "lake"


def serve() -> None:
    """Serve until the standard input closes."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            return None

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = _one_write_at_a_time(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _create_bucket(server.server_port)
    print(server.server_port, flush=True)
    sys.stdin.read()


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Run the server in a process of its own; the options that reach it."""
    import subprocess

    command = [sys.executable, "-W", "ignore", "-m", "tests.battery.s3_server"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield options(int(process.stdout.readline()))
        process.communicate()


def options(port: int) -> dict[str, str]:
    """The ``storage_options`` for a server on ``port``."""
    return {
        "aws_access_key_id": "AKIATESTTESTTESTTEST",
        "aws_secret_access_key": "canary-secret-of-the-tests",
        "aws_region": "us-east-1",
        "aws_endpoint_url": f"http://127.0.0.1:{port}",
        "aws_allow_http": "true",
    }


def client(given: dict[str, str]) -> Any:
    """A boto3 client of the server, to look at it from outside."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=given["aws_endpoint_url"],
        aws_access_key_id=given["aws_access_key_id"],
        aws_secret_access_key=given["aws_secret_access_key"],
        region_name=given["aws_region"],
    )


def _one_write_at_a_time(app: Any) -> Callable[[Any, Any], Iterable[bytes]]:
    lock = threading.Lock()

    def locked(environ: Any, start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            return app(environ, start_response)  # type: ignore[no-any-return]
        with lock:
            return list(app(environ, start_response))

    return locked


def _create_bucket(port: int) -> None:
    client(options(port)).create_bucket(Bucket=BUCKET)


if __name__ == "__main__":
    serve()
