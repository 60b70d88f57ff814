import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { send } from '@tvm/cli/connection/send.ts';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { runTvm, startTvm } from './run-tvm.ts';
import { useStubService } from './stub-service.ts';

const service = useStubService();

const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl';
const asking = ['token', '--action', 'read', '--location', 'orders-db/orders', '--audience', 'orders-db'];
const wireError = (error: string, error_description: string, field?: string) => ({
  error,
  error_description,
  ...(field && { field }),
  request_id: 'r-1',
});

describe('an error message', { timeout: 20_000 }, () => {
  it.each([
    [
      'a denial',
      { status: 403, body: wireError('access_denied', 'policy does not allow everything that was requested') },
      3,
      'refused: policy does not allow everything that was requested; to see why, run: tvm explain --action read --location orders-db/orders --audience orders-db (access_denied, request r-1)',
    ],
    [
      'an invalid field, by its option',
      { status: 400, body: wireError('invalid_request', 'expires_in must be at most 60 seconds', 'expires_in') },
      2,
      '--duration must be at most 60 seconds (invalid_request, request r-1)',
    ],
    [
      'an invalid member of a grant, by its option and value',
      {
        status: 400,
        body: wireError(
          'invalid_authorization_details',
          'authorization_details[0].locations[0] must be known',
          'authorization_details[0].locations[0]',
        ),
      },
      2,
      '--location "orders-db/orders" must be known (invalid_authorization_details, request r-1)',
    ],
    [
      'a service that is unavailable',
      {
        status: 503,
        headers: { 'retry-after': '2' },
        body: wireError('temporarily_unavailable', 'no token was issued or changed; try again shortly'),
      },
      1,
      'no token was issued or changed; try again in 2 seconds (temporarily_unavailable, request r-1)',
    ],
    [
      'throttling',
      { status: 429, body: wireError('temporarily_unavailable', 'Too Many Requests') },
      1,
      'Too Many Requests; try again in some seconds (temporarily_unavailable, request r-1)',
    ],
    [
      'an error of API Gateway',
      { status: 403, headers: { 'x-amzn-requestid': 'g-1' }, body: { message: 'Forbidden' } },
      3,
      'refused: Forbidden (http_403, request g-1)',
    ],
    [
      'a path without a stage',
      { status: 403, body: { message: 'Missing Authentication Token' } },
      3,
      'refused: Missing Authentication Token; does --endpoint name the stage, as in …amazonaws.com/v1?',
    ],
    [
      'a server that is not a TVM',
      { body: '<html></html>' },
      1,
      'HTTP 200, but the response is not from a Token Vending Machine; is the endpoint right?',
    ],
    [
      'an incomplete response',
      { body: { access_token: TOKEN } },
      1,
      'HTTP 200, but the response is not from a Token Vending Machine; is the endpoint right?',
    ],
    [
      'a redirect, which is not followed',
      { status: 307, headers: { location: '/v1/elsewhere' }, body: {} },
      1,
      'HTTP 307, but the response is not from a Token Vending Machine; is the endpoint right?',
    ],
  ])('reports %s', async (_what, answer, code, sentence) => {
    service.next = answer;
    expect(await service.tvm(asking)).toEqual({ code, stdout: '', stderr: `tvm: ${sentence}\n` });
    expect(service.asked).toHaveLength(1);
  });

  it('is JSON on standard error with --output json', async () => {
    service.next = {
      status: 400,
      body: wireError('invalid_request', 'expires_in must be at most 60 seconds', 'expires_in'),
    };
    const { code, stdout, stderr } = await service.tvm([...asking, '--output', 'json']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toEqual({
      error: 'invalid_request',
      error_description: '--duration must be at most 60 seconds',
      option: '--duration',
      request_id: 'r-1',
    });
  });

  it('contains no token, signature, secret or terminal control character, even if the response quotes them', async () => {
    const session = 'FwoGZXIvYXdzEBYaDHRva2VuLw==';
    const signature = 'a'.repeat(64);
    const quoted = `\u001b[2JSignature=${signature} does not match for ${TOKEN}.\nThe Canonical String for this request should have been 'POST\nx-amz-security-token:${session}'`;
    service.next = { status: 403, body: wireError('access_denied', quoted) };
    for (const format of ['text', 'json']) {
      const { stderr } = await service.tvm(['introspect', TOKEN, '--output', format], {
        env: { AWS_SESSION_TOKEN: session },
      });
      expect(stderr).toContain('Signature=[removed] does not match for [removed].');
      for (const secret of [TOKEN, session, signature, '\u001b']) expect(stderr).not.toContain(secret);
    }
  });

  it('about the command line does not quote a token', async () => {
    for (const args of [['introspect', `--token=${TOKEN}`], [TOKEN], ['introspect', `-${TOKEN}`]]) {
      const { code, stderr } = await service.tvm(args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^tvm: unknown /);
      expect(stderr).not.toContain(TOKEN.slice(0, 12));
    }
  });

  it('about credentials that are invalid in a header does not quote them', async () => {
    const { code, stderr } = await service.tvm(asking, { env: { AWS_SESSION_TOKEN: 'secret\nsession' } });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'tvm: the request could not be signed and sent; are the AWS credentials well-formed?\n',
    });
  });

  it('names an endpoint that cannot be reached', async () => {
    const env = { ...service.env, TVM_ENDPOINT: 'http://127.0.0.1:2/' };
    const { code, stderr } = await runTvm(asking, { env });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'tvm: 127.0.0.1:2 cannot be reached (ECONNREFUSED); is it running?\n',
    });
  });

  it('stops reading a response at the size limit, also if it is compressed', async () => {
    // 64 MiB, compressed to 64 KiB.
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '));
    service.next = { headers: { 'content-encoding': 'gzip' }, body: bomb };
    const settings = {
      endpoint: new URL(service.endpoint),
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret' },
    };
    await expect(send(settings, { path: '/token' }, {}, z.object({}), () => undefined)).rejects.toMatchObject({
      message: expect.stringMatching(/sent more than 6291456 bytes; is the endpoint right\?$/),
      details: { code: 'unexpected_answer', exitCode: 1 },
    });
  });

  it('reports a timeout if the service does not respond', async () => {
    service.next = { body: 'never' };
    const settings = {
      endpoint: new URL(service.endpoint),
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret' },
    };
    const waiting = send(settings, { path: '/token', timeout: 50 }, {}, z.object({}), () => undefined);
    await expect(waiting).rejects.toMatchObject({
      message: expect.stringContaining('did not respond within 0.05 s'),
      details: { code: 'timed_out', exitCode: 1 },
    });
  });
});

describe('tvm', { timeout: 20_000 }, () => {
  it('ends at Ctrl-C without a message', async () => {
    service.next = { body: 'never' };
    const child = startTvm(asking, service.env);
    const closed = once(child, 'close');
    while (service.asked.length === 0) await wait(10);
    child.kill('SIGINT');
    const [stderr, [code, signal]] = await Promise.all([child.stderr && text(child.stderr), closed]);
    expect({ code, signal, stderr }).toEqual({ code: null, signal: 'SIGINT', stderr: '' });
  });

  it('ends without a message and with its own exit code if its output is closed', async () => {
    service.next = { body: { active: false } };
    const child = startTvm(['introspect', TOKEN], service.env);
    child.stdout?.destroy();
    const [stderr, [code]] = await Promise.all([child.stderr && text(child.stderr), once(child, 'close')]);
    expect({ code, stderr }).toEqual({ code: 4, stderr: '' });
  });
});
