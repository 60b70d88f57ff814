"""What LocalStack finds by its entry points. Nothing is imported before it is asked for."""

from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Lambda functions as Node processes."""

    name = "process"

    def load(self, *args, **kwargs):
        from tvm_localstack.process_executor import ProcessExecutor

        return ProcessExecutor


class DockerExecutorPlugin(RuntimeExecutorPlugin):
    """Lambda functions in containers, told who calls: for a LocalStack in Docker."""

    name = "docker-with-caller"

    def load(self, *args, **kwargs):
        from tvm_localstack.docker_executor import DockerExecutor

        return DockerExecutor


class LoopbackServerPlugin(RuntimeServerPlugin):
    """The gateway on the interface it is told, and no other."""

    name = "loopback"

    def load(self, *args, **kwargs) -> RuntimeServer:
        from tvm_localstack.loopback_server import LoopbackServer

        return LoopbackServer()
