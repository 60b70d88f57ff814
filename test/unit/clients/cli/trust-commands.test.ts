import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCHEMA } from '#test/fakes/policies.ts';
import { issuerKey, signedProof } from '#test/support/proofs.ts';
import { runTvm } from './run-tvm.ts';

const SERVICE = 'https://tvm.example.com/v1';
const key = issuerKey('RS256');
const other = issuerKey('RS256');
const now = Math.floor(Date.now() / 1000);
const GITHUB = {
  iss: 'https://token.actions.githubusercontent.com',
  sub: 'repo:acme/app:environment:production',
  aud: SERVICE,
  exp: now + 300,
  iat: now,
  repository_id: '1296269',
  environment: 'production',
  run_id: '77',
};
const proof = (claims: object = {}, header: object = {}) =>
  signedProof({ alg: 'RS256', kid: 'key-1', ...header }, { ...GITHUB, ...claims }, key);

/** An issuer, whose discovery document can be for another one. */
const server = createServer(({ url = '' }, response) => {
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}${url.startsWith('/other') ? '' : '/idp'}`;
  if (url.endsWith('/.well-known/openid-configuration')) {
    response.end(JSON.stringify({ issuer, jwks_uri: `http://127.0.0.1:${port}/jwks` }));
  } else if (url === '/jwks') response.end(JSON.stringify({ keys: [key.jwk] }));
  else response.writeHead(404).end();
});

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tvm-trust-'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const files = {
    'schema.cedarschema': SCHEMA,
    'trust.yaml': `github:
  preset: github
  require: { repository_id: "1296269", environment: production }
  claims: [environment]
idp: { oidc: { issuer: "http://127.0.0.1:${port}/idp" } }
other: { oidc: { issuer: "http://127.0.0.1:${port}/other", disabled: true } }
stored: { oidc: { issuer: https://stored.example, keys: { file: stored.jwks.json } } }
`,
    'stored.jwks.json': JSON.stringify({ keys: [key.jwk] }),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  await writeFile(join(directory, 'other.json'), JSON.stringify({ keys: [other.jwk] }));
});
afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

async function check(args: string[], stdin: string) {
  const env = { TVM_ENDPOINT: `${SERVICE}/` };
  const run = await runTvm(['trust', 'check', '--policies', directory, ...args], { stdin: `${stdin}\n`, env });
  for (const part of stdin.split('.').filter((part) => part.length > 8)) {
    expect(`${run.stdout}${run.stderr}`).not.toContain(part);
  }
  return run;
}
const jwks = () => ['--jwks', join(directory, 'stored.jwks.json')];

