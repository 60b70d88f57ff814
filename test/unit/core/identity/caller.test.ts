import { parseCaller } from '@tvm/core/identity/caller.ts';
import { expect, it } from 'vitest';

it('an assumed role is identified by the role, not by its session', () => {
  expect(parseCaller('arn:aws:sts::111122223333:assumed-role/orders-service/i-0abc')).toEqual({
    subject: 'arn:aws:iam::111122223333:role/orders-service',
    account: '111122223333',
    kind: 'role',
    name: 'orders-service',
    session: 'i-0abc',
  });
});

it('a user is identified without its path, and with its partition', () => {
  expect(parseCaller('arn:aws:iam::111122223333:user/ci/deployer')).toEqual({
    subject: 'arn:aws:iam::111122223333:user/deployer',
    account: '111122223333',
    kind: 'user',
    name: 'deployer',
  });
  expect(parseCaller('arn:aws-cn:sts::111122223333:assumed-role/a/b')?.subject).toBe(
    'arn:aws-cn:iam::111122223333:role/a',
  );
});

it.each([
  'arn:aws:iam::111122223333:root',
  'arn:aws:sts::111122223333:federated-user/orders-service',
  'arn:aws:sts::111122223333:assumed-role/orders-service',
  'arn:aws:sts::111122223333:assumed-role/a/b/c',
  'arn:aws:iam::1111:user/a',
  'arn:evil:iam::111122223333:user/a',
  '',
])('«%s» is not a supported identity', (userArn) => expect(parseCaller(userArn)).toBeUndefined());
