import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an issuer answers when it is asked for a token: the last stands for all that follow. */
export type Script = readonly ((response: ServerResponse, token: string) => void)[];

/** An issuer on loopback that does as it is told, for each path on its own. Whoever starts it closes it. */
export interface ScriptedIssuer {
  url: string;
  /** How often a path was asked for. */
  asked(path: string): number;
  /** Says what is answered from now on. */
  follow(path: string, script: Script): void;
  /** Every token that it gave or named, good or bad. */
  given: readonly string[];
  close(): Promise<void>;
}

/** A token that lives for so many seconds. */
export const good = (seconds: number) => (response: ServerResponse, token: string) =>
  void response.end(JSON.stringify({ token, expires_in: seconds }));

/** Any other answer; what is in its body must be told nobody. */
export const bad = (status: number, headers: Record<string, string> = {}) => {
  return (response: ServerResponse, token: string) =>
    void response.writeHead(status, headers).end(`<html><body>${token}</body></html>`);
};

/** No answer at all. */
export const hang = () => {};

/** @param port one that was free a moment ago; otherwise any */
export async function scriptedIssuer(scripts: Record<string, Script>, port = 0): Promise<ScriptedIssuer> {
  const following = new Map(Object.entries(scripts).map(([path, script]) => [path, [...script]]));
  const asked = new Map<string, number>();
  const given: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url?.slice(1) ?? '';
    asked.set(path, (asked.get(path) ?? 0) + 1);
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
    asked: (path) => asked.get(path) ?? 0,
    follow: (path, script) => void following.set(path, [...script]),
    given,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
