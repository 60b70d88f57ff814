"""What LocalStack lacks without Docker, and who calls, which it tells nobody: by its own points of extension.

On PYTHONPATH, this folder's neighbour `tvm_localstack-1.0.dist-info` makes the entry points known to LocalStack:
  LAMBDA_RUNTIME_EXECUTOR=process             functions as Node processes, told who calls
  LAMBDA_RUNTIME_EXECUTOR=docker-with-caller  functions in containers, told who calls: for a LocalStack in Docker
  GATEWAY_SERVER=loopback                     the gateway on the interface it is told, and no other
Explicit denials in the policies of roles hold as soon as the package is found: nothing has to choose them.
"""