describe('tvm trust check', { timeout: 60_000 }, () => {
  it('accepts a proof, and names its subject', async () => {
    const { code, stdout, stderr } = await check(['--entry', 'github', ...jwks()], proof());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/✓ +environment +"production" +"production"/);
    expect(stdout).toMatch(/accepted by "github" as github:repo:1296269\n$/);
  });

  it('names the claim that is refused, and why', async () => {
    const { code, stdout } = await check(['--entry', 'github', ...jwks()], proof({ environment: 'staging' }));
    expect(code).toBe(3);
    expect(stdout).toMatch(/✗ +environment +"production" +"staging"/);
    expect(stdout).toContain('environment: the proof has a value that the entry does not allow (require)\n');
    expect(stdout).toContain('refused by "github": environment\n');
  });

  it.each([
    [{ repository_id: 1_296_269 }, {}, 'repository_id', /repository_id: the value has another type/],
    [{ environment: undefined }, {}, 'environment', /environment: the proof lacks a required claim/],
    [{ aud: 'other' }, {}, 'aud', /aud: the proof was requested for another service/],
    [{}, { jku: 'https://evil.example' }, 'jku', /jku: a header must not say which key/],
    [{}, { kid: 'key-2' }, 'kid', /kid: the issuer publishes no usable key/],
  ])('explains a proof with %j and %j', async (claims, header, claim, why) => {
    const { code, stdout } = await check(['--entry', 'github', ...jwks()], proof(claims, header));
    expect(code).toBe(3);
    expect(stdout).toMatch(why);
    expect(stdout).toContain(`refused by "github": ${claim}\n`);
  });

  it('evaluates the claims of a proof with a wrong signature, too', async () => {
    const args = ['--entry', 'github', '--jwks', join(directory, 'other.json'), '--output', 'json'];
    const { code, stdout } = await check(args, proof({ environment: 'staging' }));
    expect(code).toBe(3);
    const { accepted, signature, checks } = JSON.parse(stdout);
    expect({ accepted, signature }).toEqual({ accepted: false, signature: 'invalid' });
    expect(checks.flatMap(({ ok, claim }: { ok: boolean; claim: string }) => (ok ? [] : [claim]))).toEqual([
      'signature',
      'environment',
    ]);
  });

  it('says that the signature was not evaluated if it has no keys', async () => {
    const { code, stdout } = await check(['--entry', 'github', '--offline'], proof());
    expect(code).toBe(4);
    expect(stdout).toContain('signature not evaluated: --offline is given without --jwks\n');
    expect(stdout).toContain('not proven, but all claims match "github" as github:repo:1296269');
  });

  it('fetches the keys of the issuer by discovery', async () => {
    const { port } = server.address() as AddressInfo;
    const { code, stdout } = await check(['--output', 'json'], proof({ iss: `http://127.0.0.1:${port}/idp` }));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ entry: 'idp', accepted: true, signature: 'valid' });
  });

  it('trusts no discovery document of another issuer, and says that an entry is disabled', async () => {
    const { port } = server.address() as AddressInfo;
    const { code, stdout } = await check(['--entry', 'other'], proof({ iss: `http://127.0.0.1:${port}/other` }));
    expect(code).toBe(4);
    expect(stdout).toContain('signature not evaluated: the discovery document is not of this issuer\n');
    expect(stdout).toContain('the entry "other" is disabled');
  });

  it('uses a key set beside the policies', async () => {
    const { code } = await check(['--entry', 'stored'], proof({ iss: 'https://stored.example' }));
    expect(code).toBe(0);
  });

  it.each([
    [['--entry', 'githab'], /--entry "githab" is not in trust\.yaml; did you mean github\?/],
    [['--entry', 'github', '--jwks', 'missing.json'], /--jwks "missing\.json" cannot be read/],
    [['--entry', 'github', '--jwks', 'trust.yaml'], /--jwks/],
    [['--entry', ''], /--entry must not be empty/],
  ])('exits with 2 for %j', async (args, message) => {
    const { code, stdout, stderr } = await check(args, proof());
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('asks for the entry if none has the issuer of the proof', async () => {
    const { code, stderr } = await check([], proof({ iss: 'https://unknown.example' }));
    expect(code).toBe(2);
    expect(stderr).toMatch(/--entry is missing: 0 entries with it; entries are github, idp, other, stored/);
  });

  it.each(['a.b.c', 'x', 'e30.e30.AA'])('reports %j as no proof, or as one that is refused', async (text) => {
    expect((await check(['--entry', 'github', ...jwks()], text)).code).toBe(3);
  });
});

describe('tvm trust list', { timeout: 60_000 }, () => {
  it('lists the entries with their presets', async () => {
    const { code, stdout, stderr } = await runTvm(['trust', 'list', '--policies', directory]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '4 trust entries\n' });
    expect(stdout).toMatch(
      /github +enabled +github +repository_id "1296269", environment "production" +github:repo:\{repository_id\}/,
    );
    expect(stdout).toMatch(/other +disabled +oidc/);
  });

  it('writes the compiled entries as JSON', async () => {
    const { stdout } = await runTvm(['trust', 'list', '--policies', directory, '--output', 'json']);
    expect(JSON.parse(stdout).entries.github).toMatchObject({ preset: 'github', maxAge: 600, replay: 'once' });
  });

  it('reports a mistake with its line', async () => {
    const broken = await mkdtemp(join(tmpdir(), 'tvm-trust-'));
    await writeFile(join(broken, 'schema.cedarschema'), SCHEMA);
    await writeFile(join(broken, 'trust.yaml'), 'github:\n  preset: github\n');
    const { code, stderr } = await runTvm(['trust', 'list', '--policies', broken]);
    await rm(broken, { recursive: true });
    expect(code).toBe(2);
    expect(stderr).toMatch(/trust\.yaml:1: github\.require must name one of repository_id, repository_owner_id/);
  });
});
