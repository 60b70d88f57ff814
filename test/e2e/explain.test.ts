import { explanation } from '@tvm/contract/explanation.ts';
import { describe, expect, it } from 'vitest';
import { curl, formData } from '../support/curl.ts';
import { ask, endpoint, operator, readOrders, workload } from '../support/deployed-service.ts';

const SUBJECT = 'arn:aws:iam::000000000000:user/orders-service';
const request = { grant_type: 'client_credentials', audience: 'orders-db', authorization_details: [readOrders] };
const readAndWrite = [{ ...readOrders, actions: ['read', 'write'] }];

/** Sends `POST /explain` or `POST /explain/any` with curl. */
const explain = (path: string, parameters: Record<string, unknown>, caller = workload) =>
  curl(`${endpoint}${path}`, caller, ...formData({ ...request, ...parameters }));

describe('a workload asks what it would get', () => {
  it('with the body of its token request, and gets the same decision as for the token', async () => {
    const { status, headers, body } = await explain('/explain', {});
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    const { expires_in } = (await ask()).body;
    expect(explanation.parse(body)).toMatchObject({
      allowed: true,
      subject: SUBJECT,
      expires_in,
      authorization_details: [readOrders],
    });
  });

  it('and learns the reasons of a denial and a request that is allowed', async () => {
    expect((await ask({ authorization_details: readAndWrite })).status).toBe(403);
    const { status, body } = await explain('/explain', { authorization_details: readAndWrite });
    expect(status).toBe(200);
    const { allowed, pairs, change } = explanation.parse(body);
    expect([allowed, pairs.map(({ verdict }) => verdict)]).toEqual([false, ['allowed', 'not_permitted']]);
    expect(change?.sentence).toBe('ask for read only');
    expect(JSON.stringify(body)).not.toContain('.cedar');
    expect((await ask(change?.request)).status).toBe(200);
  });

  it('and not about others, whatever it says', async () => {
    const { body } = await explain('/explain', { subject: 'arn:aws:iam::000000000000:user/somebody-else' });
    expect(body.subject).toBe(SUBJECT);
    expect((await explain('/explain/any', { subject: SUBJECT })).status).toBe(403);
  });
});

describe('an operator asks what a workload would get', () => {
  it('from an address and at a time, and gets the policies’ file positions', async () => {
    const parameters = { subject: SUBJECT, source_ip: '203.0.113.7', time: '2026-01-01T12:00:00Z' };
    const { status, body } = await explain('/explain/any', parameters, operator);
    expect(status).toBe(200);
    expect(explanation.parse(body)).toMatchObject({
      allowed: true,
      subject: SUBJECT,
      source_ip: '203.0.113.7',
      time: '2026-01-01T12:00:00.000Z',
      pairs: [{ policies: [{ id: expect.any(String), file: expect.stringContaining('.cedar') }] }],
    });
  });

  it('and not what it would get itself', async () => {
    expect((await explain('/explain', {}, operator)).status).toBe(403);
    expect(await explain('/explain/any', {}, operator)).toMatchObject({ status: 400, body: { field: 'subject' } });
  });
});
