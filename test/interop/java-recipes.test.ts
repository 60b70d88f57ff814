import { spawn, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { signedJws, TOKEN_TYPE } from '@tvm/core/keys/jws.ts';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withInstallLock } from '#scripts/install/lock.mjs';
import { installing } from '#scripts/install/progress.mjs';
import { findJdk, mavenIsHere } from '#scripts/localstack/prerequisites.mjs';
import { runLogged } from '#scripts/tools/command.mjs';
import { localDir, shown } from '#scripts/tools/paths.mjs';
import { asking, from, inMemoryService, POLICIES, rules, SUBJECT } from '../fakes/in-memory-service.ts';
import { localKeys } from '../fakes/local-keys.ts';
import { policyBundle } from '../fakes/policies.ts';

// Tests the Java recipes of docs/how-to/verify-tokens-in-java.md, which are compiled from the page itself.

/** The libraries in test/interop/java-recipes/pom.xml, each with the class that runs its recipe. */
const LIBRARIES = {
  'nimbus-jose-jwt': 'OnNimbus',
  'nimbus-oauth-sdk': 'OnNimbus',
  'spring-security-6.5': 'OnSpringSecurity',
  'spring-security-7.0': 'OnSpringSecurity',
};
type Library = keyof typeof LIBRARIES;

const here = join(import.meta.dirname, 'java-recipes');
const jars = join(localDir, 'java-recipes');
/** Without this option a JVM leaves a folder in this computer's folder for temporary files. */
const env = { ...process.env, JAVA_TOOL_OPTIONS: `${process.env.JAVA_TOOL_OPTIONS ?? ''} -XX:-UsePerfData` };
const jdk = findJdk();
const lacking = [!jdk && 'JDK of 17 or newer', !mavenIsHere() && 'Maven'].filter((name) => name !== false);

it('the page names the library versions that these tests use', () => {
  const versions = readFileSync(join(here, 'pom.xml'), 'utf8').matchAll(
    /<artifactId>(?:nimbus|oauth2|spring).*\n.*<version>(.+)</g,
  );
  const named = [...versions].map(([, version]) => version);
  expect(named).toHaveLength(Object.keys(LIBRARIES).length);
  const words = readFileSync('docs/how-to/verify-tokens-in-java.md', 'utf8').split(/[\s,]+|\.\s/);
  expect(words).toEqual(expect.arrayContaining(named));
});

if (lacking.length === 0) {
  describe('the Java recipes', recipes);
} else {
  it('in Java print why they are not run', () => {
    const printed = vi.spyOn(console, 'log');
    console.log(`not run: the Java recipes need Maven and a JDK, and there is no ${lacking.join(' and no ')} here`);
    expect(printed).toHaveBeenCalledWith(expect.stringMatching(/^not run: .* no (JDK|Maven)/));
    printed.mockRestore();
  });
}

