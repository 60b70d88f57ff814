import { readdirSync, readFileSync } from 'node:fs';
import { checkFiles } from '@tvm/gate/check-files.ts';
import { DAY_OF_EXAMPLES } from '@tvm/gate/suppression.ts';
import { expect, it } from 'vitest';
import { synthesize } from './synthesize.ts';

// A fixed day, because the freeze of the demo ends.
const today = DAY_OF_EXAMPLES;

function policyFileNames(): string[] {
  const entries = readdirSync('policies', { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

it('finds nothing in the project’s own policies', () => {
  const files = policyFileNames().map((name) => ({
    name: `policies/${name}`,
    text: readFileSync(`policies/${name}`, 'utf8'),
  }));
  expect(checkFiles(files, { today })).toEqual([]);
});

it.each([
  ['as it is by default', ''],
  [
    'with everything that the configuration can add',
    `
      trusted_accounts = ["111122223333"]
      trusted_organization = "o-a1b2c3d4e5"
      revocation_sources = ["security.team"]
      [[resource_servers]]
      principal = "arn:aws:iam::111122223333:role/orders-db"
      audiences = ["orders-db"]
      [domain]
      name = "tokens.example.com"
      certificate_arn = "arn:aws:acm:eu-west-1:111122223333:certificate/1"
      [revoke_on]
      ecs_task_stopped = true
      iam_role_deleted = true
      task_done = { sources = ["platform.portal"] }
    `,
  ],
])('finds nothing in the project’s own template, %s', (_, toml) => {
  const text = JSON.stringify(synthesize(toml).toJSON(), undefined, 1);
  expect(checkFiles([{ name: 'tvm.template.json', text }], { today })).toEqual([]);
});
