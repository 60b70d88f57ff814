"""Extends LocalStack, through its own extension points, with functions without Docker and with the caller's identity.

The entry points are in `tvm_localstack-1.0.dist-info` next to this folder. LocalStack finds them on PYTHONPATH:
  LAMBDA_RUNTIME_EXECUTOR=process             functions as Node processes, with the caller's identity
  LAMBDA_RUNTIME_EXECUTOR=docker-with-caller  the same in containers, for a LocalStack in Docker
  GATEWAY_SERVER=loopback                     the gateway on the configured interface only
Explicit denials in the policies of roles apply as soon as the package is on the path; they need no setting.
"""
