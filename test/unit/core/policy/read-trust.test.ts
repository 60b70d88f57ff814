import { buildPolicyBundle, readPolicies } from '@tvm/core/policy/build-bundle.ts';
import { describe, expect, it } from 'vitest';
import { policyFiles, SCHEMA } from '#test/fakes/policies.ts';
import { issuerKey } from '#test/support/proofs.ts';

const OKTA = `okta:
  oidc:
    issuer: https://acme.okta.com
    keys: { file: okta.jwks.json }
    claims: [environment]
    from: [office]
`;
const NETWORKS = 'office: { cidrs: [203.0.113.0/24] }\n';
const { jwk, privateKey } = issuerKey('ES256');
const KEYS = JSON.stringify({ keys: [{ ...jwk, x5c: ['MII'] }] });
const FILES = { 'schema.cedarschema': SCHEMA, 'trust.yaml': OKTA, 'networks.yaml': NETWORKS, 'okta.jwks.json': KEYS };

const PERMIT = `@id("a")
permit (principal in Trust::"okta", action == Action::"read", resource == Resource::"db/a");`;

const flawsOf = (changed: Record<string, string>, cedar = '') =>
  readPolicies(policyFiles(cedar, { ...FILES, ...changed })).flaws.map(
    ({ rule, file, line, message }) => `${rule} ${file}:${line}: ${message}`,
  );

describe('trust.yaml in a policy directory', () => {
  it('is part of the bundle, with its key sets and the types of its claims', () => {
    const bundle = buildPolicyBundle(policyFiles(PERMIT, FILES));
    expect(bundle.trust?.okta).toMatchObject({
      issuer: 'https://acme.okta.com',
      keys: { from: 'file', keys: [jwk] },
      claims: { environment: { path: ['environment'], type: 'String' } },
    });
    expect(JSON.stringify(bundle)).not.toContain('x5c');
    expect(JSON.parse(JSON.stringify(bundle))).toEqual(bundle);
  });

  it('changes the hash of the bundle', () => {
    const hashes = [OKTA, OKTA.replace('acme', 'other')].map(
      (text) => buildPolicyBundle(policyFiles('', { ...FILES, 'trust.yaml': text })).hash,
    );
    expect(new Set(hashes).size).toBe(2);
  });

  it('may be missing, and the bundle then has no entries', () => {
    expect('trust' in buildPolicyBundle(policyFiles(''))).toBe(false);
  });

  it.each([
    [
      'an unknown network',
      { 'networks.yaml': '' },
      /^policy\/data-file policies\/trust\.yaml:6: okta\.from names a network that is not in networks\.yaml: "office"/,
    ],
    [
      'a claim that the schema does not declare',
      { 'trust.yaml': OKTA.replace('[environment]', '[enviroment]') },
      /trust\.yaml:5: okta\.claims has enviroment, but .* declares no Workload\.claims\.enviroment; did you mean environment\?/,
    ],
    [
      'a missing key file',
      { 'okta.jwks.json': '' },
      /trust\.yaml:4: okta\.keys\.file names a file that does not exist: okta\.jwks\.json/,
    ],
    [
      'a mistake, with its line',
      { 'trust.yaml': `${OKTA}    max_age: soon\n` },
      /trust\.yaml:7: okta\.oidc\.max_age must be a duration/,
    ],
    ['a key file that is not JSON', { 'okta.jwks.json': '{' }, /okta\.jwks\.json:1: must be well-formed JSON/],
    ['a key file that is no key set', { 'okta.jwks.json': '[]' }, /okta\.jwks\.json:1: must be a JSON Web Key Set/],
    ['an empty key set', { 'okta.jwks.json': '{"keys":[]}' }, /okta\.jwks\.json:1: must have a key/],
    [
      'a private key',
      { 'okta.jwks.json': JSON.stringify({ keys: [jwk, privateKey.export({ format: 'jwk' })] }) },
      /okta\.jwks\.json:1: keys\[1\] is a private key/,
    ],
    ['a symmetric key', { 'okta.jwks.json': '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}' }, /keys\[0\] is symmetric/],
    [
      'a weak key',
      { 'okta.jwks.json': JSON.stringify({ keys: [issuerKey('RS256', 'weak', 1024).jwk] }) },
      /keys\[0\] has 1024 bits/,
    ],
    ['a key that is no object', { 'okta.jwks.json': '{"keys":[7]}' }, /keys\[0\] must be an object/],
    [
      'a key with a number as name',
      { 'okta.jwks.json': '{"keys":[{"kty":"EC","kid":7}]}' },
      /keys\[0\] must have a text as kid/,
    ],
    [
      'a duplicate member of a key',
      { 'okta.jwks.json': '{"keys":[{"kty":"EC","kty":"RSA"}]}' },
      /must have each member only once/,
    ],
  ])('is refused with %s', (_what, changed, flaw) => {
    const flaws = flawsOf(changed);
    expect(flaws).toHaveLength(1);
    expect(flaws[0]).toMatch(flaw);
    expect(flaws[0]).not.toContain('c2VjcmV0');
  });

  it('needs a schema in which workloads may be in entries', () => {
    const schema =
      'entity Workload = { account: String, kind: String, name: String }; entity Resource in [Resource]; entity Role; action read appliesTo { principal: Workload, resource: Resource, context: {} };';
    const files = policyFiles('', FILES).map((file) =>
      file.name.endsWith('.cedarschema') ? { ...file, text: schema } : file,
    );
    expect(readPolicies(files).flaws.map(({ file, message }) => `${file}: ${message}`)).toContainEqual(
      expect.stringMatching(/trust\.yaml: needs the declarations entity Trust; and entity Workload in \[Trust\]/),
    );
  });

  it.each([
    [
      'a policy names an entry',
      PERMIT.replace('okta', 'otka'),
      /policy\/unknown-name .*a trust entry that is not in trust\.yaml: "otka"/,
    ],
    [
      'a policy names a workload',
      PERMIT.replace('in Trust::"okta"', '== Workload::"otka:a"'),
      /Workload::"otka:a" of a trust entry that is not in trust\.yaml/,
    ],
  ])('must have the entry if %s', (_what, cedar, flaw) => {
    expect(flawsOf({}, cedar)).toEqual([expect.stringMatching(flaw)]);
  });
});
