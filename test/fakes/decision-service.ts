import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A received HTTP request. */
export interface Received {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingMessage['headers'];
  body: unknown;
}

/** Returns the body of the response, sent as JSON with status 200, or writes the response itself. */
export type Answer = (received: Received, response: ServerResponse) => unknown;

/** Starts a decision service on this computer for one test. It records the requests that it receives. */
export async function decisionService(answer: Answer): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    const entry = { method, path: url, headers, body: JSON.parse(Buffer.concat(chunks).toString() || 'null') };
    received.push(entry);
    const document = await answer(entry, response);
    if (document !== undefined) response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}