function recipes() {
  const sources = mkdtempSync(join(tmpdir(), 'tvm-java-recipes-'));
  let server: Server;
  let issuer: string;
  let keys: Awaited<ReturnType<typeof localKeys>>;
  /**
   * Tokens from the service: one with the action read, one for named fields, one for a subtree, one with obligations.
   */
  let tokens: Record<'reads' | 'fields' | 'below' | 'obliged', string>;

  beforeAll(async () => {
    await installLibraries();
    for (const [name, java] of recipesOnPage()) writeFileSync(join(sources, `${name}.java`), java);
    keys = await localKeys();
    server = createServer(async (_, response) => response.end(JSON.stringify(await keys.keys.jwks())));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    tokens = await issued();
  });
  afterAll(() => {
    server.close();
    rmSync(sources, { recursive: true, force: true });
  });

  async function issued(): Promise<typeof tokens> {
    const tvm = { ...(await inMemoryService('ES256', policyBundle(`${POLICIES}${MORE_POLICIES}`))), ...keys };
    tvm.clock.time = Date.now();
    const issue = async (location: string, fields?: string[]) => {
      const entry = { type: 'resource' as const, locations: [location], actions: ['read' as const] };
      const details = [{ ...entry, ...(fields && { fields }) }];
      const outcome = await issueToken(asking({ authorization_details: details }), from, { ...rules, issuer }, tvm);
      if (outcome.kind !== 'issued') throw new Error(outcome.kind);
      return outcome.token;
    };
    return {
      reads: await issue('orders-db/orders'),
      fields: await issue('orders-db/customers', ['name', 'city']),
      below: await issue('orders-db/archive/*'),
      obliged: await issue('ledger/entries'),
    };
  }

  /**
   * Returns what a library's recipe prints for the checks, in their order. A check is `token action location fields`.
   */
  async function ask(library: Library, questions: string[]): Promise<string[]> {
    const classPath = `${join(sources, library)}:${join(jars, library, '*')}`;
    const java = spawn(join(jdk ?? '', 'bin', 'java'), ['-cp', classPath, LIBRARIES[library], issuer, 'orders-db'], {
      env,
    });
    java.stdin.end(questions.map((question) => `${question}\n`).join(''));
    const [answers, errors, [code]] = await Promise.all([text(java.stdout), text(java.stderr), once(java, 'close')]);
    if (code !== 0) throw new Error(`the recipe failed: ${errors}`);
    return answers.trimEnd().split('\n');
  }

  describe.each(Object.keys(LIBRARIES) as Library[])('with %s', (library) => {
    beforeAll(() => {
      const main = LIBRARIES[library];
      const own = ['VerifyTokens', main].map((name) => join(here, `${name}.java`));
      const fromPage = recipesOnPage()
        .filter(([name]) => main !== 'OnNimbus' || name === 'AccessTokens')
        .map(([name]) => join(sources, `${name}.java`));
      const options = ['-cp', join(jars, library, '*'), '-d', join(sources, library)];
      const { status, stderr } = spawnSync(join(jdk ?? '', 'bin', 'javac'), [...options, ...own, ...fromPage], {
        env,
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`the recipe does not compile: ${stderr}`);
    });

    it('accept the service’s tokens, and permit no more than the tokens do', async () => {
      const { reads, fields, below } = tokens;
      const expected: Record<string, string> = {
        [`${reads} read orders-db/orders`]: 'permitted',
        [`${reads} write orders-db/orders`]: 'not permitted',
        [`${reads} read orders-db/orders/2026`]: 'not permitted',
        [`${fields} read orders-db/customers name,city`]: 'permitted',
        [`${fields} read orders-db/customers name,card_number`]: 'not permitted',
        [`${fields} read orders-db/customers`]: 'not permitted',
        [`${below} read orders-db/archive`]: 'permitted',
        [`${below} read orders-db/archive/2020/may`]: 'permitted',
        [`${below} read orders-db/archived`]: 'not permitted',
      };
      expect(await ask(library, Object.keys(expected))).toEqual(Object.values(expected));
    });

    it('reject every other token', async () => {
      const { reads, obliged } = tokens;
      const header = decodeProtectedHeader(reads);
      const claims = decodeJwt(reads);
      const now = Math.floor(Date.now() / 1000);
      const sign = (change: object, type = TOKEN_TYPE) => signedJws(keys.signer, type, { ...claims, ...change });
      const [jwk] = (await keys.keys.jwks()).keys;
      const unsigned = (alg: string) =>
        [{ ...header, alg }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
      const hmac = (key: string) => {
        const input = unsigned('HS256');
        return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
      };
      const foreign = await localKeys();
      const es384 = await localKeys('ES384');
      const otherClaims = unsigned('ES256').split('.')[1]?.replace(/^..../, 'eyJ4');
      const sameName = { ...foreign.signer, key: keys.signer.key };
      // Each invalid token, with the error of the library.
      const wrong: Record<string, [token: string, why: RegExp]> = {
        'typ JWT': [await sign({}, 'JWT'), /typ/],
        'typ of a status list': [await sign({}, 'statuslist+jwt'), /typ/],
        'another audience': [await sign({ aud: 'stock-db' }), /aud/],
        'no audience': [await sign({ aud: undefined }), /aud/],
        'another issuer': [await sign({ iss: 'https://tokens.example.net' }), /iss/],
        expired: [await sign({ iat: now - 120, nbf: now - 120, exp: now - 60 }), /Expired/],
        'no expiry': [await sign({ exp: undefined }), /\[exp\]/],
        'not yet valid': [await sign({ nbf: now + 60 }), /before use/],
        'no entries': [await sign({ authorization_details: undefined }), /authorization_details/],
        'alg HS256, with the public key': [hmac(JSON.stringify(jwk)), /algorithm/],
        'alg HS256, with a guessed secret': [hmac('secret'), /algorithm/],
        'alg none': [`${unsigned('none')}.`, /plain|none/],
        'alg ES384': [await signedJws(es384.signer, TOKEN_TYPE, claims), /algorithm/],
        'another key': [await signedJws(foreign.signer, TOKEN_TYPE, claims), /key/],
        'another key with the same ID': [await signedJws(sameName, TOKEN_TYPE, claims), /signature/],
        'other claims': [reads.replace(/\.[^.]+\./, `.${otherClaims}.`), /signature/],
        'obligations, which the recipe cannot fulfil': [obliged, /obligations/],
      };
      const questions = Object.values(wrong).map(([token]) => `${token} read orders-db/orders`);
      const answers = await ask(library, questions);
      const refusals = Object.entries(wrong).map(([what, [, why]], index) => {
        const refused = answers[index]?.startsWith('refused: ') && why.test(answers[index]);
        return refused ? `${what}: refused` : `${what}: ${answers[index]}`;
      });
      expect(refusals).toEqual(Object.keys(wrong).map((what) => `${what}: refused`));
    });
  });
}

const MORE_POLICIES = `
@id("obliges")
@single_use
permit (principal == Workload::"${SUBJECT}", action == Action::"read", resource == Resource::"ledger/entries")
when { context.audience == "orders-db" };
`;

/** Returns the Java classes on the page, by name. */
function recipesOnPage(): [name: string, java: string][] {
  const page = readFileSync('docs/how-to/verify-tokens-in-java.md', 'utf8');
  const blocks = [...page.matchAll(/^```java\n(.*?)^```$/gms)].map(([, java = '']) => java);
  return blocks.map((java) => [/^public (?:final )?class (\w+)/m.exec(java)?.[1] ?? '', java]);
}

/** Installs the libraries and their dependencies from Maven Central, and again if the pom changes. */
async function installLibraries(): Promise<void> {
  const pom = join(here, 'pom.xml');
  const marker = join(jars, '.installed');
  const wanted = readFileSync(pom, 'utf8');
  await withInstallLock(async () => {
    if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
    rmSync(jars, { recursive: true, force: true });
    const log = join(localDir, 'logs', 'mvn-java-recipes.log');
    const repository = join(jars, 'repository');
    const common = ['--quiet', '--batch-mode', '--file', pom, `-Dmaven.repo.local=${repository}`];
    await installing('the libraries of the Java recipes', async () => {
      for (const library of Object.keys(LIBRARIES)) {
        const copying = ['--activate-profiles', library, 'dependency:copy-dependencies'];
        const args = [...common, ...copying, `-DoutputDirectory=${join(jars, library)}`];
        const { ok } = await runLogged('mvn', args, { log, cwd: here, env });
        if (!ok) throw new Error(`Maven could not install ${library}, which needs the network: see ${shown(log)}`);
      }
    });
    rmSync(repository, { recursive: true, force: true });
    writeFileSync(marker, wanted);
  });
}
