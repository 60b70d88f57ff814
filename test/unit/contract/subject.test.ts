import { revocationRequest } from '@tvm/contract/revocation.ts';
import { parseWorkloadArn } from '@tvm/contract/subject.ts';
import { expect, it } from 'vitest';

it.each([
  ['a role', 'arn:aws:iam::111122223333:role/orders-service'],
  ['a role with the path that the console shows', 'arn:aws:iam::111122223333:role/service/eu/orders-service'],
  ['a session of it, as logs show it', 'arn:aws:sts::111122223333:assumed-role/orders-service/i-0abc'],
])('%s names the role', (_, arn) => {
  expect(parseWorkloadArn(arn)?.subject).toBe('arn:aws:iam::111122223333:role/orders-service');
});

it.each([
  'arn:aws:iam::111122223333:user/deployer',
  'arn:aws:iam::111122223333:user/ci/eu/deployer',
])('«%s» is the user of that name, as events about it name it', (arn) => {
  expect(parseWorkloadArn(arn)).toEqual({
    subject: 'arn:aws:iam::111122223333:user/deployer',
    account: '111122223333',
    kind: 'user',
    name: 'deployer',
  });
});

it.each([
  'orders',
  'arn:aws:iam::111122223333:root',
  'arn:aws:iam::1:role/a',
  'arn:aws:sts::111122223333:federated-user/a',
])('«%s» is not a workload and is refused, because it would revoke nothing', (arn) => {
  expect(parseWorkloadArn(arn)).toBeUndefined();
  expect(revocationRequest.safeParse({ subject: arn }).error?.issues[0]).toMatchObject({
    path: ['subject'],
    message: 'must be the ARN of an IAM role or user',
  });
});
