import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { EmulatorKind } from '../emulators/emulator.ts';
import { node24 } from '../tools/paths.mjs';
import { localStackBridges } from './bridges.ts';
import { installed } from './install.ts';

/** LocalStack without Docker, as installed by `install.ts`. */
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
      // All folders are below `dir`, as they are below / in LocalStack's container.
      OVERRIDE_IN_DOCKER: '0',
      FILESYSTEM_ROOT: path.join(dir, 'root'),
      // Java ignores TMPDIR, and by default writes a file to /tmp for monitoring tools. A message that Java picked up
      // this variable goes to Java's log. Without the quotes, a blank in the project's path would split the option in
      // two.
      JAVA_TOOL_OPTIONS: `-Djava.io.tmpdir="${path.join(dir, 'tmp')}" -XX:-UsePerfData`,
      PYTHONPATH: path.join(import.meta.dirname, 'plugin'),
      // Write no byte code next to the imported plugin.
      PYTHONDONTWRITEBYTECODE: '1',
      GATEWAY_SERVER: 'loopback',
      GATEWAY_LISTEN: address,
      // The host in the URLs that LocalStack returns. `localhost` may resolve to ::1, where nothing listens.
      LOCALSTACK_HOST: address,
      DNS_ADDRESS: '0',
      // Queue URLs with paths: LocalStack's own host names do not resolve.
      SQS_ENDPOINT_STRATEGY: 'off',
      // Use the streams of DynamoDB itself; LocalStack's default provider bypasses them.
      PROVIDER_OVERRIDE_DYNAMODB: 'v2',
      PROVIDER_OVERRIDE_DYNAMODBSTREAMS: 'v2',
      // On disk, each write would block on the disk, and all other requests with it.
      DYNAMODB_IN_MEMORY: '1',
      SQS_DISABLE_CLOUDWATCH_METRICS: '1',
      // By default LocalStack polls an idle stream or queue only every ten seconds.
      LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC: '1',
      LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC: '0.5',
      // How many times CloudFormation checks for a missing resource before it sleeps between checks.
      CFN_NO_WAIT_ITERATIONS: '100',
      // Seconds that a function may take to load: functions take turns.
      LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT: '60',
      LAMBDA_RUNTIME_EXECUTOR: 'process',
      TVM_LAMBDA_NODE: node24,
      TVM_LAMBDA_RUNTIME: installed.lambdaRuntime,
      // Send and request nothing over the internet.
      DISABLE_EVENTS: '1',
      SKIP_SSL_CERT_DOWNLOAD: '1',
    };
  },
  bridges: localStackBridges,
};
