import { networkInterfaces } from 'node:os';
import { EndpointFailure } from 'tokenrelay/endpoints/start-endpoint.ts';
import { endpoint } from 'tokenrelay/settings/endpoints.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { Endpoints } from './open-endpoints.ts';

describe('an endpoint on loopback', () => {
  let endpoints: Endpoints;
  beforeEach(async () => {
    endpoints = await Endpoints.create();
  });
  afterEach(() => endpoints.close());
  const monitoring = (listen: string) => ({ protocol: 'monitoring', listen });

  const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === '::1'));

  it.each(['127.0.0.1:0', '127.0.0.2:0', '[::1]:0'])('listens on %s', async (listen) => {
    if (listen.startsWith('[') && !hasIpv6) {
      await expect(endpoints.start(monitoring(listen))).rejects.toThrow(/\[::1\]:0: /);
      return;
    }
    const address = await endpoints.start(monitoring(listen));
    expect(address).toMatch(`http://${listen.slice(0, -1)}`);
    expect((await ask(address, '/healthz')).status).toBe(200);
  });

  it.each([
    '0.0.0.0:9797',
    '10.0.0.1:9797',
    '[::]:9797',
    'localhost:9797',
    '127.0.0.256:9797',
    '127.0.0.1:65536',
    '127.0.0.1',
    '127.0.0.1:9797/',
  ])('is refused by the configuration on %s', (listen) => {
    expect(endpoint.safeParse(monitoring(listen)).success).toBe(false);
  });

  it('reports that another program uses the address', async () => {
    const address = await endpoints.start(monitoring('127.0.0.1:0'));
    const listen = address.slice('http://'.length);
    const failure = await endpoints.start(monitoring(listen)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EndpointFailure);
    expect(String(failure)).toContain(`${listen}: another program listens on it`);
  });

  it('does not respond after it is closed', async () => {
    const address = await endpoints.start(monitoring('127.0.0.1:0'));
    await endpoints.close();
    await expect(ask(address, '/healthz')).rejects.toThrow(/ECONNREFUSED/);
  });
});
