import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compress, emptyBits, publish, STATUS_LIST_TYPE, withInvalid } from '@tvm/core/status-lists/status-list.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { localKeys } from '../../fakes/local-keys.ts';
import { revocationCheck } from '../../support/revocation-check.ts';

// Tests the sample code of docs/how-to/check-status-lists.md against a server with arbitrary responses.

let issuer: string;
let stop: () => void;
let requests: string[];
let answer: RequestListener;
let keys: Awaited<ReturnType<typeof localKeys>>;

beforeEach(async () => {
  keys = await localKeys();
  requests = [];
  const server = createServer(async (request, response) => {
    if (request.url === '/.well-known/status-list-keys.json') {
      return response.end(JSON.stringify(await keys.keys.jwks()));
    }
    requests.push(`${request.method} ${request.url} ${request.headers['if-none-match'] ?? ''}`.trim());
    return answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stop = () => server.close();
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  stop();
});

const rules = () => ({ issuer, size: 1_000, ttl: 60, validity: 900 });
const bits = (...revoked: number[]) => compress(withInvalid(emptyBits(1_000), revoked, 1_000));
const list = (compressed = bits(), number = 1, signer = keys.signer) =>
  publish(number, compressed, rules(), signer, Date.now());
const serve = ({ token, etag }: { token: string; etag: string }) => {
  answer = (request, response) => {
    const known = request.headers['if-none-match'] === etag;
    response.writeHead(known ? 304 : 200, { etag, 'content-type': `application/${STATUS_LIST_TYPE}` });
    response.end(known ? undefined : token);
  };
};
const fail = () => {
  answer = (_, response) => void response.writeHead(503).end();
};
const claims = (idx: number, number = 1) => ({
  status: { status_list: { idx, uri: `${issuer}/status-lists/${number}` } },
});
const later = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

it('is quoted verbatim in the documentation', () => {
  const code = readFileSync('test/support/revocation-check.ts', 'utf8');
  expect(readFileSync('docs/how-to/check-status-lists.md', 'utf8')).toContain(`\`\`\`ts\n${code}\`\`\``);
});

describe('a resource server that checks revocation as documented', () => {
  it('reports revoked tokens, and fetches the list again only after its ttl', async () => {
    const isRevoked = revocationCheck(issuer);
    const first = await list(bits(7));
    serve(first);
    expect([await isRevoked(claims(7)), await isRevoked(claims(8))]).toEqual([true, false]);
    later(59);
    expect(await isRevoked(claims(7))).toBe(true);
    expect(requests).toEqual(['GET /status-lists/1']);
    later(1);
    expect(await isRevoked(claims(8))).toBe(false);
    serve(await list(bits(7, 8)));
    later(60);
    expect(await isRevoked(claims(8))).toBe(true);
    expect(requests.slice(1)).toEqual(Array(2).fill(`GET /status-lists/1 ${first.etag}`));
  });

  it('uses a valid list while no newer one is available, and rejects tokens after its expiry', async () => {
    const isRevoked = revocationCheck(issuer);
    serve(await list(bits(7)));
    await isRevoked(claims(7));
    fail();
    later(899);
    expect(await isRevoked(claims(7))).toBe(true);
    later(1);
    await expect(isRevoked(claims(8))).rejects.toThrow('503');
  });

  it('rejects tokens if there was never a list', async () => {
    fail();
    await expect(revocationCheck(issuer)(claims(7))).rejects.toThrow('503');
  });

  it('rejects an expired list, another list, a list signed with another key, and an index out of bounds', async () => {
    const isRevoked = revocationCheck(issuer);
    serve(await publish(1, bits(), rules(), keys.signer, Date.now() - 910_000));
    await expect(isRevoked(claims(7))).rejects.toThrow(/"exp"/);
    serve(await list(bits(), 2));
    await expect(isRevoked(claims(7))).rejects.toThrow(/"sub"/);
    serve(await list(bits(), 1, (await localKeys()).signer));
    await expect(isRevoked(claims(7))).rejects.toThrow(/no applicable key/);
    serve(await list());
    await expect(isRevoked(claims(1_000))).rejects.toThrow(/out of bounds/i);
    await expect(
      isRevoked({ status: { status_list: { idx: 7, uri: 'https://elsewhere.example.com/status-lists/1' } } }),
    ).rejects.toThrow(/another issuer/);
  });

  it('never goes back to an older list', async () => {
    const isRevoked = revocationCheck(issuer);
    const old = await list();
    later(30);
    serve(await list(bits(7)));
    expect(await isRevoked(claims(7))).toBe(true);
    serve(old);
    later(60);
    expect(await isRevoked(claims(7))).toBe(true);
  });
});
