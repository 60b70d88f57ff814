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

describe('an explanation for a workload', () => {
  it('has the decision of the token request with the same body', async () => {
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

  it('has the reasons for a denial, and a request that would be allowed', async () => {
    expect((await ask({ authorization_details: readAndWrite })).status).toBe(403);
    const { status, body } = await explain('/explain', { authorization_details: readAndWrite });
    expect(status).toBe(200);
    const { allowed, pairs, change } = explanation.parse(body);
    expect([allowed, pairs.map(({ verdict }) => verdict)]).toEqual([false, ['allowed', 'not_permitted']]);
    expect(change?.sentence).toBe('ask for read only');
    expect(JSON.stringify(body)).not.toContain('.cedar');
    expect((await ask(change?.request)).status).toBe(200);
  });

  it('is always about the caller, whatever subject the body names', async () => {
    const { body } = await explain('/explain', { subject: 'arn:aws:iam::000000000000:user/somebody-else' });
    expect(body.subject).toBe(SUBJECT);
    expect((await explain('/explain/any', { subject: SUBJECT })).status).toBe(403);
  });
});

describe('an explanation for an operator', () => {
  it('is about a workload, at an address and a time, and has the file positions of the policies', async () => {
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

  it('is never about the operator itself', async () => {
    expect((await explain('/explain', {}, operator)).status).toBe(403);
    expect(await explain('/explain/any', {}, operator)).toMatchObject({ status: 400, body: { field: 'subject' } });
  });
});
