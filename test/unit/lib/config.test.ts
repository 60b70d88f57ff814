import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, parseConfig } from '#lib/config/config.ts';

const directory = pathToFileURL('config/');

describe('the configuration', () => {
  it('of every stage in the repository is valid', () => {
    const stages = readdirSync(directory).map((file) => file.replace(/\.toml$/, ''));
    expect(stages).toContain('production');
    for (const stage of stages) expect(() => loadConfig(directory, stage)).not.toThrow();
  });

  it('reads every default as the reference page writes it', () => {
    const page = readFileSync('docs/reference/configuration.md', 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)` \| `(.+?)` \| /gm)].map(([, key = '', value = '']) => [key, value]);
    expect(rows.length).toBeGreaterThan(20);
    const nothing = parseConfig('', 'config/empty.toml');
    for (const [key, value] of rows) {
      const read = parseConfig(`${key} = ${value}`, 'config/default.toml');
      expect(read, `${key} = ${value}`).toEqual(nothing);
    }
  });

  it('may be empty: every key has a default, and the defaults protect', () => {
    expect(parseConfig('', 'config/empty.toml')).toMatchObject({
      token_expiration_time: 900,
      max_token_lifetime: 3600,
      signing_keys: { first: 'ECC_NIST_P256' },
      signing_key: 'first',
      data_protection: true,
      revocation_sources: [],
      resource_servers: [],
      trusted_accounts: [],
      conditions: [],
    });
  });

  it('has further conditions of each type', () => {
    const toml = `
      [[conditions]]
      name = "office-hours"
      type = "opa-wasm"
      file = "policies/rego/office-hours.wasm"
      entrypoint = "tvm/condition/allow"
      [[conditions]]
      name = "central"
      type = "opa-rest"
      url = "https://opa.example.com"
      path = "tvm/condition/allow"
      cache = "30s"
      [[conditions]]
      name = "risk"
      type = "authzen"
      url = "https://pdp.example.com/tenant"
      timeout_ms = 250`;
    expect(parseConfig(toml, 'config/x.toml').conditions).toMatchObject([
      { name: 'office-hours', entrypoint: 'tvm/condition/allow' },
      { name: 'central', timeout_ms: 500, cache: 30 },
      { name: 'risk', timeout_ms: 250 },
    ]);
  });

  it('takes overrides over the file', () => {
    const issuer = 'http://127.0.0.1:4566/restapis/tvm-local/v1/_user_request_';
    expect(loadConfig(directory, 'local', { issuer }).issuer).toBe(issuer);
  });

  it.each([
    [
      'a duration without a unit’s name',
      'token_expiration_time = "15 minutes"',
      'token_expiration_time must be a duration',
    ],
    [
      'a duration that is a number',
      'token_expiration_time = 900',
      'token_expiration_time must be a duration such as "15m"',
    ],
    [
      'a default beyond the maximum',
      'token_expiration_time = "2h"',
      'token_expiration_time must not be longer than max_token_lifetime',
    ],
    ['a lifetime beyond a day', 'max_token_lifetime = "25h"', 'max_token_lifetime must be at most "24h"'],
    [
      'a status list that is too large for the store',
      'status_list_size = 2000000',
      'status_list_size must be at most 1000000',
    ],
    ['a status list kept for no time', 'status_list_ttl = "5s"', 'status_list_ttl must be "10s" to "1h"'],
    [
      'a status list that ends while it is kept',
      'status_list_ttl = "10m"',
      'status_list_validity must be at least four times status_list_ttl',
    ],
    ['a status list valid for days', 'status_list_validity = "2d"', 'status_list_validity must be "5m" to "24h"'],
    [
      'an archive kept for hours',
      'archive = { retention = "36h" }',
      'archive.retention must be a whole number of days',
    ],
    ['a lock that S3 has not', 'archive = { lock = "soft" }', 'archive.lock must be governance or compliance'],
    ['a window beyond what Lambda waits', 'archive_window = "10m"', 'archive_window must be at most "5m"'],
    ['an unknown key', 'token_lifetime = "15m"', 'token_lifetime is not a key of the configuration'],
    ['an unknown key inside', 'throttle = { rate = 1, burst = 1, speed = 1 }', 'throttle.speed is not a key'],
    ['an unknown key spec', 'signing_keys = { first = "RSA_4096" }', 'signing_keys.first must be ECC_NIST_P256'],
    ['a signing key that is none', 'signing_key = "second"', 'signing_key must be the name of a key in signing_keys'],
    ['a domain without a certificate', 'domain = { name = "tokens.example.com" }', 'domain.certificate_arn'],
    [
      'a domain that is none',
      'domain = { name = "a b", certificate_arn = "arn:x" }',
      'domain.name must be a host name',
    ],
    [
      'two issuers',
      'issuer = "https://a.example"\ndomain = { name = "a.example", certificate_arn = "arn:x" }',
      'issuer must be absent',
    ],
    ['an issuer in plain http', 'issuer = "http://tokens.example.com"', 'issuer must be an https URL'],
    ['an issuer with a slash at the end', 'issuer = "https://a.example/"', 'issuer must not end with a slash'],
    ['days that CloudWatch does not know', 'log_retention = "8d"', 'log_retention must be a number of days'],
    [
      'the machine’s own event source',
      'revocation_sources = ["tvm"]',
      'revocation_sources.0 must be an event source of your own',
    ],
    [
      'an AWS event source',
      'revocation_sources = ["aws.ec2"]',
      'revocation_sources.0 must be an event source of your own',
    ],
    [
      'a session as resource server',
      '[[resource_servers]]\nprincipal = "arn:aws:sts::111122223333:assumed-role/a/b"\naudiences = ["a"]',
      'resource_servers.0.principal must be the ARN',
    ],
    [
      'a resource server twice',
      '[[resource_servers]]\nprincipal = "arn:aws:iam::111122223333:role/a"\naudiences = ["a"]\n[[resource_servers]]\nprincipal = "arn:aws:iam::111122223333:role/a"\naudiences = ["b"]',
      'resource_servers must name each principal once',
    ],
    ['a condition of no known type', '[[conditions]]\nname = "a"\ntype = "opa"', 'conditions.0.type must be opa-wasm'],
    [
      'a condition without a name',
      '[[conditions]]\ntype = "authzen"\nurl = "https://a.example"',
      'conditions.0.name must be a name',
    ],
    [
      'a condition by a file’s path as name',
      '[[conditions]]\nname = "../a"\ntype = "authzen"\nurl = "https://a.example"',
      'conditions.0.name must be a name of at most 64',
    ],
    [
      'two conditions of one name',
      '[[conditions]]\nname = "a"\ntype = "authzen"\nurl = "https://a.example"\n[[conditions]]\nname = "a"\ntype = "authzen"\nurl = "https://b.example"',
      'conditions must name each condition once',
    ],
    [
      'a policy outside of the project',
      '[[conditions]]\nname = "a"\ntype = "opa-wasm"\nfile = "policies/../../a.wasm"\nentrypoint = "a"',
      'conditions.0.file must be a path below the project',
    ],
    [
      'a policy that is not compiled',
      '[[conditions]]\nname = "a"\ntype = "opa-wasm"\nfile = "a.rego"\nentrypoint = "a"',
      'conditions.0.file must end in .wasm',
    ],
    [
      'a policy without an entrypoint',
      '[[conditions]]\nname = "a"\ntype = "opa-wasm"\nfile = "a.wasm"',
      'conditions.0.entrypoint must be the path of a rule',
    ],
    [
      'a condition asked in plain http',
      '[[conditions]]\nname = "a"\ntype = "authzen"\nurl = "http://pdp.example.com"',
      'conditions.0.url must be an https URL',
    ],
    [
      'a condition asked with a secret in its URL',
      '[[conditions]]\nname = "a"\ntype = "authzen"\nurl = "https://a:b@pdp.example.com"',
      'conditions.0.url must be an https URL without credentials',
    ],
    [
      'a path that leaves OPA’s documents',
      '[[conditions]]\nname = "a"\ntype = "opa-rest"\nurl = "https://a.example"\npath = "../policies"',
      'conditions.0.path must be the path of a rule',
    ],
    [
      'a time limit longer than a caller waits',
      '[[conditions]]\nname = "a"\ntype = "authzen"\nurl = "https://a.example"\ntimeout_ms = 2001',
      'conditions.0.timeout_ms must be at most 2000',
    ],
    [
      'answers used for too long',
      '[[conditions]]\nname = "a"\ntype = "authzen"\nurl = "https://a.example"\ncache = "16m"',
      'conditions.0.cache must be at most "15m"',
    ],
    [
      'a condition’s key of another type',
      '[[conditions]]\nname = "a"\ntype = "authzen"\nurl = "https://a.example"\npath = "a"',
      'conditions.0.path is not a key of the configuration',
    ],
    ['an account id that lost its zeros', 'trusted_accounts = [11122223333]', 'trusted_accounts.0'],
    [
      'records that go before the stream has told of them',
      'record_retention = "47h"',
      'record_retention must be at least "2d"',
    ],
    ['a negative throttle', 'throttle = { rate = -1, burst = 1 }', 'throttle.rate must be greater than zero'],
    ['what is no TOML', 'token_expiration_time: 15m', 'config/x.toml:1:'],
  ])('is refused, by the key’s name, with %s', (_, toml, sentence) => {
    expect(() => parseConfig(toml, 'config/x.toml')).toThrow(ConfigError);
    expect(() => parseConfig(toml, 'config/x.toml')).toThrow(sentence);
  });

  it('names the file that is not there', () => {
    expect(() => loadConfig(directory, 'staging')).toThrow('config/staging.toml does not exist');
    expect(() => loadConfig(directory, '../package')).toThrow('does not exist');
  });
});
