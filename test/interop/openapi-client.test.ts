import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openApiClient } from '#scripts/install/python-venv.mjs';
import { root } from '#scripts/tools/paths.mjs';
import { endpoint, operator, readOrders, resourceServer, workload } from '../support/deployed-service.ts';
import { whyNotInstalled } from '../support/python-programs.ts';

const run = promisify(execFile);
const bin = join(openApiClient.dir, 'bin');
const generated = mkdtempSync(join(tmpdir(), 'tvm-openapi-client-'));
let notInstalled: string | undefined;

beforeAll(async () => {
  notInstalled = await whyNotInstalled(openApiClient);
}, 180_000);

afterAll(() => rmSync(generated, { recursive: true }));

it('a client that is generated from the OpenAPI document gets, introspects and revokes a token, and reads errors', async () => {
  if (notInstalled !== undefined) return console.log(`not run: a generated client: ${notInstalled}`);
  const here = join(import.meta.dirname, 'openapi-client');
  // The generator warns about everything that it omits or does not understand.
  const document = join(root, 'docs', 'reference', 'openapi.json');
  const output = ['--overwrite', '--fail-on-warning', '--output-path', generated];
  const generate = ['generate', '--path', document, '--config', join(here, 'generator.yaml'), ...output];
  // The generator runs ruff, which is installed with it.
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  await run(join(bin, 'openapi-python-client'), generate, { env });
  const { stdout } = await run(join(bin, 'python'), [join(here, 'use_client.py'), endpoint], {
    env: {
      PYTHONPATH: generated,
      AWS_REGION: workload.region,
      WORKLOAD_ID: workload.accessKeyId,
      WORKLOAD_SECRET: workload.secretAccessKey,
      RESOURCE_SERVER_ID: resourceServer.accessKeyId,
      RESOURCE_SERVER_SECRET: resourceServer.secretAccessKey,
      OPERATOR_ID: operator.accessKeyId,
      OPERATOR_SECRET: operator.secretAccessKey,
    },
  });
  expect(JSON.parse(stdout)).toEqual({
    issued: { type: 'Bearer', expires_in: 300, details: [readOrders] },
    by_form: [readOrders],
    active: { active: true, sub: expect.stringMatching(/:user\/orders-service$/), same_token: true, list: true },
    denied: 'access_denied',
    inactive: { active: false },
    life: { state: 'revoked', audience: 'orders-db' },
    missing: 'not_found',
    keys: ['ES256'],
  });
}, 120_000);
