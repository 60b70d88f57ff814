import { once } from 'node:events';
import { connect } from 'node:net';
import { type Bounds, httpServer, usualBounds } from 'tokenrelay/endpoints/http-server.ts';
import { listenOnLoopback } from 'tokenrelay/endpoints/loopback.ts';
import { monitoringProtocol } from 'tokenrelay/endpoints/monitoring-protocol.ts';
import { running } from 'tokenrelay/endpoints/running-endpoint.ts';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { ask, placeOf, sendBytes } from './ask.ts';
import { Endpoints } from './open-endpoints.ts';

// Run concurrently, because Node keeps an idle connection one second longer than configured.
describe('limits on the clients of an endpoint', () => {
  let endpoints: Endpoints;
  beforeAll(async () => {
    endpoints = await Endpoints.create();
  });
  afterAll(() => endpoints.close());

  const open = async (bounds: Partial<Bounds>) => {
    const protocol = monitoringProtocol(endpoints.tokens);
    const server = httpServer(protocol, endpoints.log, true, { ...usualBounds, ...bounds });
    return endpoints.keep(running(server, await listenOnLoopback(server, '127.0.0.1:0')));
  };
  const start = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n';

  it.concurrent('times out if headers arrive one byte at a time', async ({ expect }) => {
    const address = await open({ requestTime: 60, checkEvery: 20 });
    const socket = connect(placeOf(address));
    const drip = setInterval(() => socket.write('x'), 10);
    socket.write(`${start}X-Slow: `);
    socket.on('error', () => {});
    const [answer] = await once(socket.setEncoding('utf8'), 'data');
    clearInterval(drip);
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it.concurrent('closes a connection without a request', async ({ expect }) => {
    const address = await open({ requestTime: 60, checkEvery: 20 });
    expect(await sendBytes(address, '')).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  it.concurrent('closes a connection that is idle between two requests', async ({ expect }) => {
    const address = await open({ idleTime: 50 });
    expect(await sendBytes(address, `${start}\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.concurrent('refuses headers that are too large', async ({ expect }) => {
    const address = await open({});
    const answer = await sendBytes(address, `${start}X-Large: ${'x'.repeat(usualBounds.headerBytes)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  it.concurrent('accepts a limited number of connections, and another one when one is closed', async ({ expect }) => {
    const address = await open({ connections: 1 });
    const first = connect(placeOf(address));
    await once(first, 'connect');
    await expect(ask(address, '/healthz')).rejects.toThrow(/socket hang up|ECONNRESET/);
    first.destroy();
    await expect
      .poll(() =>
        ask(address, '/healthz').then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  it.concurrent('responds to a limited number of requests on one connection', async ({ expect }) => {
    const address = await open({ requestsPerConnection: 2, idleTime: 50 });
    const answer = await sendBytes(address, `${start}\r\n`.repeat(5));
    expect(answer.match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
  });
});
