import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, parseConfig } from '#lib/config/config.ts';
import type { Target } from '#lib/config/target-faults.ts';

const directory = pathToFileURL('config/');

/** The messages about an invalid configuration, without the file's name. Empty for a valid one. */
function mistakes(toml: string, target: Target = {}): string[] {
  try {
    parseConfig(toml, 'config/x.toml', {}, target);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/^config\/x\.toml: /, ''));
  }
}

const server = (principal: string, audiences = '["orders-db"]') =>
  `[[resource_servers]]\nprincipal = "${principal}"\naudiences = ${audiences}\n`;
const ROLE = 'arn:aws:iam::111122223333:role/orders-db';
const CERTIFICATE = 'arn:aws:acm:eu-central-1:111122223333:certificate/1a2b';
const domain = (name: string, arn = CERTIFICATE) => `domain = { name = "${name}", certificate_arn = "${arn}" }`;
const condition = (url: string) => `[[conditions]]\nname = "a"\ntype = "authzen"\nurl = "${url}"\n`;
const receiver = (name: string, more: string) =>
  `[[security_event_receivers]]\nname = "${name}"\nurl = "https://a.example"\n${more}\n`;

describe('the configuration', () => {
  it('of every stage in the repository is valid', () => {
    const stages = readdirSync(directory).map((file) => file.replace(/\.toml$/, ''));
    expect(stages).toContain('production');
    for (const stage of stages) expect(() => loadConfig(directory, stage)).not.toThrow();
  });

  it('has every default as in the reference page', () => {
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

  it('has external authorizers of each type', () => {
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

  it('prefers overrides to the file', () => {
    const issuer = 'http://127.0.0.1:4566/restapis/tvm-local/v1/_user_request_';
    expect(loadConfig(directory, 'local', { issuer }).issuer).toBe(issuer);
  });

  it.each([
    [
      'a duration with a wrong unit',
      'token_expiration_time = "15 minutes"',
      'token_expiration_time must be a duration',
    ],
    [
      'a duration without a unit',
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
    ['a ttl that is too short', 'status_list_ttl = "5s"', 'status_list_ttl must be "10s" to "1h"'],
    [
      'a status list that expires within its ttl',
      'status_list_ttl = "10m"',
      'status_list_validity must be at least four times status_list_ttl',
    ],
    ['a status list valid for days', 'status_list_validity = "2d"', 'status_list_validity must be "5m" to "24h"'],
    [
      'a retention that is not in days',
      'archive = { retention = "36h" }',
      'archive.retention must be a whole number of days',
    ],
    ['an unknown lock mode', 'archive = { lock = "soft" }', 'archive.lock must be governance or compliance'],
    ['a window beyond Lambda’s maximum', 'archive_window = "10m"', 'archive_window must be at most "5m"'],
    ['an unknown key', 'token_lifetime = "15m"', 'token_lifetime is not a configuration key'],
    [
      'an unknown key inside',
      'throttle = { rate = 1, burst = 1, speed = 1 }',
      'throttle.speed is not a configuration key',
    ],
    ['an unknown key spec', 'signing_keys = { first = "RSA_4096" }', 'signing_keys.first must be ECC_NIST_P256'],
    ['an unknown signing key', 'signing_key = "second"', 'signing_key must be the name of a key in signing_keys'],
    ['a domain without a certificate', 'domain = { name = "tokens.example.com" }', 'domain.certificate_arn'],
    ['an invalid domain', 'domain = { name = "a b", certificate_arn = "arn:x" }', 'domain.name must be a host name'],
    [
      'two issuers',
      'issuer = "https://a.example"\ndomain = { name = "a.example", certificate_arn = "arn:x" }',
      'issuer must be absent',
    ],
    ['an issuer in plain http', 'issuer = "http://tokens.example.com"', 'issuer must be an https URL'],
    ['an issuer with a slash at the end', 'issuer = "https://a.example/"', 'issuer must not end with a slash'],
    [
      'a number of days that CloudWatch does not support',
      'log_retention = "8d"',
      'log_retention must be a number of days that CloudWatch Logs supports',
    ],
    [
      'the service’s own event source',
      'revocation_sources = ["tvm"]',
      'revocation_sources.0 must be an event source of your own',
    ],
    [
      'an AWS event source',
      'revocation_sources = ["aws.ec2"]',
      'revocation_sources.0 must be an event source of your own',
    ],
    [
      'a role session as resource server',
      '[[resource_servers]]\nprincipal = "arn:aws:sts::111122223333:assumed-role/a/b"\naudiences = ["a"]',
      'resource_servers.0.principal must be the ARN',
    ],
    [
      'a resource server twice',
      '[[resource_servers]]\nprincipal = "arn:aws:iam::111122223333:role/a"\naudiences = ["a"]\n[[resource_servers]]\nprincipal = "arn:aws:iam::111122223333:role/a"\naudiences = ["b"]',
      'resource_servers must name each principal once',
    ],
    [
      'an external authorizer of an unknown type',
      '[[conditions]]\nname = "a"\ntype = "opa"',
      'conditions.0.type must be opa-wasm',
    ],
    [
      'an external authorizer without a name',
      '[[conditions]]\ntype = "authzen"\nurl = "https://a.example"',
      'conditions.0.name is missing; it must be a name',
    ],
    [
      'an external authorizer with a path as its name',
      '[[conditions]]\nname = "../a"\ntype = "authzen"\nurl = "https://a.example"',
      'conditions.0.name must be a name of at most 64',
    ],
    [
      'two external authorizers with the same name',
      '[[conditions]]\nname = "a"\ntype = "authzen"\nurl = "https://a.example"\n[[conditions]]\nname = "a"\ntype = "authzen"\nurl = "https://b.example"',
      'conditions must name each condition once',
    ],
    [
      'a policy outside of the project',
      '[[conditions]]\nname = "a"\ntype = "opa-wasm"\nfile = "policies/../../a.wasm"\nentrypoint = "a"',
      'conditions.0.file must be a relative path in the project',
    ],
    [
      'a policy that is not compiled',
      '[[conditions]]\nname = "a"\ntype = "opa-wasm"\nfile = "a.rego"\nentrypoint = "a"',
      'conditions.0.file must end in .wasm',
    ],
    [
      'a policy without an entrypoint',
      '[[conditions]]\nname = "a"\ntype = "opa-wasm"\nfile = "a.wasm"',
      'conditions.0.entrypoint is missing; it must be the path of a rule',
    ],
    [
      'an external authorizer called over plain http',
      '[[conditions]]\nname = "a"\ntype = "authzen"\nurl = "http://pdp.example.com"',
      'conditions.0.url must be an https URL',
    ],
    [
      'an external authorizer with a secret in its URL',
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
      'conditions.0.path is not a configuration key',
    ],
    ['an account id that lost its zeros', 'trusted_accounts = [11122223333]', 'trusted_accounts.0'],
    [
      'records that go before the stream has told of them',
      'record_retention = "47h"',
      'record_retention must be at least "2d"',
    ],
    ['a negative throttle', 'throttle = { rate = -1, burst = 1 }', 'throttle.rate must be greater than zero'],
    ['what is no TOML', 'token_expiration_time: 15m', 'config/x.toml:1:'],
  ])('is refused with the key’s name: %s', (_, toml, sentence) => {
    expect(() => parseConfig(toml, 'config/x.toml')).toThrow(ConfigError);
    expect(() => parseConfig(toml, 'config/x.toml')).toThrow(sentence);
  });

  it.each([
    [
      'an audience that is a wildcard',
      server(ROLE, '["*"]'),
      'resource_servers.0.audiences.0 must be the exact name of one audience',
    ],
    [
      'an audience with one',
      server(ROLE, '["orders-*"]'),
      'resource_servers.0.audiences.0 must be the exact name of one audience',
    ],
    ['an empty audience', server(ROLE, '[""]'), 'resource_servers.0.audiences.0 must not be empty'],
    ['an audience with a space', server(ROLE, '["a "]'), 'resource_servers.0.audiences.0 must be visible ASCII'],
    ['no audience', server(ROLE, '[]'), 'resource_servers.0.audiences must name at least one audience'],
    ['a duplicate audience', server(ROLE, '["a", "a"]'), 'resource_servers.0.audiences must name each audience once'],
    [
      'an audience that is not a list',
      server(ROLE, '"a"'),
      'resource_servers.0.audiences must be an array of audiences',
    ],
    [
      'a receiver of a wildcard',
      receiver('a', 'audience = "*"'),
      'security_event_receivers.0.audience must be the exact name',
    ],
    [
      'two receivers with the same URL and audience',
      receiver('a', 'audience = "a"') + receiver('b', 'audience = "a"'),
      'security_event_receivers must name each url only once with the same audience',
    ],
    [
      'a type of event twice',
      receiver(
        'a',
        `audience = "a"\nevents = [${Array(2).fill('"https://schemas.openid.net/secevent/caep/event-type/session-revoked"')}]`,
      ),
      'security_event_receivers.0.events must name each event type once',
    ],
    [
      'an alarm that revokes for a wildcard',
      '[revoke_on.cloudwatch_alarm]\na = { audience = "orders-*" }',
      'revoke_on.cloudwatch_alarm.a.audience must be the exact name of one audience',
    ],
    ['an event source twice', 'revocation_sources = ["a.b", "a.b"]', 'revocation_sources must name each event source'],
    [
      'a source of tasks twice',
      'revoke_on = { task_done = { sources = ["a", "a"] } }',
      'revoke_on.task_done.sources must name each event source once',
    ],
    [
      'an account twice',
      'trusted_accounts = ["111122223333", "111122223333"]',
      'trusted_accounts must name each account once',
    ],
    ['an account of an emulator', 'trusted_accounts = ["000000000000"]', 'trusted_accounts.0 must name an AWS account'],
    [
      'a principal of an emulator',
      server('arn:aws:iam::000000000000:user/orders-db'),
      'resource_servers.0.principal must name an AWS account',
    ],
    [
      'a detector twice',
      'anomalies = { off = ["new-network", "new-network"] }',
      'anomalies.off must name each detector once',
    ],
    [
      'learning for longer than is known',
      'anomalies = { learning = "31d" }',
      'anomalies.learning must be at most "30d"',
    ],
    ['a duration without a unit', 'token_expiration_time = "900"', 'token_expiration_time must be a duration such as'],
    ['a duration of another unit', 'archive_window = "500ms"', 'archive_window must be a duration such as'],
    ['a duration with a space', 'archive_window = " 5m"', 'archive_window must be a duration such as'],
    ['a duration beyond all dates', 'record_retention = "999999999d"', 'record_retention must be at most "36500d"'],
    [
      'a lifetime for writing beyond the maximum',
      'write_token_expiration_time = "2h"',
      'write_token_expiration_time must not be longer than max_token_lifetime, "1h": it is "2h"',
    ],
    [
      'a certificate of IAM',
      domain('tokens.example.com', 'arn:aws:iam::111122223333:server-certificate/x'),
      'domain.certificate_arn must be the ARN of an ACM certificate',
    ],
    ...[
      'Tokens.example.com',
      'https://tokens.example.com',
      'tokens.example.com/',
      'tokens.example.com.',
      'tokens.example.com:443',
      ' tokens.example.com',
      '*.example.com',
      '203.0.113.7',
      'tokens',
      '',
    ].map((name) => [`the domain "${name}"`, domain(name), 'domain.name must be a host name in lower case']),
    ...[
      'https://Tokens.example.com',
      'https://tokens.example.com:443',
      'https://tokens.example.com?a=b',
      'https://tokens.example.com#a',
      'https://user:secret@tokens.example.com',
      'https://tokens.example.com./v1',
      'https://*.example.com',
      'https://tokens.example.com ',
    ].map((issuer) => [`the issuer ${issuer}`, `issuer = "${issuer}"`, 'issuer must be a normalized https URL']),
    ['an issuer that is on this computer', 'issuer = "http://127.0.0.1:4566/a"', 'issuer must be an https URL; plain'],
    [
      'a condition that is on this computer',
      condition('http://127.0.0.1:8181'),
      'conditions must have only https URLs',
    ],
    ['a condition with a space', condition('https://a.example '), 'conditions.0.url must be an https URL'],
    ['a condition at any host', condition('https://*.example'), 'conditions.0.url must be an https URL'],
    ['no key at all', 'signing_keys = {}', 'signing_keys must name at least one key'],
    ['a key by no name', 'signing_keys = { "a b" = "RSA_2048" }', 'signing_keys."a b" must be a name of at most 64'],
    [
      'a key that JavaScript loses',
      'signing_keys = { first = "RSA_2048", __proto__ = "RSA_2048" }',
      'signing_keys.__proto__ is not a valid name',
    ],
    ['a tag of a space', 'revoke_on = { iam_tagged = { key = " ", value = "v" } }', 'revoke_on.iam_tagged.key must be'],
    [
      'a tag without a value',
      'revoke_on = { iam_tagged = { key = "k", value = "" } }',
      'revoke_on.iam_tagged.value must',
    ],
    ['half a throttle', 'throttle = { rate = 5 }', 'throttle.burst is missing; it must be a whole number'],
    ['addresses as a list', 'alarm_email = ["a@example.com"]', 'alarm_email must be an e-mail address'],
    ['a truth as text', 'data_protection = "false"', 'data_protection must be true or false'],
    ['a key that is a line', '"a\\nb" = 1', '"a\\nb" is not a configuration key'],
  ])('is refused, in one sentence, with %s', (_, toml = '', sentence = '') => {
    expect(mistakes(toml).map((found) => found.slice(0, sentence.length))).toEqual([sentence]);
  });

  it.each([
    ['token_expiration = "15m"', 'token_expiration is not a configuration key; did you mean token_expiration_time?'],
    ['[archive]\nlocks = "compliance"', 'archive.locks is not a configuration key; did you mean lock?'],
    ['archive = { lock = "complience" }', 'archive.lock must be governance or compliance; did you mean compliance?'],
    ['signing_key = "frist"', 'signing_key must be the name of a key in signing_keys; did you mean first?'],
    ['throttle = { rate = 1, burst = 1, x = 1 }', 'throttle.x is not a configuration key; known here are rate, burst'],
    [
      receiver('a', 'audience = "a"\nevnts = []'),
      'security_event_receivers.0.evnts is not a configuration key; did you mean events?',
    ],
  ])('suggests the intended key or value: %s', (toml, sentence) => {
    expect(mistakes(toml)).toEqual([sentence]);
  });

  it('is refused with every mistake at once', () => {
    const toml = `token_expiration = "15m"\nwrite_token_expiration_time = "2h"\nlog_retention = "8d"\n${server(ROLE, '["*", 5]')}`;
    expect(mistakes(toml).map((sentence) => sentence.split(' ')[0])).toEqual([
      'log_retention',
      'resource_servers.0.audiences.0',
      'resource_servers.0.audiences.1',
      'token_expiration',
      'write_token_expiration_time',
    ]);
  });

  it('allows an emulator only in the stage local, and not in an AWS account', () => {
    const emulator = 'emulator = { api_id = "tvm-local" }';
    expect(mistakes(emulator, { stage: 'local', account: '000000000000' })).toEqual([]);
    expect(mistakes(emulator, { stage: 'production' })).toEqual([
      'emulator must be absent: only config/local.toml is deployed into an emulator',
    ]);
    expect(mistakes(emulator, { stage: 'local', account: '111122223333' })).toEqual([
      'emulator must be absent in the AWS account 111122223333: emulators have the account 000000000000',
    ]);
  });

  it('needs a certificate in the stack’s region and account', () => {
    const toml = domain('tokens.example.com');
    const region = 'eu-central-1';
    expect(mistakes(toml)).toEqual([]);
    expect(mistakes(toml, { region, account: '111122223333' })).toEqual([]);
    expect(mistakes(toml, { region: 'us-east-1' })).toEqual([
      'domain.certificate_arn must be in the region us-east-1 of the stack: it is in eu-central-1',
    ]);
    expect(mistakes(toml, { region, account: '444455556666' })).toEqual([
      'domain.certificate_arn must be in the account 444455556666 of the stack: it is in 111122223333',
    ]);
  });

  it('needs ARNs in one partition, that of the region if it is known', () => {
    const [china, alarm] = [ROLE.replace('aws', 'aws-cn'), '[revoke_on.cloudwatch_alarm]\na = { subject = "ARN" }'];
    expect(mistakes(server(china), { region: 'cn-north-1' })).toEqual([]);
    expect(mistakes(server(china))).toEqual([]);
    expect(mistakes(server(ROLE) + alarm.replace('ARN', china))).toEqual([
      'revoke_on.cloudwatch_alarm.a.subject must be in the partition aws like the first ARN: it is in aws-cn',
    ]);
    for (const [region, partition] of [
      ['eu-central-1', 'aws'],
      ['us-gov-west-1', 'aws-us-gov'],
    ]) {
      expect(mistakes(server(china), { region })).toEqual([
        `resource_servers.0.principal must be in the partition ${partition} of the region ${region}: it is in aws-cn`,
      ]);
    }
  });

  it('accepts an emulator’s ARNs in any region', () => {
    const toml = `emulator = { api_id = "tvm-local" }\n${server('arn:aws:iam::000000000000:user/orders-db')}`;
    expect(mistakes(toml, { stage: 'local', region: 'cn-north-1', account: '000000000000' })).toEqual([]);
  });

  it('does not accept its own account as a trusted account', () => {
    const toml = 'trusted_accounts = ["444455556666", "111122223333"]';
    expect(mistakes(toml)).toEqual([]);
    expect(mistakes(toml, { account: '111122223333' })).toEqual([
      'trusted_accounts.1 must name other accounts than 111122223333, the account of the stack',
    ]);
  });

  it('must be a UTF-8 text file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tvm-config-'));
    writeFileSync(join(folder, 'latin.toml'), Buffer.from([0x23, 0xe9]));
    mkdirSync(join(folder, 'folder.toml'));
    const files = pathToFileURL(`${folder}/`);
    expect(() => loadConfig(files, 'latin')).toThrow('config/latin.toml must be UTF-8');
    expect(() => loadConfig(files, 'folder')).toThrow('config/folder.toml does not exist');
    rmSync(folder, { recursive: true });
  });

  it('names a missing file', () => {
    expect(() => loadConfig(directory, 'staging')).toThrow('config/staging.toml does not exist');
    expect(() => loadConfig(directory, '../package')).toThrow('does not exist');
  });
});
