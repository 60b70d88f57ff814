import { attributesBySource } from '@tvm/core/identity/attributes.ts';
import { type AwsCaller, callerOf, type FederatedCaller, parseCaller } from '@tvm/core/identity/caller.ts';
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

const federated: FederatedCaller = {
  kind: 'federated',
  subject: 'github:repo:1296269',
  trust: 'github',
  claims: { environment: 'production' },
  chosenClaims: { head_ref: 'main' },
  session: 'run-7',
};

it('a federated workload is its own caller', () => {
  expect(callerOf({ federated })).toBe(federated);
});

it('an AWS identity is parsed to its caller, with its organization', () => {
  const userArn = 'arn:aws:iam::111122223333:user/deployer';
  expect(callerOf({ userArn, account: '111122223333', organization: 'o-a1b2c3d4e5' })).toEqual({
    subject: userArn,
    account: '111122223333',
    kind: 'user',
    name: 'deployer',
    organization: 'o-a1b2c3d4e5',
  });
  expect(callerOf({ userArn: 'arn:aws:iam::111122223333:root', account: '111122223333' })).toBeUndefined();
});

it('keeps the attributes of a workload apart by the party that vouches for them', () => {
  const workloads = { [federated.subject]: { environment: 'test' } };
  expect(attributesBySource({ workloads }, federated)).toEqual({
    operator: { environment: 'test' },
    aws: { account: '', kind: 'federated', name: '' },
    claims: { environment: 'production' },
    chosen: {},
  });
  const session = parseCaller('arn:aws:sts::111122223333:assumed-role/orders/i-0abc') as AwsCaller;
  expect(attributesBySource({ workloads }, { ...session, organization: 'o-1' })).toEqual({
    operator: {},
    aws: { account: '111122223333', kind: 'role', name: 'orders', organization: 'o-1' },
    chosen: { session: 'i-0abc' },
  });
});
