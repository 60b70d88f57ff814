"""Runs Lambda functions as Node processes, one per execution environment. LocalStack's own executor needs Docker.

Environment variables of LocalStack that it reads:
  TVM_LAMBDA_NODE     the Node that runs them
  TVM_LAMBDA_RUNTIME  AWS's runtime interface client (the npm package aws-lambda-ric): its index.mjs
  NODE_OPTIONS        passed on, before the function's own
  PATH, HOME, TMPDIR  passed on, if the function has none of its own
"""

import os
import signal
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from localstack.services.lambda_.invocation.executor_endpoint import ShutdownDuringStartup
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from tvm_localstack.caller_identity import with_caller_identity
from tvm_localstack.function_process import FunctionProcess
from tvm_localstack.runtime_api import Invocation, Outcome

LOADING = 10
"""Seconds that Lambda allows a function's code to load. Longer loading counts against the first invocation's timeout."""

TURNS = threading.BoundedSemaphore(os.cpu_count() or 1)
"""Limits concurrent loading: twenty functions that load at once on two processors would all time out."""


class ProcessExecutor(RuntimeExecutor):
    """One execution environment. Replaces its process after a failed load, a crash or a timeout."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id, function_version)
        self._lock = threading.Lock()
        self._process: FunctionProcess | None = None
        self._stopped = False

    def start(self, env_vars: dict[str, str]) -> None:
        """As on AWS, the first invocation reports and logs an error from loading the code."""
        self._env_vars = env_vars
        with TURNS:
            self._current_process().wait_until_loaded(LOADING)

    def stop(self) -> None:
        """LocalStack calls this from any thread, also during a start or an invocation."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is not None:
            process.stop()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        request_id = payload["invoke-id"]
        timeout = self.function_version.config.timeout
        event = with_caller_identity(payload["payload"], self.function_version.id.region)
        process = self._current_process()
        began = time.time()
        invocation = Invocation(
            request_id=request_id,
            function_arn=payload["invoked-function-arn"],
            trace_id=payload["trace-id"],
            deadline_ms=int((began + timeout) * 1000),
            payload=event,
        )
        outcome = process.invoke(invocation, timeout)
        milliseconds = (time.time() - began) * 1000
        exit_status = process.exit_status
        if outcome is None or process.over:
            process.stop()
            with self._lock:
                self._process = None
        failure = None
        if outcome is None:
            failure = timed_out(request_id, timeout) if exit_status is None else exited(request_id, exit_status)
            outcome = Outcome.error(failure.error_type, f"RequestId: {request_id} Error: {failure.reason}")
        logs = self._logs(request_id, milliseconds, process.printed(), failure)
        return InvocationResult(request_id, outcome.payload, outcome.is_error, logs)

    def get_logs(self) -> str:
        process = self._process
        return "" if process is None else process.printed()

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        """LocalStack passes this URL to its own runtime, which is not used here."""
        return "http://127.0.0.1"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Nothing to do: LocalStack removes the code when it deletes the function."""

    def _current_process(self) -> FunctionProcess:
        with self._lock:
            if self._stopped:
                raise ShutdownDuringStartup("The execution environment has been stopped.")
            if self._process is None:
                self._process = self._launch()
            return self._process

    def _launch(self) -> FunctionProcess:
        config = self.function_version.config
        code = Path(config.code.get_unzipped_code_location())
        runtime = Path(os.environ["TVM_LAMBDA_RUNTIME"])
        own = {name: str(value) for name, value in self._env_vars.items() if not name.startswith("LOCALSTACK_")}
        env = {
            # The function's own variables may override these, except those that are reserved on AWS.
            "PATH": os.environ["PATH"],
            "LANG": "en_US.UTF-8",
            # The user's home folder may hold settings and credentials of AWS.
            "HOME": os.environ["HOME"],
            "TMPDIR": os.environ["TMPDIR"],
            **own,
            "LAMBDA_TASK_ROOT": str(code),
            "LAMBDA_RUNTIME_DIR": str(runtime.parent),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.runtime}",
            # Its JavaScript client receives invocations: the compiled client is not installed.
            "AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1": "true",
            "NODE_OPTIONS": " ".join(filter(None, [os.environ.get("NODE_OPTIONS"), own.get("NODE_OPTIONS")])),
        }
        # Its share of the function's memory, as AWS's Node runtimes calculate it.
        young = config.memory_size // 10
        memory = [f"--max-semi-space-size={young // 2}", f"--max-old-space-size={config.memory_size - young}"]
        return FunctionProcess([os.environ["TVM_LAMBDA_NODE"], *memory, str(runtime)], cwd=code, env=env)

    def _logs(self, request_id: str, milliseconds: float, printed: str, failure: "Failure | None") -> str:
        """Its output, between the lines that Lambda writes before and after it."""
        if printed and not printed.endswith("\n"):
            printed += "\n"
        version = self.function_version.id.qualifier
        memory = self.function_version.config.memory_size
        if failure is not None:
            printed += failure.line
        return (
            f"START RequestId: {request_id} Version: {version}\n"
            f"{printed}"
            f"END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {int(milliseconds) + 1} ms\tMemory Size: {memory} MB\n"
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Failure:
    """Why an invocation has no outcome of its own, in Lambda's words."""

    error_type: str
    reason: str
    line: str
    """In its log."""


def timed_out(request_id: str, timeout: int) -> Failure:
    """:param timeout: seconds"""
    reason = f"Task timed out after {timeout:.2f} seconds"
    return Failure("Sandbox.Timedout", reason, f"{_now()} {request_id} {reason}\n")


def exited(request_id: str, status: int) -> Failure:
    """:param status: as in `FunctionProcess.exit_status`"""
    if status == 0:
        reason = "Runtime exited without providing a reason"
    elif status > 0:
        reason = f"Runtime exited with error: exit status {status}"
    else:
        reason = f"Runtime exited with error: signal: {(signal.strsignal(-status) or str(-status)).lower()}"
    error_type = "Runtime.ExitError"
    return Failure(error_type, reason, f"RequestId: {request_id} Error: {reason}\n{error_type}\n")
