import { readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, parseConfig } from '../../../lib/config.ts';

const directory = pathToFileURL('config/');

describe('the configuration', () => {
  it('of every stage in the repository is valid', () => {
    const stages = readdirSync(directory).map((file) => file.replace(/\.toml$/, ''));
    expect(stages).toContain('production');
    for (const stage of stages) expect(() => loadConfig(directory, stage)).not.toThrow();
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
    });
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
    ['an account id that lost its zeros', 'trusted_accounts = [11122223333]', 'trusted_accounts.0'],
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
