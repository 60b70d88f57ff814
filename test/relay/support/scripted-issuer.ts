import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The responses of an issuer to token requests, in order. The last one repeats. */
export type Script = readonly ((response: ServerResponse, token: string) => void)[];

/** An issuer on loopback that follows a script for each path. The caller must close it. */
export interface ScriptedIssuer {
  url: string;
  /** Returns the number of requests for a path. */
  requests(path: string): number;
  /** Sets the responses from now on. */
  follow(path: string, script: Script): void;
  /** Every token that it returned or mentioned, valid or not. */
  given: readonly string[];
  close(): Promise<void>;
}

/** Responds with a token that lives for the given number of seconds. */
export const good = (seconds: number) => (response: ServerResponse, token: string) =>
  void response.end(JSON.stringify({ token, expires_in: seconds }));

/** Responds with any other status. Nothing in its body may be logged. */
export const bad = (status: number, headers: Record<string, string> = {}) => {
  return (response: ServerResponse, token: string) =>
    void response.writeHead(status, headers).end(`<html><body>${token}</body></html>`);
};

/** Sends no response. */
export const hang = () => {};

/** @param port a port that was free a moment ago; by default any free port */
export async function scriptedIssuer(scripts: Record<string, Script>, port = 0): Promise<ScriptedIssuer> {
  const following = new Map(Object.entries(scripts).map(([path, script]) => [path, [...script]]));
  const requests = new Map<string, number>();
  const given: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url?.slice(1) ?? '';
    requests.set(path, (requests.get(path) ?? 0) + 1);
    const script = following.get(path) ?? [];
    const step = script.length > 1 ? script.shift() : script[0];
    if (step === undefined) return response.writeHead(404).end();
    const token = `${path}-${randomUUID()}`;
    given.push(token);
    step(response, token);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: (path) => requests.get(path) ?? 0,
    follow: (path, script) => void following.set(path, [...script]),
    given,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Returns a port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
