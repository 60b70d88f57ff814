import type { AuthorizerRequest } from '@tvm/core/external-authorizers/external-authorizer.ts';
import { describe, expect, it } from 'vitest';
import { authzenAuthorizer } from '#lambdas/adapters/authorizers/authzen.ts';
import { opaRestAuthorizer } from '#lambdas/adapters/authorizers/opa-rest.ts';
import { question } from '../../fakes/authorizer-requests.ts';
import { type Answer, decisionService } from '../../fakes/decision-service.ts';

const read = question();
const write = question({ action: 'write' });

/** An external authorizer of a type, with a service that responds like this. */
async function over(type: 'opa-rest' | 'authzen', answer: Answer) {
  const service = await decisionService(answer);
  const common = { name: 'office', url: service.url, timeout_ms: 300 };
  const condition =
    type === 'authzen'
      ? authzenAuthorizer({ ...common, type }, Date)
      : opaRestAuthorizer({ ...common, type, path: 'tvm/condition/allow' }, Date);
  return { condition, received: service.received };
}

describe('an OPA server', () => {
  it('gets each request as the input of the document, and true allows', async () => {
    const { condition, received } = await over('opa-rest', ({ body }) => ({
      result: (body as { input: AuthorizerRequest }).input.action === 'read',
      decision_id: 'd-1',
    }));
    expect(await condition.allows([write, read])).toEqual([false, true]);
    expect(received).toHaveLength(2);
    expect(received.map(({ body }) => body)).toEqual(expect.arrayContaining([{ input: read }, { input: write }]));
    expect(received[0]).toMatchObject({
      method: 'POST',
      path: '/v1/data/tvm/condition/allow',
      headers: { 'content-type': 'application/json' },
    });
    expect(received[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each([
    ['undefined', {}],
    ['not a boolean', { result: 'true' }],
    ['a number', { result: 1 }],
    ['an object', { result: { allow: true } }],
    ['not an object', true],
    ['null', null],
  ])('denies if the result is %s', async (_, answer) => {
    const { condition } = await over('opa-rest', () => answer);
    expect(await condition.allows([read])).toEqual([false]);
  });
});

describe('an AuthZEN decision point', () => {
  it('gets a single request in its own format, and the decision true allows', async () => {
    const { condition, received } = await over('authzen', () => ({ decision: true }));
    expect(await condition.allows([read])).toEqual([true]);
    expect(received).toMatchObject([{ method: 'POST', path: '/access/v1/evaluation' }]);
    expect(received[0]?.body).toEqual({
      subject: { type: 'workload', ...read.subject },
      action: { name: 'read' },
      resource: { type: 'resource', ...read.resource },
      context: read.context,
    });
  });

  it('gets several requests at once, with decisions in the same order', async () => {
    const assume = question({ action: 'assume', resource: { id: 'reports' } });
    const { condition, received } = await over('authzen', () => ({
      evaluations: [{ decision: true }, { decision: false, context: { error: { status: 404 } } }, { decision: true }],
    }));
    expect(await condition.allows([read, write, assume])).toEqual([true, false, true]);
    expect(received).toMatchObject([
      {
        path: '/access/v1/evaluations',
        body: {
          evaluations: [
            { action: { name: 'read' } },
            { action: { name: 'write' } },
            { action: { name: 'assume' }, resource: { type: 'role', id: 'reports' } },
          ],
        },
      },
    ]);
  });

  it.each([
    [{}],
    [{ decision: 'true' }],
    [{ decision: 1 }],
    [null],
    [[true]],
  ])('denies if the response is %j', async (answer) => {
    const { condition } = await over('authzen', () => answer);
    expect(await condition.allows([read])).toEqual([false]);
    const several = await over('authzen', () => ({ evaluations: [answer, { decision: true }] }));
    expect(await several.condition.allows([read, write])).toEqual([false, true]);
  });

  it.each([
    [{ decision: true }],
    [{ evaluations: [] }],
    [{ evaluations: [{ decision: true }] }],
    [{ evaluations: [{ decision: true }, { decision: true }, { decision: true }] }],
    [{ evaluations: { 0: { decision: true }, 1: { decision: true }, length: 2 } }],
    [null],
  ])('fails if the response to two requests is %j', async (answer) => {
    const { condition } = await over('authzen', () => answer);
    await expect(condition.allows([read, write])).rejects.toThrow(
      'did not return a decision for each of 2 evaluations',
    );
  });
});

describe.each(['opa-rest', 'authzen'] as const)('over the network, %s', (type) => {
  const yes = { result: true, decision: true };

  it('ignores the content type of the response', async () => {
    const { condition } = await over(type, (_, response) => {
      response.setHeader('content-type', 'text/html').end(JSON.stringify(yes));
    });
    expect(await condition.allows([read])).toEqual([true]);
  });

  it.each([201, 204, 400, 401, 404, 429, 500, 503])('fails for status %i, whatever the body is', async (status) => {
    const { condition } = await over(type, (_, response) => {
      response.writeHead(status).end(status === 204 ? undefined : JSON.stringify(yes));
    });
    await expect(condition.allows([read])).rejects.toThrow(`responded with status ${status}`);
  });

  it.each([301, 302, 307, 308])('follows no redirect (%i)', async (status) => {
    const elsewhere = await decisionService(() => yes);
    const { condition, received } = await over(type, (_, response) => {
      response.writeHead(status, { location: elsewhere.url }).end();
    });
    await expect(condition.allows([read])).rejects.toThrow();
    expect(received).toHaveLength(1);
    expect(elsewhere.received).toEqual([]);
  });

  it('fails if there is no response in time', async () => {
    const { condition } = await over(type, () => undefined);
    await expect(condition.allows([read])).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('fails if a response starts in time but does not finish', async () => {
    const { condition } = await over(type, (_, response) => {
      response.writeHead(200).write('{');
    });
    await expect(condition.allows([read])).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('fails if a response is too long, and stops reading', async () => {
    const { condition } = await over(type, (_, response) => {
      response.write(JSON.stringify(yes));
      const more = setInterval(() => response.write(' '.repeat(65_536)), 1);
      response.on('close', () => clearInterval(more));
    });
    await expect(condition.allows([read])).rejects.toThrow('sent more than 262144 bytes');
  });

  it.each([
    ['malformed JSON', '{"result":true,"decision":true'],
    ['two documents', '{"result":true,"decision":true}{}'],
    ['an empty body', ''],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('fails for %s', async (_, text) => {
    const { condition } = await over(type, (_, response) => {
      response.end(text);
    });
    await expect(condition.allows([read])).rejects.toThrow();
  });

  it('fails if the server is unreachable', async () => {
    const common = { name: 'office', url: 'http://127.0.0.1:1', timeout_ms: 300 };
    const condition =
      type === 'authzen'
        ? authzenAuthorizer({ ...common, type }, Date)
        : opaRestAuthorizer({ ...common, type, path: 'a' }, Date);
    await expect(condition.allows([read])).rejects.toThrow('fetch failed');
  });

  it('retries once, and only once, on a closed connection', async () => {
    let closed = 1;
    const { condition, received } = await over(type, (_, response) => {
      if (closed-- <= 0) return yes;
      response.socket?.destroy();
      return undefined;
    });
    expect(await condition.allows([read])).toEqual([true]);
    expect(received).toHaveLength(2);
    closed = 2;
    await expect(condition.allows([read])).rejects.toThrow('fetch failed');
  });
});
