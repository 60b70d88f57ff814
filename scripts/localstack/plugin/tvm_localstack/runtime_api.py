"""The Lambda Runtime API of one function's process, on loopback.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import re
import socket
import sys
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

from localstack.config import LAMBDA_LIMITS_MAX_FUNCTION_PAYLOAD_SIZE_BYTES as MAX_ANSWER

VERSION = "/2018-06-01/runtime"
OUTCOME = re.compile(rf"{VERSION}/invocation/([^/]+)/(response|error)")


@dataclass(frozen=True)
class Invocation:
    """An invocation of a function."""

    request_id: str
    function_arn: str
    trace_id: str
    deadline_ms: int
    """Milliseconds since the epoch."""
    payload: str


@dataclass(frozen=True)
class Outcome:
    """The outcome of an invocation."""

    payload: bytes
    is_error: bool

    @classmethod
    def error(cls, error_type: str, message: str) -> "Outcome":
        return cls(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), is_error=True)


class RuntimeApi:
    """Serves one invocation at a time, until closed, as a Lambda execution environment does."""

    def __init__(self) -> None:
        self.loaded = threading.Event()
        """Set when the function's code has loaded or has failed to load."""
        self.over = False
        """The process accepts no more invocations."""
        self._failure: Outcome | None = None
        self._next: Queue[Invocation | None] = Queue()
        self._running: tuple[str, Future[Outcome | None]] | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._server = _Server(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._serve, name="lambda-runtime-api", daemon=True).start()

    @property
    def address(self) -> str:
        """The address, in the format of AWS_LAMBDA_RUNTIME_API."""
        host, port = self._server.server_address[:2]
        return f"{host}:{port}"

    def invoke(self, invocation: Invocation) -> "Future[Outcome | None]":
        """Passes an invocation to the process. The future resolves to the outcome, or to None if the process exited."""
        outcome: Future[Outcome | None] = Future()
        with self._lock:
            if self.over:
                outcome.set_result(self._failure)
            else:
                self._running = (invocation.request_id, outcome)
                self._next.put(invocation)
        return outcome

    def end(self, failure: Outcome | None = None) -> None:
        """Marks the process as exited. Running and later invocations resolve to this failure, or to None."""
        with self._lock:
            if self.over:
                return
            self.over, self._failure = True, failure
            running, self._running = self._running, None
        self.loaded.set()
        self._next.put(None)
        if running is not None:
            running[1].set_result(failure)

    def close(self) -> None:
        """Calls `end` and stops the server. May be called more than once."""
        self.end()
        with self._lock:
            if self._closed:
                return
            self._closed = True
        # The server waits for a connection without a timeout; this connection wakes it.
        socket.create_connection(self._server.server_address).close()

    def _serve(self) -> None:
        with self._server:
            while not self._closed:
                self._server.handle_request()

    def _finish(self, request_id: str, outcome: Outcome) -> bool:
        """:return: whether that invocation was running"""
        with self._lock:
            if self._running is None or self._running[0] != request_id:
                return False
            running, self._running = self._running[1], None
        running.set_result(outcome)
        return True

    def _wait_for_next(self) -> Invocation | None:
        self.loaded.set()
        return self._next.get()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body in one packet: otherwise each response waits for a delayed acknowledgement.
            wbufsize = -1
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                if self.path != f"{VERSION}/invocation/next":
                    return self._answer(404)
                invocation = api._wait_for_next()
                if invocation is None:
                    self.close_connection = True
                    return None
                headers = {
                    "Content-Type": "application/json",
                    "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                    "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                    "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                    "Lambda-Runtime-Trace-Id": invocation.trace_id,
                }
                return self._answer(200, invocation.payload.encode(), headers)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path == f"{VERSION}/init/error":
                    api.end(Outcome(body, is_error=True))
                    return self._answer(202)
                match = OUTCOME.fullmatch(self.path)
                if match is None:
                    return self._answer(404)
                fits = len(body) <= MAX_ANSWER
                outcome = Outcome(body, is_error=match[2] == "error") if fits else too_large()
                known = api._finish(match[1], outcome)
                return self._answer((202 if fits else 413) if known else 400)

            def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
                self.send_response_only(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """An access log of every call would drown LocalStack's own."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignores connection errors: a process may be killed during a request."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def too_large() -> Outcome:
    return Outcome.error(
        "Function.ResponseSizeTooLarge",
        f"Response payload size exceeded maximum allowed payload size ({MAX_ANSWER} bytes).",
    )
