"""One process of a Lambda function: Node with AWS's own runtime interface client, and what it prints."""

import os
import select
import subprocess
import threading
from concurrent.futures import TimeoutError
from pathlib import Path

from tvm_localstack.runtime_api import Invocation, Outcome, RuntimeApi

KEPT = 1 << 20
"""Bytes of what is printed during one invocation: CloudWatch Logs takes no more in one call."""
CHUNK = 1 << 16
"""Bytes. A pipe holds as many."""


class FunctionProcess:
    """Started at once; ended by `stop`, by its own doing, or with LocalStack, whose process group it is in."""

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
        """Whether it takes no more invocations: its code could not be loaded, or it ended."""
        return self._api.over

    @property
    def exit_status(self) -> int | None:
        """The negative number of the signal that killed it; None while it lives."""
        return self._process.poll()

    def wait_until_loaded(self, within: float) -> None:
        """Returns once its code is loaded, or never will be. :param within: seconds after which it returns anyway"""
        self._api.loaded.wait(within)

    def invoke(self, invocation: Invocation, within: float) -> Outcome | None:
        """
        :param within: seconds
        :return: None when it ended without an outcome, or took longer
        """
        try:
            return self._api.invoke(invocation).result(timeout=within)
        except TimeoutError:
            return None

    def printed(self) -> str:
        """What it printed since this was last asked: all of it, as a pipe holds what was written before an answer."""
        with self._reading:
            self._read()
            text = self._printed.decode("utf-8", "replace")
            if self._dropped:
                text = f"[{self._dropped} bytes printed before this were too much to keep]\n{text}"
            self._printed.clear()
            self._dropped = 0
        return text

    def stop(self) -> None:
        """Ends it, if it has not ended. May be called at any time, by any thread, more than once."""
        self._stopped = True
        self._process.kill()
        self._process.wait()
        self._api.close()

    def _keep_reading(self) -> None:
        """A full pipe would hold the function up."""
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        while not self._output.closed:
            # When it was stopped, a child that it has left behind may hold the pipe open for ever.
            poll.poll(1000)
            with self._reading:
                if self._read() or self._stopped:
                    self._output.close()

    def _read(self) -> bool:
        """:return: whether there will be no more"""
        if self._output.closed:
            return True
        # Not until it is empty: who prints without end would keep this here.
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
