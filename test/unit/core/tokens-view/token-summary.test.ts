import { SUMMARY_ROWS, tokenSummaryResponse } from '@tvm/contract/token-list.ts';
import type { OpenToken } from '@tvm/core/tokens-view/ports.ts';
import { tokenSummary } from '@tvm/core/tokens-view/token-summary.ts';
import { expect, it } from 'vitest';
import { clockAt } from '#test/fakes/in-memory-service.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 5);
const MINUTE = 60_000;

const open = (change: Partial<OpenToken> = {}): OpenToken => ({
  subject: 'arn:aws:iam::111122223333:role/orders-service',
  audience: 'orders-db',
  access: 'read',
  decidedAt: NOW - MINUTE,
  expiresAt: NOW + MINUTE,
  ...change,
});

const summaryOf = async (...parts: OpenToken[][]) => {
  async function* at() {
    yield* parts;
  }
  return tokenSummaryResponse.strict().parse(await tokenSummary({ tokens: { at }, clock: clockAt(NOW) }));
};

it('counts active tokens by subject, audience, type and hour, the highest count first', async () => {
  const ci = open({ subject: 'arn:aws:iam::111122223333:user/ci', access: 'write', decidedAt: NOW - 10 * MINUTE });
  const over = open({ expiresAt: NOW });
  expect(await summaryOf([ci, open(), over], [], [open({ audience: 'billing', access: 'read-write' })])).toEqual({
    time: '2026-01-01T12:05:00.000Z',
    active: 3,
    by_subject: { 'arn:aws:iam::111122223333:role/orders-service': 2, 'arn:aws:iam::111122223333:user/ci': 1 },
    by_audience: { 'orders-db': 2, billing: 1 },
    by_action: { write: 1, read: 1, 'read-write': 1 },
    by_hour: { '2026-01-01T12': 2, '2026-01-01T11': 1 },
  });
});

it('counts 0 if there are no tokens', async () => {
  expect(await summaryOf()).toMatchObject({ active: 0, by_subject: {}, by_hour: {} });
});

it('shows only the highest counts if there are very many', async () => {
  const many = Array.from({ length: SUMMARY_ROWS + 50 }, (_, index) => open({ subject: `subject-${index}` }));
  const summary = await summaryOf(many, [open({ subject: 'subject-1020' })]);
  expect(summary.active).toBe(SUMMARY_ROWS + 51);
  expect(Object.entries(summary.by_subject)).toHaveLength(SUMMARY_ROWS);
  expect(Object.entries(summary.by_subject)[0]).toEqual(['subject-1020', 2]);
});
