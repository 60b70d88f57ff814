import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { authlib } from '#scripts/install/python-venv.mjs';
import { curl } from '../support/curl.ts';
import { endpoint } from '../support/deployed-service.ts';
import { whyNotInstalled } from '../support/python-programs.ts';

let notInstalled: string | undefined;
beforeAll(async () => {
  notInstalled = await whyNotInstalled(authlib);
}, 180_000);

/** Returns the error that Authlib finds in each document, or null. */
function problems(documents: [kind: 'oauth' | 'openid', document: object][]): (string | null)[] {
  const script = join(import.meta.dirname, 'authlib', 'validate.py');
  const { stdout, stderr } = spawnSync(join(authlib.dir, 'bin', 'python'), [script], {
    input: JSON.stringify(documents),
    encoding: 'utf8',
    // An emulator speaks plain HTTP.
    env: { AUTHLIB_INSECURE_TRANSPORT: 'true' },
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

it('Authlib accepts the discovery documents as valid under RFC 8414 and OpenID Connect Discovery', async () => {
  if (notInstalled !== undefined) return console.log(`not run: discovery documents with Authlib: ${notInstalled}`);
  const document = async (name: string) => (await curl(`${endpoint}/.well-known/${name}`)).body;
  const oauth = await document('oauth-authorization-server');
  const openid = await document('openid-configuration');
  expect(
    problems([
      ['oauth', oauth],
      ['openid', openid],
      ['oauth', { ...oauth, response_types_supported: undefined }],
      ['openid', { ...openid, id_token_signing_alg_values_supported: ['ES256'] }],
    ]),
  ).toEqual([null, null, expect.stringContaining('response_types_supported'), expect.stringContaining('RS256')]);
}, 60_000);
