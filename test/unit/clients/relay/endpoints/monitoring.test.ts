import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { parseExposition } from './exposition-format.ts';
import { bearerToken } from './fake-tokens.ts';
import { Endpoints } from './open-endpoints.ts';

describe('monitoring', () => {
  let endpoints: Endpoints;
  let address: string;
  beforeEach(async () => {
    endpoints = await Endpoints.create();
    address = await endpoints.start({ protocol: 'monitoring', listen: '127.0.0.1:0' });
  });
  afterEach(() => endpoints.close());
  const token = () => bearerToken(endpoints.clock, 'a-very-secret-value', 60);
  const metrics = async () => parseExposition((await ask(address, '/metrics')).text).series;

  it('is healthy if every token and every output is', async () => {
    endpoints.tokens.set('app', token(), { outputs: [{ name: 'file /run/app.json' }] });
    endpoints.tokens.set('kept', token(), { state: 'retrying', failures: 3, lastError: 'the source is away' });
    const { status, json } = await ask(address, '/healthz');
    expect({ status, json }).toEqual({ status: 200, json: { status: 'ok' } });
  });

  it('is unhealthy as soon as an output is missing, and names it', async () => {
    const missing = { name: 'file /run/app.json', problem: 'is gone' };
    endpoints.tokens.set('app', token(), { outputs: [missing, { name: 'file /run/app.env' }] });
    endpoints.tokens.set('other', token());
    const { status, json } = await ask(address, '/healthz');
    expect(status).toBe(503);
    expect(json).toEqual({ status: 'unhealthy', tokens: [{ name: 'app', state: 'fresh', outputs: [missing] }] });
  });

  it.each(['waiting', 'stale', 'expired', 'revoked'] as const)('is unhealthy while a token is %s', async (state) => {
    endpoints.tokens.set('app', state === 'waiting' ? undefined : token(), { state });
    const { status, json } = await ask(address, '/healthz');
    expect(status).toBe(503);
    expect(json).toMatchObject({ tokens: [{ name: 'app', state }] });
  });

  it('exports metrics of each token and output in the exposition format', async () => {
    const odd = { name: 'file /run/a "b"\\c\nd.json', problem: 'is gone' };
    const fetches = { succeeded: 5, failed: 2 };
    endpoints.tokens.set('app', token(), { failures: 1, fetches, outputs: [odd, { name: 'file /run/app.env' }] });
    endpoints.tokens.set('waiting', undefined);
    const series = await metrics();
    const at = Date.parse('2026-11-22T12:00:00Z') / 1_000;
    const of = (name: string) =>
      series
        .filter((one) => one.name === `tokenrelay_token_${name}`)
        .map(({ labels, value }) => [...Object.values(labels), value]);
    expect(of('healthy')).toEqual([
      ['app', 0],
      ['waiting', 0],
    ]);
    expect(of('expiry_timestamp_seconds')).toEqual([['app', at + 60]]);
    expect(of('last_success_timestamp_seconds')).toEqual([['app', at]]);
    expect(of('consecutive_failures')).toEqual([
      ['app', 1],
      ['waiting', 0],
    ]);
    expect(of('fetches_total')).toEqual([
      ['app', 'success', 5],
      ['app', 'failure', 2],
      ['waiting', 'success', 0],
      ['waiting', 'failure', 0],
    ]);
    expect(of('output_healthy')).toEqual([
      ['app', odd.name, 0],
      ['app', 'file /run/app.env', 1],
    ]);
  });

  it('exports metrics of its process', async () => {
    const { text, headers } = await ask(address, '/metrics');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const value = (name: string) => parseExposition(text).series.find((one) => one.name === name)?.value ?? Number.NaN;
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(Math.abs(value('process_start_time_seconds') + process.uptime() - Date.now() / 1_000)).toBeLessThan(60);
    const build = parseExposition(text).series.find((one) => one.name === 'tokenrelay_build_info');
    expect(build).toMatchObject({
      value: 1,
      labels: { version: expect.stringMatching(/^\d+\.\d+\.\d+/), node: process.versions.node },
    });
  });

  it('contains no token value', async () => {
    endpoints.tokens.set('app', token(), { state: 'stale' });
    for (const path of ['/healthz', '/metrics']) {
      expect((await ask(address, path)).text).not.toContain('a-very-secret-value');
    }
  });

  it('serves no token and no list of tokens', async () => {
    endpoints.tokens.set('app', token());
    for (const path of ['/v1/tokens/app', '/v1/status', '/', '/healthz/']) {
      expect((await ask(address, path)).status).toBe(404);
    }
    expect((await ask(address, '/metrics', { method: 'POST' })).status).toBe(405);
  });
});

describe('the parser of this test', () => {
  it.each([
    ['a missing final newline', '# HELP a b\n# TYPE a gauge\na 1'],
    ['a sample without a type', '# HELP a b\na 1\n'],
    ['an unescaped quote', '# HELP a b\n# TYPE a gauge\na{x="""} 1\n'],
    ['an unknown escape', '# HELP a b\n# TYPE a gauge\na{x="\\t"} 1\n'],
    ['a duplicate series', '# HELP a b\n# TYPE a gauge\na{x="1"} 1\na{x="1"} 2\n'],
    ['a value that is not a number', '# HELP a b\n# TYPE a gauge\na undefined\n'],
    ['a counter without _total', '# HELP a b\n# TYPE a counter\na 1\n'],
  ])('refuses %s', (_, text) => {
    expect(() => parseExposition(text)).toThrow();
  });
});
