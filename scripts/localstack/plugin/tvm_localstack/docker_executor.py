"""Lambda functions in containers, as LocalStack runs them, with the caller's identity.

For a LocalStack in Docker: examples/localstack/compose.yaml mounts this package and chooses the executor.
"""

from localstack.services.lambda_.invocation.docker_runtime_executor import DockerRuntimeExecutor
from localstack.services.lambda_.invocation.lambda_models import InvocationResult

from tvm_localstack.caller_identity import with_caller_identity


class DockerExecutor(DockerRuntimeExecutor):
    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        region = self.function_version.id.region
        return super().invoke({**payload, "payload": with_caller_identity(payload["payload"], region)})
