import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../unit/clients/relay/endpoints/ask.ts';
import { type RelayFolder, read, relayFolder, type Started, startTokenrelay, until } from './support/run-tokenrelay.ts';
import {
  bad,
  freePort,
  good,
  hang,
  type Script,
  type ScriptedIssuer,
  scriptedIssuer,
} from './support/scripted-issuer.ts';

/** The resources that the tests of this file create. They are closed afterwards. */
const made: { folders: RelayFolder[]; agents: Started[]; issuers: ScriptedIssuer[] } = {
  folders: [],
  agents: [],
  issuers: [],
};
afterAll(async () => {
  for (const { process } of made.agents) process.kill('SIGKILL');
  await Promise.all(made.agents.map(({ ended }) => ended));
  await Promise.all(made.issuers.map((issuer) => issuer.close()));
  for (const folder of made.folders) folder.remove();
});

async function anIssuer(scripts: Record<string, Script>, port?: number): Promise<ScriptedIssuer> {
  const issuer = await scriptedIssuer(scripts, port);
  made.issuers.push(issuer);
  return issuer;
}

function aFolder(): RelayFolder {
  const folder = relayFolder();
  made.folders.push(folder);
  return folder;
}

function start(folder: RelayFolder): Started {
  const agent = startTokenrelay(['run', '--config', folder.config]);
  made.agents.push(agent);
  return agent;
}

/** Returns a token of an issuer, with its own folder. */
function tokenOf(folder: RelayFolder, name: string, url: string) {
  mkdirSync(join(folder.path, name), { mode: 0o755 });
  return {
    name,
    type: 'http',
    source: { url: `${url}/${name}`, expires_in_pointer: '/expires_in', timeout_seconds: 1 },
    output: { file_path: fileOf(folder, name), format: 'json', permissions: '0600' },
  };
}

const fileOf = (folder: RelayFolder, name: string) => join(folder.path, name, 'token.json');
const warningsOf = (agent: Started, token: string) =>
  agent.logged().filter((line) => line.msg === 'a token could not be fetched' && line.token === token);

/** Reads a file every 20 milliseconds and returns the errors that it finds. */
async function watch(file: string, until: (tokens: ReadonlySet<string>) => boolean) {
  const wrong: string[] = [];
  const tokens = new Set<string>();
  while (!until(tokens)) {
    const text = read(file);
    if (text === undefined) wrong.push('missing');
    else {
      const { token, expiration_timestamp } = JSON.parse(text);
      tokens.add(token);
      if (Date.parse(expiration_timestamp) <= Date.now()) wrong.push('expired');
    }
    await sleep(20);
  }
  return { wrong, tokens };
}

