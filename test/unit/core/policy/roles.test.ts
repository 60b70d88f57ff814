import { parseCaller } from '@tvm/core/identity/caller.ts';
import { assumeRole } from '@tvm/core/policy/roles.ts';
import { expect, it } from 'vitest';
import { from, SUBJECT } from '#test/fakes/in-memory-service.ts';
import { policyBundle } from '#test/fakes/policies.ts';

const caller = parseCaller(from.userArn);
if (caller === undefined) throw new Error('no caller');

const roles = `
own-lake:
  audience: data-lake
  authorization_details:
    - locations: ["data-lake/{subject.team}/*", "data-lake/shared/{subject.account}-{subject.name}"]
      actions: [read]`;
const take = (name: string, workloads: string) =>
  assumeRole(policyBundle('', { 'roles.yaml': roles, 'workloads.yaml': workloads }), name, caller);

it('fills placeholders with verified attributes of the workload', () => {
  expect(take('own-lake', `${SUBJECT}: { team: orders }`)).toMatchObject({
    kind: 'assumed',
    authorizationDetails: [
      {
        type: 'resource',
        locations: ['data-lake/orders/*', 'data-lake/shared/111122223333-orders-service'],
        actions: ['read'],
      },
    ],
  });
});

it.each([
  ['has no such attribute', ''],
  ['would use an attribute of another workload', `${SUBJECT}x: { team: orders }`],
  ['would reach elsewhere', `${SUBJECT}: { team: "../hr" }`],
  ['would reach up', `${SUBJECT}: { team: ".." }`],
  ['would reach everything', `${SUBJECT}: { team: "*" }`],
  ['would fill in nothing', `${SUBJECT}: { team: "" }`],
])('cannot be assumed by a workload that %s', (_, workloads) => {
  expect(take('own-lake', workloads)).toMatchObject({ kind: 'not_fillable' });
});

it.each(['other', 'toString', '__proto__'])('is unknown if its name is %s', (name) => {
  expect(take(name, '')).toEqual({ kind: 'unknown' });
});
