import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';
import { installed } from '#scripts/localstack/install.ts';
import { localDir, root } from '#scripts/tools/paths.mjs';

// There is no Docker here. A stub replaces the function's container and returns the event it receives.

const program = `
import json, sys, types
from localstack.aws.connect import connect_to
from localstack.services.lambda_.invocation.runtime_executor import get_runtime_executor

api, access_key, region = sys.argv[1:]
resources = connect_to(region_name=region).apigateway.get_resources(restApiId=api, limit=500)["items"]
token = next(resource["id"] for resource in resources if resource["path"] == "/token")
event = {
    "headers": {"Authorization": f"AWS4-HMAC-SHA256 Credential={access_key}/20261123/{region}/execute-api/aws4_request"},
    "requestContext": {"apiId": api, "resourceId": token, "httpMethod": "POST", "identity": {"sourceIp": "192.0.2.1"}},
}
executor = object.__new__(get_runtime_executor())
executor.id = "one"
executor.function_version = types.SimpleNamespace(id=types.SimpleNamespace(region=region))
executor.executor_endpoint = types.SimpleNamespace(invoke=lambda payload: payload)
handed = executor.invoke({"invoke-id": "1", "payload": json.dumps(event)})
print(json.dumps({"id": handed["invoke-id"], "identity": json.loads(handed["payload"])["requestContext"]["identity"]}))
`;

it('the executor for a LocalStack in Docker gives a function in a container the caller’s identity', async () => {
  const { target, outputs, identities } = inject('deployed');
  const { accessKeyId } = identities.workload;
  const args = ['-c', program, outputs.ApiId, accessKeyId, target.region];
  const { stdout } = await promisify(execFile)(installed.python, args, {
    cwd: localDir,
    env: {
      PATH: process.env.PATH,
      // LocalStack writes an index of plugins to this folder.
      HOME: join(localDir, 'localstack'),
      PYTHONPATH: join(root, 'scripts', 'localstack', 'plugin'),
      PYTHONDONTWRITEBYTECODE: '1',
      LAMBDA_RUNTIME_EXECUTOR: 'docker-with-caller',
      GATEWAY_LISTEN: new URL(target.endpoint).host,
    },
  });
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
    id: '1',
    identity: {
      sourceIp: '192.0.2.1',
      accessKey: accessKeyId,
      accountId: '000000000000',
      caller: expect.stringMatching(/^AIDA/),
      user: expect.stringMatching(/^AIDA/),
      userArn: 'arn:aws:iam::000000000000:user/orders-service',
    },
  });
});