describe.concurrent('one agent whose issuers fail in different ways', () => {
  const HOUR = 3_600;
  const scripts: Record<string, Script> = {
    steady: [good(HOUR)],
    hanging: [hang, good(HOUR)],
    // 8 seconds: even the last retry after a failure is before the expiry in the file.
    flapping: [bad(500), good(8), bad(500), good(8), bad(500), good(8)],
    html: [bad(200, { 'content-type': 'text/html' }), good(HOUR)],
    expired: [good(-60), good(HOUR)],
    short: [good(5)],
    limited: [bad(503, { 'retry-after': '600' })],
  };
  let folder: RelayFolder;
  let issuer: ScriptedIssuer;
  let agent: Started;
  let awayPort: number;
  let monitoring: string;
  const written = (name: string) => read(fileOf(folder, name));
  const tokenIn = (name: string) => written(name) && JSON.parse(written(name) ?? '').token;
  const unhealthy = async () => {
    const { status, text } = await ask(monitoring, '/healthz');
    const tokens: { name: string; state: string; outputs: { problem: string }[] }[] = JSON.parse(text).tokens ?? [];
    return { status, find: (name: string) => tokens.find((token) => token.name === name) };
  };

  beforeAll(async () => {
    folder = aFolder();
    issuer = await anIssuer(scripts);
    awayPort = await freePort();
    folder.configure({
      tokens: [
        // They are the first in the configuration, but no other token waits for them.
        tokenOf(folder, 'hanging', issuer.url),
        tokenOf(folder, 'limited', issuer.url),
        tokenOf(folder, 'away', `http://127.0.0.1:${awayPort}`),
        ...['flapping', 'html', 'expired', 'short', 'steady'].map((name) => tokenOf(folder, name, issuer.url)),
      ],
      control: { socket: folder.socket },
      endpoints: [{ protocol: 'monitoring', listen: '127.0.0.1:0' }],
      log_level: 'debug',
    });
    agent = start(folder);
    monitoring = await until('the endpoint for monitoring', () => {
      const line = agent.logged().find(({ msg, protocol }) => msg === 'listening' && protocol === 'monitoring');
      return line && String(line.address);
    });
    await until('the tokens that live shortly', () => written('short') && written('flapping'));
  });

  it('a token that lives 5 seconds is always in its file', async () => {
    const end = Date.now() + 6_000;
    const { wrong, tokens } = await watch(fileOf(folder, 'short'), () => Date.now() > end);
    expect(wrong).toEqual([]);
    expect(tokens.size).toBeGreaterThan(1);
    // Meanwhile an issuer with Retry-After gets no request, and delays no other token.
    expect(issuer.requests('limited')).toBe(1);
    expect(warningsOf(agent, 'limited')).toMatchObject([{ retry_in_seconds: 600 }]);
  });

  it('an issuer that responds only every other time leaves no gap', async () => {
    const { wrong } = await watch(fileOf(folder, 'flapping'), ({ size }) => size > 1);
    expect(wrong).toEqual([]);
    expect(warningsOf(agent, 'flapping')).toHaveLength(2);
  });

  it('requests to an issuer that is away at the start are repeated until it is back', async () => {
    await until('the failure', () => warningsOf(agent, 'away').length > 0);
    const { status, find } = await unhealthy();
    expect([status, find('away')?.state]).toEqual([503, 'waiting']);
    const late = await anIssuer({ away: [good(HOUR)] }, awayPort);
    await until('the token', () => written('away'));
    expect(late.given).toContain(tokenIn('away'));
    await until('the news of it', () =>
      agent.logged().some(({ msg, token }) => msg === 'the source is available again' && token === 'away'),
    );
    expect((await unhealthy()).find('away')).toBeUndefined();
  });

  it('a request without a response times out and is repeated', async () => {
    await until('the token', () => written('hanging'));
    expect(warningsOf(agent, 'hanging')[0]?.error).toMatch(/sent no complete response within 1 seconds$/);
    expect(issuer.given).toContain(tokenIn('hanging'));
  });

  it.each([
    ['a page of HTML with status 200', 'html', /did not answer with a JSON object|JSON/],
    ['a token that has expired already', 'expired', /already expired/],
  ])('%s is never written, and the next valid token is', async (_what, name, reason) => {
    await until('the token', () => written(name));
    expect(String(warningsOf(agent, name)[0]?.error)).toMatch(reason);
    // The first response was the bad one.
    const [first, ...others] = issuer.given.filter((token) => token.startsWith(name));
    expect(tokenIn(name)).not.toBe(first);
    expect(others).toContain(tokenIn(name));
  });

  it('/healthz returns 503 as soon as an output is missing, even if its source is healthy', async () => {
    await until('the token', () => written('steady'));
    expect((await unhealthy()).find('steady')).toBeUndefined();
    rmSync(fileOf(folder, 'steady'));
    const { status, find } = await unhealthy();
    expect([status, find('steady')?.state]).toEqual([503, 'fresh']);
    expect(find('steady')?.outputs).toMatchObject([{ problem: 'is gone' }]);
    await until('the file', () => written('steady'));
    expect(issuer.requests('steady')).toBe(1);
  });

  it.sequential('logs nothing that an issuer returned', () => {
    const said = agent.stdout() + agent.stderr();
    expect(said).toContain('"level":"warn"');
    for (const token of issuer.given) expect(said).not.toContain(token);
  });
});

