import { nearestName } from '@tvm/core/settings/nearest-name.ts';
import { expect, it } from 'vitest';

const arn = (name: string, account = '111122223333') => `arn:aws:iam::${account}:${name}`;
const KNOWN = [arn('role/orders-service'), arn('user/ci-job'), arn('role/orders-servant')];

it.each([
  [arn('role/orders-servcie'), arn('role/orders-service')],
  [arn('role/Orders-Service'), arn('role/orders-service')],
  [arn('user/orders-service'), arn('role/orders-service')],
  [arn('role/orders-service', '999988887777'), arn('role/orders-service')],
  [arn('user/ci-jbo'), arn('user/ci-job')],
  [arn('user/payments'), undefined],
  ['x', undefined],
])('for %s finds %s', (name, nearest) => {
  expect(nearestName(name, KNOWN)).toBe(nearest);
});

it('finds a name that differs only in case, even if it has two letters', () => {
  expect(nearestName('DB', ['db', 'dx'])).toBe('db');
});

it('finds a name of any length that starts with the misspelled name and a _', () => {
  expect(nearestName('token', ['took', 'token_expiration_time'])).toBe('token_expiration_time');
});

it('finds nothing without known names', () => {
  expect(nearestName('orders-db', [])).toBeUndefined();
});
