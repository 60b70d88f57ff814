import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from 'tokenrelay/agent/agent.ts';
import { startAgent } from 'tokenrelay/agent/start-agent.ts';
import { type Configuration, configurationSchema } from 'tokenrelay/config/configuration.ts';
import { systemClock } from 'tokenrelay/model/clock.ts';
import { loadSourceKinds } from 'tokenrelay/sources/kinds.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

await loadSourceKinds();

/** The agent with a real clock, real files and real commands. */
describe('an agent', () => {
  let folder = '';
  let agents: Agent[] = [];
  let logged: object[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'relay-agent-'));
    await writeFile(join(folder, 'config.yaml'), '', { mode: 0o600 });
    await writeFile(join(folder, 'key'), randomBytes(32).toString('base64'), { mode: 0o600 });
    logged = [];
  });
  afterEach(async () => {
    await Promise.all(agents.map((agent) => agent.stop()));
    agents = [];
    await rm(folder, { recursive: true });
    expect(JSON.stringify(logged)).not.toContain('value-of-the-token');
  });

  const at = (name: string) => join(folder, name);

  /** Returns settings for a token that a script prints. The script fails while the file `away` exists. */
  async function settings(lifetimeSeconds: number, more: object = {}, ofToken: object = {}): Promise<Configuration> {
    const script = `test -e ${at('away')} && exit 1; printf '{"token":"value-of-the-token-%s","expires_in":${lifetimeSeconds}}' "$(date +%s%N)"`;
    return configurationSchema().parse({
      tokens: [
        {
          name: 'printed',
          type: 'exec',
          source: { command: ['/bin/sh', '-c', script], format: 'json' },
          output: { file_path: at('token.json'), format: 'json', permissions: '0640' },
          ...ofToken,
        },
      ],
      ...more,
    });
  }

  function start(given: Configuration): Agent {
    const log = (details: object, message: string) => void logged.push({ ...details, message });
    const agent = startAgent(given, {
      clock: systemClock,
      log: { debug: log, info: log, warn: log, error: log },
      env: {},
      configFolder: folder,
      configFile: at('config.yaml'),
    });
    agents.push(agent);
    return agent;
  }

  const written = async () => JSON.parse(await readFile(at('token.json'), 'utf8')) as Record<string, string>;

  it('keeps a file with a token that lives 4 seconds, which is never missing, incomplete or expired', async () => {
    const agent = start(await settings(4));
    expect(await agent.settled).toMatchObject([{ name: 'printed', state: 'fresh' }]);
    const seen = new Set<string>();
    while (seen.size < 2) {
      const { token = '', expiration_timestamp = '' } = await written();
      expect(Date.parse(expiration_timestamp)).toBeGreaterThan(Date.now());
      seen.add(token);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  it('serves its last token after a restart while its source is away, from a cache without a token in plain text', async () => {
    const given = await settings(3_600, { cache: { path: at('cache'), key_path: at('key') } }, { output: undefined });
    const before = start(given);
    await before.settled;
    const token = before.current('printed');
    await before.stop();
    expect(before.current('printed')).toBeUndefined();
    await writeFile(at('away'), '');
    expect(Buffer.from(await readFile(at('cache'), 'utf8'), 'base64').toString('latin1')).not.toContain('value-of');
    const after = start(given);
    expect(await after.settled).toMatchObject([{ state: 'retrying', failures: 1 }]);
    expect(token).toBeDefined();
    expect(after.current('printed')).toEqual(token);
  });

  it('restores a deleted file within seconds, and removes it when its token expires while the source is away', async () => {
    const agent = start(await settings(7));
    await agent.settled;
    await writeFile(at('away'), '');
    await rm(at('token.json'));
    const { token } = await vi.waitFor(written, { timeout: 10_000, interval: 50 });
    expect(token).toBe(agent.current('printed')?.values.token);
    await vi.waitFor(() => expect(written()).rejects.toThrow('ENOENT'), { timeout: 10_000, interval: 50 });
    expect(agent.statuses()).toMatchObject([{ state: 'expired' }]);
  });

  describe('with a webhook for alerts', () => {
    let server: Server;
    const received: Record<string, unknown>[] = [];
    beforeEach(async () => {
      server = createServer(async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        received.push({ method: request.method, ...JSON.parse(body) });
        response.end();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    afterEach(() => server.close());

    it('reports that a token cannot be fetched, and later that it can', async () => {
      const { port } = server.address() as { port: number };
      const alerts = [{ webhook: `http://127.0.0.1:${port}/alert`, after_failures: 1 }];
      await writeFile(at('away'), '');
      start(await settings(3_600, { alerts }));
      await vi.waitFor(() => expect(received).toHaveLength(1), { timeout: 5_000 });
      await rm(at('away'));
      await vi.waitFor(() => expect(received).toHaveLength(2), { timeout: 10_000 });
      expect(received).toMatchObject([
        { method: 'POST', alert: 'failing', token: 'printed', type: 'exec', state: 'waiting', failures: 1 },
        { method: 'POST', alert: 'recovered', token: 'printed', state: 'fresh', failures: 0 },
      ]);
      expect(received[0]?.error).toMatch(/^\/bin\/sh exited with code 1/);
      expect(JSON.stringify(received)).not.toContain('value-of-the-token');
    });
  });
});
