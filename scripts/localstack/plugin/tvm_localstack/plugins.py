"""The plugins that LocalStack finds through its entry points. Each imports its module only when it is loaded."""

from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Lambda functions as Node processes."""

    name = "process"

    def load(self, *args, **kwargs):
        from tvm_localstack.process_executor import ProcessExecutor

        return ProcessExecutor


class DockerExecutorPlugin(RuntimeExecutorPlugin):
    """Lambda functions in containers, with the caller's identity: for a LocalStack in Docker."""

    name = "docker-with-caller"

    def load(self, *args, **kwargs):
        from tvm_localstack.docker_executor import DockerExecutor

        return DockerExecutor


class LoopbackServerPlugin(RuntimeServerPlugin):
    """The gateway, on the configured interface only."""

    name = "loopback"

    def load(self, *args, **kwargs) -> RuntimeServer:
        from tvm_localstack.loopback_server import LoopbackServer

        return LoopbackServer()
