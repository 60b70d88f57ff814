import { privateGroup } from 'tokenrelay/process/private-group.ts';
import { expect, it } from 'vitest';

const passwd = ['root:x:0:0::/root:/bin/sh', 'anna:x:1000:1000::/home/anna:/bin/sh', 'relay:x:999:999::/:/bin/false'];
const group = ['root:x:0:', 'anna:x:1000:', 'relay:x:999:', 'staff:x:50:anna'];

it.each([
  ['that of a regular user with one', 1_000, [], [], 1_000],
  ['not that of a service, which units may share', 999, [], [], undefined],
  ['not that of root', 0, [], [], undefined],
  ['not that of an unknown user', 1_001, [], [], undefined],
  ['not one that is the primary group of two users', 1_000, ['ben:x:1001:1000::/home/ben:/bin/sh'], [], undefined],
  ['not one with a second name', 1_000, [], ['friends:x:1000:ben'], undefined],
])('the private group is %s', async (_whose, uid, users, groups, expected) => {
  const files = { passwd: [...passwd, ...users].join('\n'), group: [...group, ...groups].join('\n') };
  expect(await privateGroup(uid, files)).toBe(expected);
});

it.each([
  ['anna:x:1000:anna', 1_000],
  ['anna:x:1000:ben', undefined],
  ['anna:x:1000:anna,ben', undefined],
  ['users:x:1000:', undefined],
])('a user with the group %s has the private group %s', async (line, expected) => {
  expect(await privateGroup(1_000, { passwd: passwd.join('\n'), group: line })).toBe(expected);
});
