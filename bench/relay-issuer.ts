/**
 * `relay-issuer.ts [CERTIFICATE KEY]`, started by relay.ts: an OAuth 2.0 token endpoint on loopback, with TLS if a
 * certificate is given. The path has the token's lifetime in seconds: `/token/3600`. It reports its URL. A message
 * switches it: after `away` it rejects requests, after `back` it serves them again.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { report } from './apart.ts';

const [certificate, key] = process.argv.slice(2);
let away = false;

const listener: RequestListener = (request, response) => {
  request.resume();
  if (away) {
    response.writeHead(503).end();
    return;
  }
  const lifetime = Number(/^\/token\/(\d+)/.exec(request.url ?? '')?.[1] ?? 3_600);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ access_token: randomUUID().repeat(20), token_type: 'Bearer', expires_in: lifetime }));
};

await report(async () => {
  const server =
    certificate !== undefined && key !== undefined
      ? createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, listener)
      : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
});

process.on('message', async (message) => {
  away = message === 'away';
  await report(async () => message);
});
