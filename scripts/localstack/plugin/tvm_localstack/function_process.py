"""One process of a Lambda function: Node with AWS's own runtime interface client, and its output."""

import os
import select
import subprocess
import threading
from concurrent.futures import TimeoutError
from pathlib import Path

from tvm_localstack.runtime_api import Invocation, Outcome, RuntimeApi

KEPT = 1 << 20
"""Maximum output of one invocation, in bytes: CloudWatch Logs accepts no more in one call."""
CHUNK = 1 << 16
"""The capacity of a pipe, in bytes."""


class FunctionProcess:
    """Starts at once. It ends with `stop`, by itself, or with LocalStack, whose process group it is in."""

    def __init__(self, command: list[str], cwd: Path, env: dict[str, str]) -> None:
        self._api = RuntimeApi()
        self._printed = bytearray()
        self._dropped = 0
        self._reading = threading.Lock()
        self._stopped = False
        try:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**env, "AWS_LAMBDA_RUNTIME_API": self._api.address},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
            )
        except OSError:
            self._api.close()
            raise
        self._output = self._process.stdout
        os.set_blocking(self._output.fileno(), False)
        for task in (self._keep_reading, self._notice_end):
            threading.Thread(target=task, name="lambda-process", daemon=True).start()

    @property
    def over(self) -> bool:
        """Whether it accepts no more invocations: its code could not be loaded, or it exited."""
        return self._api.over

    @property
    def exit_status(self) -> int | None:
        """The exit code, or the negative number of the signal that killed it; None while it runs."""
        return self._process.poll()

    def wait_until_loaded(self, within: float) -> None:
        """Waits until its code is loaded or has failed to load. :param within: timeout in seconds"""
        self._api.loaded.wait(within)

    def invoke(self, invocation: Invocation, within: float) -> Outcome | None:
        """
        :param within: seconds
        :return: None if it exited without an outcome, or timed out
        """
        try:
            return self._api.invoke(invocation).result(timeout=within)
        except TimeoutError:
            return None

    def printed(self) -> str:
        """The whole output since the last call: the pipe holds everything that was written before the response."""
        with self._reading:
            self._read()
            text = self._printed.decode("utf-8", "replace")
            if self._dropped:
                text = f"[{self._dropped} bytes of earlier output were dropped]\n{text}"
            self._printed.clear()
            self._dropped = 0
        return text

    def stop(self) -> None:
        """Kills the process if it still runs. May be called at any time, from any thread, more than once."""
        self._stopped = True
        self._process.kill()
        self._process.wait()
        self._api.close()

    def _keep_reading(self) -> None:
        """Drains the pipe: a full pipe would block the function."""
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        while not self._output.closed:
            # After a stop, a child process that the function left behind may hold the pipe open for ever.
            poll.poll(1000)
            with self._reading:
                if self._read() or self._stopped:
                    self._output.close()

    def _read(self) -> bool:
        """:return: whether there will be no more output"""
        if self._output.closed:
            return True
        # Limit the reads: a function that prints without end would block this loop.
        for _ in range(KEPT // CHUNK):
            chunk = self._output.read(CHUNK)
            if not chunk:
                return chunk is not None
            self._printed += chunk
            excess = len(self._printed) - KEPT
            if excess > 0:
                del self._printed[:excess]
                self._dropped += excess
        return False

    def _notice_end(self) -> None:
        self._process.wait()
        self._api.end()
