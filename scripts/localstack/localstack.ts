import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { EmulatorKind } from '../emulators/emulator.ts';
import { node24 } from '../tools/paths.mjs';
import { localStackBridges } from './bridges.ts';
import { installed } from './install.ts';

/** LocalStack without Docker, as `install.ts` has installed it. */
export const localStack: EmulatorKind = {
  name: 'LocalStack',
  python: installed.python,
  module: 'localstack.runtime.main',
  health: '/_localstack/health',
  environment(port, dir) {
    const address = `127.0.0.1:${port}`;
    const libraries = path.join(dir, 'root', 'var', 'lib', 'localstack', 'lib');
    mkdirSync(path.dirname(libraries), { recursive: true });
    symlinkSync(installed.libraries, libraries);
    return {
      // All its folders lie below, as they lie below / in its container.
      OVERRIDE_IN_DOCKER: '0',
      FILESYSTEM_ROOT: path.join(dir, 'root'),
      // Java does not heed TMPDIR, and keeps a file in /tmp for tools that watch it. What it says of having picked this
      // up goes to its log. Without the quotes it would be two options where the project's folder has a blank.
      JAVA_TOOL_OPTIONS: `-Djava.io.tmpdir="${path.join(dir, 'tmp')}" -XX:-UsePerfData`,
      PYTHONPATH: path.join(import.meta.dirname, 'plugin'),
      // What it imports from there leaves nothing there.
      PYTHONDONTWRITEBYTECODE: '1',
      GATEWAY_SERVER: 'loopback',
      GATEWAY_LISTEN: address,
      // The host in the URLs it hands out. `localhost` may resolve to ::1, where nothing listens.
      LOCALSTACK_HOST: address,
      DNS_ADDRESS: '0',
      // Queues by path: hosts of its own making are not resolved.
      SQS_ENDPOINT_STRATEGY: 'off',
      // Streams are DynamoDB's own; the default provider goes round it.
      PROVIDER_OVERRIDE_DYNAMODB: 'v2',
      PROVIDER_OVERRIDE_DYNAMODBSTREAMS: 'v2',
      // On disk each write would wait for it, all others with it.
      DYNAMODB_IN_MEMORY: '1',
      SQS_DISABLE_CLOUDWATCH_METRICS: '1',
      // An idle stream or queue would be looked at every ten seconds only.
      LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC: '1',
      LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC: '0.5',
      // How often CloudFormation looks for a resource that is not there yet before it begins to sleep between.
      CFN_NO_WAIT_ITERATIONS: '100',
      // Seconds until a function must have loaded: they wait for their turns.
      LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT: '60',
      LAMBDA_RUNTIME_EXECUTOR: 'process',
      TVM_LAMBDA_NODE: node24,
      TVM_LAMBDA_RUNTIME: installed.lambdaRuntime,
      // It asks nobody on the internet for anything, and tells nobody.
      DISABLE_EVENTS: '1',
      SKIP_SSL_CERT_DOWNLOAD: '1',
    };
  },
  bridges: localStackBridges,
};
