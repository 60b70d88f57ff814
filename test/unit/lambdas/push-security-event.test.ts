import type { ServerResponse } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { pushSecurityEvent } from '#lambdas/adapters/http/push-security-event.ts';
import { httpListener } from '../../support/http-listener.ts';

async function receiver(answer: (response: ServerResponse) => void) {
  const listener = await httpListener((_, response) => answer(response));
  onTestFinished(() => listener.close().catch(() => undefined));
  return listener;
}

const answering = (status: number, body = '', headers = {}) =>
  receiver((response) => response.writeHead(status, headers).end(body));

it('pushes a SET as in RFC 8935, section 2.1, and accepts the response 202', async () => {
  const { url, heard } = await answering(202);
  expect(await pushSecurityEvent(`${url}/events`, 'e30.e30.c2ln')).toEqual({ accepted: true });
  expect(heard).toMatchObject([
    {
      method: 'POST',
      path: '/events',
      headers: { 'content-type': 'application/secevent+jwt', accept: 'application/json' },
      body: 'e30.e30.c2ln',
    },
  ]);
  expect(heard[0]?.headers).not.toHaveProperty('authorization');
});

it('takes 400 with a code as a permanent refusal, and reads only the code', async () => {
  const { url } = await answering(400, JSON.stringify({ err: 'invalid_audience', description: 'not\nfor us' }));
  expect(await pushSecurityEvent(url, 'set')).toEqual({ accepted: false, err: 'invalid_audience' });
});

it.each([
  ['400 without a code', 400, 'Bad Request'],
  ['400 with an invalid code', 400, JSON.stringify({ err: 'forged\nline' })],
  ['200', 200, ''],
  ['401', 401, JSON.stringify({ err: 'authentication_failed' })],
  ['429', 429, ''],
  ['503', 503, ''],
])('throws for %s, so that the push is retried', async (_, status, body) => {
  const { url } = await answering(status, body);
  await expect(pushSecurityEvent(url, 'set')).rejects.toThrow(`responded with status ${status}`);
});

it('throws for a redirect, an endless response and an unreachable receiver', async () => {
  const elsewhere = await answering(202);
  const leading = await answering(307, '', { location: elsewhere.url });
  await expect(pushSecurityEvent(leading.url, 'set')).rejects.toThrow();
  expect(elsewhere.heard).toEqual([]);
  const endless = await receiver((response) => response.writeHead(202).end('x'.repeat(300_000)));
  await expect(pushSecurityEvent(endless.url, 'set')).rejects.toThrow('more than 262144 bytes');
  const gone = await answering(202);
  await gone.close();
  await expect(pushSecurityEvent(gone.url, 'set')).rejects.toThrow('fetch failed');
});
