import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';

// Tests the service in docs/tutorials/resource-server.md, unchanged except for its port, with an issuer of this test.

let folder: string;
let issuerServer: Server;
let service: ChildProcess;
let issuer: string;
let url: string;
let key: CryptoKey;

const listen = (server: Server) =>
  new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );

beforeAll(async () => {
  const pair = await generateKeyPair('ES256');
  key = pair.privateKey;
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'test', alg: 'ES256', use: 'sig' };
  issuerServer = createServer((_, response) => void response.end(JSON.stringify({ keys: [jwk] })));
  issuer = `http://127.0.0.1:${await listen(issuerServer)}`;

  const page = readFileSync('docs/tutorials/resource-server.md', 'utf8');
  const code = /^```js\n(.*?)^```$/ms.exec(page)?.[1] ?? '';
  // The system chooses the port, and the service prints it.
  const listening = "listen(0, '127.0.0.1', function () { console.log('port', this.address().port); })";
  mkdirSync('.local', { recursive: true });
  folder = mkdtempSync('.local/tutorial-'); // within the repository, so that it finds jose
  writeFileSync(join(folder, 'orders-db.mjs'), code.replace("listen(8080, '127.0.0.1')", listening));
  service = spawn(process.execPath, [join(folder, 'orders-db.mjs')], { env: { ...process.env, TVM_ISSUER: issuer } });
  const port = await new Promise<string>((resolve, reject) => {
    let output = '';
    service.stderr?.on('data', (chunk) => reject(new Error(String(chunk))));
    service.stdout?.on('data', (chunk) => {
      output += chunk;
      const found = /port (\d+)/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  url = `http://127.0.0.1:${port}/orders`;
});

afterAll(() => {
  service.kill();
  issuerServer.close();
  rmSync(folder, { recursive: true });
});

const token = (claims: object = {}) =>
  new SignJWT({
    sub: 'arn:aws:iam::111122223333:role/orders-service',
    authorization_details: [{ type: 'resource', locations: ['orders-db/orders'], actions: ['read'] }],
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'test', typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience('orders-db')
    .setJti('3f0c2f3e-6f0b-4d2c-9d8a-5d1f5b8f2a10')
    .setIssuedAt()
    .setNotBefore('0s')
    .setExpirationTime('5m')
    .sign(key);

const status = async (bearer: string | undefined, method = 'GET', at = url) =>
  (await fetch(at, { method, headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` } })).status;

it('accepts a token only for what the token permits', async () => {
  const good = await token();
  expect(await status(good)).toBe(200);
  expect(await status(good, 'POST')).toBe(403);
  expect(await status(good, 'GET', url.replace('/orders', '/customers'))).toBe(403);
});

it('refuses a missing token, a wrong signature, obligations and fields', async () => {
  const grant = { type: 'resource', locations: ['orders-db/orders'], actions: ['read'] };
  expect(await status(undefined)).toBe(401);
  expect(await status(`${await token()}x`)).toBe(401);
  expect(await status(await token({ obligations: { single_use: true } }))).toBe(401);
  expect(await status(await token({ authorization_details: [{ ...grant, fields: ['id'] }] }))).toBe(403);
});