describe.concurrent('one agent whose outputs are tampered with', () => {
  let folder: RelayFolder;
  let agent: Started;
  let issuer: ScriptedIssuer;
  const names = ['deleted', 'linked', 'removed', 'shut'];
  const at = (name: string) => fileOf(folder, name);
  const problems = (name: string) =>
    agent
      .logged()
      .filter((line) => line.output === `file ${at(name)}` && typeof (line.error ?? line.problem) === 'string');

  beforeAll(async () => {
    folder = aFolder();
    issuer = await anIssuer({ deleted: [good(3_600)], linked: [good(3_600)], removed: [good(3_600)], shut: [good(2)] });
    folder.configure({
      tokens: names.map((name) => tokenOf(folder, name, issuer.url)),
      control: { socket: folder.socket },
    });
    agent = start(folder);
    await until('the files', () => names.every((name) => read(at(name))));
  });

  it('restores a deleted file', async () => {
    const before = read(at('deleted'));
    rmSync(at('deleted'));
    expect(await until('the file', () => read(at('deleted')))).toBe(before);
    expect(problems('deleted')).toMatchObject([{ problem: 'is gone' }]);
  });

  it('replaces a link with its file, and writes nothing to the link’s target', async () => {
    const target = join(folder.path, 'target');
    writeFileSync(target, 'not the agent’s', { mode: 0o600 });
    const before = read(at('linked'));
    rmSync(at('linked'));
    symlinkSync(target, at('linked'));
    await until('the file', () => lstatSync(at('linked'), { throwIfNoEntry: false })?.isFile());
    expect(read(at('linked'))).toBe(before);
    expect(read(target)).toBe('not the agent’s');
  });

  it('reports that a folder is missing, and writes its file once the folder is back', async () => {
    rmSync(join(folder.path, 'removed'), { recursive: true });
    await until('the complaint', () => problems('removed').some(({ error }) => /is missing$/.test(String(error))));
    mkdirSync(join(folder.path, 'removed'), { mode: 0o755 });
    await until('the file', () => read(at('removed')));
    expect(issuer.requests('removed')).toBe(1);
  });

  it('keeps the other tokens while a folder cannot be written, and continues once it can', async () => {
    // Root can write to any folder. It rejects a folder that everybody may write.
    chmodSync(join(folder.path, 'shut'), process.getuid?.() === 0 ? 0o777 : 0o500);
    const complaint = await until('the complaint', () => problems('shut').find(({ error }) => error !== undefined));
    expect(complaint.error).toMatch(/other users can write|this user may not write/);
    const failedAt = Date.now();
    chmodSync(join(folder.path, 'shut'), 0o755);
    const after = await until('a newer token', () => {
      const text = read(at('shut'));
      return text !== undefined && Date.parse(JSON.parse(text).expiration_timestamp) > failedAt && text;
    });
    expect(issuer.given).toContain(JSON.parse(after).token);
  });
});

describe.concurrent('an agent with a cache', () => {
  it('serves the last token after a restart while its source is away, unless the cache was changed', async () => {
    const folder = aFolder();
    const issuer = await anIssuer({ kept: [good(3_600)] });
    const [cache, key] = [join(folder.path, 'cache'), join(folder.path, 'key')];
    writeFileSync(key, randomBytes(32).toString('base64'), { mode: 0o600 });
    folder.configure({
      tokens: [tokenOf(folder, 'kept', issuer.url)],
      cache: { path: cache, key_path: key },
      control: { socket: folder.socket },
    });
    const file = fileOf(folder, 'kept');
    const runUntil = async (what: string, isSo: (agent: Started) => unknown) => {
      const agent = start(folder);
      await until(what, () => Boolean(isSo(agent)));
      agent.process.kill('SIGTERM');
      expect(await agent.ended).toBe(0);
      return agent;
    };
    await runUntil('the token', () => read(file));
    const before = read(file);
    await issuer.close();
    expect(readFileSync(cache).includes(issuer.given[0] ?? 'no token')).toBe(false);

    rmSync(file);
    const restored = (agent: Started) =>
      agent.logged().some(({ msg }) => msg === 'a token was restored from the cache');
    await runUntil('the token of the cache', (agent) => read(file) && restored(agent));
    expect(read(file)).toBe(before);

    rmSync(file);
    const encrypted = readFileSync(cache, 'utf8');
    const middle = Math.floor(encrypted.length / 2);
    writeFileSync(
      cache,
      encrypted.slice(0, middle) + (encrypted[middle] === 'A' ? 'B' : 'A') + encrypted.slice(middle + 1),
    );
    const agent = await runUntil('the first failure', (running) => warningsOf(running, 'kept').length > 0);
    expect(agent.logged().some(({ msg }) => msg === 'the cache is not used')).toBe(true);
    expect(read(file)).toBeUndefined();
  });
});

describe.concurrent('an agent that is stopped', () => {
  it('exits while its source hangs, without waiting for it', async () => {
    const folder = aFolder();
    const issuer = await anIssuer({ hanging: [hang] });
    const token = tokenOf(folder, 'hanging', issuer.url);
    folder.configure({
      tokens: [{ ...token, source: { ...token.source, timeout_seconds: 60 } }],
      control: { socket: folder.socket },
    });
    const agent = start(folder);
    await until('the request', () => issuer.requests('hanging') > 0);
    agent.process.kill('SIGTERM');
    // Waiting for the source would take longer than the timeout of this test.
    expect(await agent.ended).toBe(0);
  });
});
