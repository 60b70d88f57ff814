import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { isDistinct } from '@tvm/contract/distinct.ts';
import { parseDuration, writeDuration } from '@tvm/contract/duration.ts';
import { limits } from '@tvm/contract/limits.ts';
import {
  isPlainHttpHere,
  type SecurityEventReceiver,
  securityEventReceiver,
  trustedTransmitter,
} from '@tvm/contract/security-event.ts';
import { principal } from '@tvm/contract/subject.ts';
import { exactAudience } from '@tvm/contract/text.ts';
import { type AuthorizerSettings, isServiceUrl } from '@tvm/core/external-authorizers/settings.ts';
import { dotted, type Fault, type Path } from '@tvm/core/settings/fault.ts';
import { nearestName } from '@tvm/core/settings/nearest-name.ts';
import { readBySchema } from '@tvm/core/settings/read-by-schema.ts';
import { parse, TomlError } from 'smol-toml';
import * as z from 'zod';
import { anomalies } from './anomalies.ts';
import { eventSource, revokeOn } from './revoke-on.ts';
import { type Target, targetFaults } from './target-faults.ts';

/** The retention periods that CloudWatch Logs supports, in days. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 3653,
];

const DAY = 86_400;

/** The maximum of a duration. A longer one is probably a wrong unit, and dates could not represent it. */
const LONGEST = 36_500 * DAY;

const DURATION = 'must be a duration such as "90s", "15m", "1h" or "30d"';

/** A duration in the configuration, such as `"15m"`, parsed to seconds. A number without a unit would be ambiguous. */
const duration = z.string({ error: 'must be a duration such as "15m"' }).transform((text, context) => {
  const seconds = /[smhd]$/.test(text) ? parseDuration(text) : undefined;
  if (seconds !== undefined && seconds <= LONGEST) return seconds;
  const message = seconds === undefined ? DURATION : 'must be at most "36500d"';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** A duration, or `"0s"` for none. */
const durationOrNone = z.union([z.literal('0s').transform(() => 0), duration], { error: `${DURATION}, or "0s"` });

const keySpec = z.enum(['ECC_NIST_P256', 'ECC_NIST_P384', 'RSA_2048'], {
  error: 'must be ECC_NIST_P256 (ES256), ECC_NIST_P384 (ES384) or RSA_2048 (RS256)',
});

const ACCOUNT_ID = 'must be an AWS account id of 12 digits, in quotes';

const accountId = z.string({ error: ACCOUNT_ID }).regex(/^[0-9]{12}$/, { error: ACCOUNT_ID });

const positive = z.int({ error: 'must be a whole number' }).positive({ error: 'must be greater than zero' });

/** The path of a file in the project, relative to its root. `..` segments are refused. */
function projectFile(extension: string) {
  return z
    .string({ error: `must be the path of a ${extension} file` })
    .regex(/^(?!(?:.*\/)?\.{1,2}\/)[\w.-]+(?:\/[\w.-]+)*$/, {
      error: 'must be a relative path in the project, as in a/b',
    })
    .endsWith(extension, { error: `must end in ${extension}` });
}

const regoPath = z
  .string({ error: 'must be the path of a rule such as "tvm/condition/allow"' })
  .regex(/^[\w-]+(?:\/[\w-]+)*$/, { error: 'must be the path of a rule such as "tvm/condition/allow"' });

const conditionName = z
  .string({ error: 'must be a name' })
  .regex(/^[\w-]{1,64}$/, { error: 'must be a name of at most 64 letters, digits, _ and -' });

/** The settings of an external authorizer that is called over the network. */
const networkAuthorizer = {
  name: conditionName,
  url: z.string({ error: 'must be a URL' }).refine(isServiceUrl, {
    error: 'must be an https URL without credentials, query, fragment or trailing slash',
  }),
  timeout_ms: z
    .int({ error: 'must be a whole number of milliseconds' })
    .min(50, { error: 'must be at least 50' })
    .max(2_000, { error: 'must be at most 2000' })
    .default(500),
  cache: duration.refine((seconds) => seconds <= 900, { error: 'must be at most "15m"' }).optional(),
};

const ORGANIZATION = 'must be an organization id such as "o-a1b2c3d4e5"';

const API_ID = 'must be at most 32 lower-case letters, digits and -';

const HOST_NAME = 'must be a host name in lower case and nothing else, such as "tokens.example.com"';

const CERTIFICATE =
  'must be the ARN of an ACM certificate, as in "arn:aws:acm:eu-central-1:111122223333:certificate/ID"; a Regional API ' +
  'does not support IAM server certificates';

const ISSUER =
  'must be a normalized https URL, because resource servers compare it as text: host in lower case, no credentials, query, ' +
  'fragment or default port';

const condition = z.discriminatedUnion(
  'type',
  [
    z.strictObject({
      name: conditionName,
      type: z.literal('opa-wasm'),
      file: projectFile('.wasm'),
      entrypoint: regoPath,
      data: projectFile('.json').optional(),
    }),
    z.strictObject({ ...networkAuthorizer, type: z.literal('opa-rest'), path: regoPath }),
    z.strictObject({ ...networkAuthorizer, type: z.literal('authzen') }),
  ],
  { error: 'must be opa-wasm, opa-rest or authzen' },
) satisfies z.ZodType<AuthorizerSettings>;

const ONLY_HTTPS = 'must have only https URLs; plain http on this computer is only for an emulator';

/** Every key of `config/<stage>.toml`. docs/reference/configuration.md is generated from this schema. */
export const configSchema = z
  .strictObject({
    token_expiration_time: duration.default(900).meta({
      description: 'The lifetime of a token if the request names none.',
    }),
    write_token_expiration_time: duration.default(300).meta({
      description:
        'The default lifetime of a token that may write. If `token_expiration_time` is shorter, that applies. Neither may be ' +
        'longer than `max_token_lifetime`.',
    }),
    max_token_lifetime: duration
      .refine((seconds) => seconds <= limits.lifetime, { error: 'must be at most "24h"' })
      .default(3_600)
      .meta({ description: 'The maximum lifetime that a request may name; at most `"24h"`.' }),
    signing_keys: z
      .record(
        z.string().regex(/^[\w-]{1,64}$/, { error: 'must be a name of at most 64 letters, digits, _ and -' }),
        keySpec,
        { error: 'must be a table of keys by name, such as { first = "ECC_NIST_P256" }' },
      )
      .refine((keys) => Object.keys(keys).length > 0, { error: 'must name at least one key' })
      .default({ first: 'ECC_NIST_P256' })
      .meta({
        description:
          'The keys whose tokens may still be valid, each with a name of your choice: `ECC_NIST_P256` (ES256), ' +
          '`ECC_NIST_P384` (ES384) or `RSA_2048` (RS256). Each is a KMS key. The JWKS contains all of them.',
      }),
    signing_key: z.string({ error: 'must be the name of a key in signing_keys' }).default('first').meta({
      description: 'The name of the key that signs tokens. docs/how-to/rotate-keys.md describes key rotation.',
    }),
    domain: z
      .strictObject(
        {
          name: z.string({ error: HOST_NAME }).refine(isHostName, { error: HOST_NAME }),
          certificate_arn: z
            .string({ error: CERTIFICATE })
            .regex(/^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/, { error: CERTIFICATE }),
        },
        { error: 'must be a table of name and certificate_arn' },
      )
      .optional()
      .meta({
        description:
          'A custom domain, `{ name, certificate_arn }`, with an ACM certificate in the region of the stack. It becomes the ' +
          'issuer. Without it, the issuer is the URL of the API.',
      }),
    issuer: z
      .string({ error: 'must be an https URL' })
      .refine((url) => url.startsWith('https://') || isPlainHttpHere(url), { error: 'must be an https URL' })
      .refine((url) => !url.endsWith('/'), { error: 'must not end with a slash' })
      .refine(isIssuer, { error: ISSUER })
      .optional()
      .meta({
        description:
          'The issuer, if callers reach the service by another URL than its own, such as that of an emulator or a CDN.',
      }),
    throttle: z
      .strictObject({ rate: positive, burst: positive }, { error: 'must be a table of rate and burst' })
      .default({ rate: 200, burst: 400 })
      .meta({ description: 'Requests per second, and the burst, that the API accepts before it responds with 429.' }),
    record_retention: duration
      // The stream retries a change for a day. The item must exist until then, because it confirms the change.
      .refine((seconds) => seconds >= 2 * DAY, { error: 'must be at least "2d"' })
      .default(90 * DAY)
      .meta({
        description: 'How long the record of a decision is stored after the token expired; at least `"2d"`.',
      }),
    log_retention: duration
      .refine((seconds) => LOG_RETENTION_DAYS.includes(seconds / DAY), {
        error: `must be a number of days that CloudWatch Logs supports: ${LOG_RETENTION_DAYS.map((days) => `${days}d`).join(', ')}`,
      })
      .default(365 * DAY)
      .meta({ description: 'How long logs are stored: a number of days that CloudWatch Logs supports.' }),
    revocation_sources: z
      .array(eventSource, { error: 'must be an array of event sources' })
      .refine(isDistinct, { error: 'must name each event source once' })
      .default([])
      .meta({ description: 'Event sources whose `Revocation Requested` events on the bus revoke tokens.' }),
    revoke_on: revokeOn.default({}).meta({
      description:
        'The events that revoke tokens, as a table `[revoke_on]`: ' +
        `${Object.keys(revokeOn.shape)
          .map((name) => `\`${name}\``)
          .join(', ')}. Events that are not listed are ignored. ` +
        'docs/how-to/revoke-automatically.md describes which tokens each event revokes, and its settings.',
    }),
    revocation_block: durationOrNone
      .refine((seconds) => seconds <= limits.block, { error: 'must be at most "30d"' })
      .default(3_600)
      .meta({
        description:
          'How long a revoked subject is blocked if the revocation does not say; at most `"30d"`. A blocked subject gets no ' +
          'new token. `"0s"` means no block.',
      }),
    status_list_size: z
      .int({ error: 'must be a whole number' })
      .min(1_000, { error: 'must be at least 1000' })
      .max(1_000_000, { error: 'must be at most 1000000' })
      .default(1_000_000)
      .meta({
        description: 'The number of tokens in one status list; 1000 to 1000000.',
        written: '1000000',
      }),
    status_list_ttl: duration
      .refine((seconds) => seconds >= 10 && seconds <= 3_600, { error: 'must be "10s" to "1h"' })
      .default(60)
      .meta({
        description:
          'How long a resource server may cache a status list. A revocation may take effect that much later; `"10s"` to ' +
          '`"1h"`.',
      }),
    status_list_validity: duration
      .refine((seconds) => seconds >= 300 && seconds <= 86_400, { error: 'must be "5m" to "24h"' })
      .default(900)
      .meta({
        description:
          'How long a signed status list is valid. An attacker can replay an old list for that long; `"5m"` to `"24h"`, and ' +
          'at least four times `status_list_ttl`.',
      }),
    resource_servers: z
      .array(
        z.strictObject(
          {
            principal,
            audiences: z
              .array(exactAudience, { error: 'must be an array of audiences' })
              .min(1, { error: 'must name at least one audience' })
              .refine(isDistinct, { error: 'must name each audience once' }),
          },
          { error: 'must be a table of principal and audiences' },
        ),
        { error: 'must be an array of resource servers' },
      )
      .refine((servers) => isDistinct(servers.map((server) => server.principal)), {
        error: 'must name each principal once',
      })
      .default([])
      .meta({
        description:
          'The resource servers that may introspect tokens, and their audiences: `{ principal, audiences }`, an IAM ARN and ' +
          'names without wildcards.',
      }),
    conditions: z
      .array(condition, { error: 'must be an array of conditions' })
      .refine((conditions) => isDistinct(conditions.map(({ name }) => name)), {
        error: 'must name each condition once',
      })
      .default([])
      .meta({
        description:
          'The external authorizers: `{ name, type, … }`. They can deny what Cedar allows. `type = "opa-wasm"`: Rego compiled ' +
          'to WebAssembly, `{ file, entrypoint, data }` (`data`, a JSON file, is optional). `"opa-rest"`: an OPA server, ' +
          '`{ url, path, timeout_ms, cache }`. `"authzen"`: a decision point of OpenID AuthZEN, ' +
          '`{ url, timeout_ms, cache }`. `timeout_ms` is 50 to 2000, by default 500. `cache` is how long a decision is cached, ' +
          'at most `"15m"`; by default it is not cached. docs/how-to/external-authorizers.md describes the requests to them.',
      }),
    security_event_receivers: z
      .array(securityEventReceiver, { error: 'must be an array of receivers' })
      .max(20, { error: 'must name at most 20 receivers' })
      .refine((receivers) => isDistinct(receivers.map(({ name }) => name)), {
        error: 'must name each receiver once',
      })
      .refine((receivers) => isDistinct(principalsOf(receivers)), {
        error: 'must name each principal once, because it identifies the receiver',
      })
      .refine((receivers) => isDistinct(pushesOf(receivers)), {
        error: 'must name each url only once with the same audience; otherwise it would receive every event twice',
      })
      .default([])
      .meta({
        description:
          'The receivers of signed security event tokens about revoked tokens and subjects: ' +
          '`{ name, delivery, url, audience, events }`, or `principal` in place of `url`. `delivery = "push"`, the default: ' +
          'events are pushed to `url` (RFC 8935). `"poll"`: `principal`, an IAM ARN, polls for events (RFC 8936). A `principal` ' +
          'can read the configuration of its stream and request verification; with `"push"` it is optional. `events` are the ' +
          'types of CAEP events, by default all. docs/how-to/exchange-security-events.md has details.',
      }),
    trusted_transmitters: z
      .array(trustedTransmitter, { error: 'must be an array of transmitters' })
      .max(8, { error: 'must name at most 8 transmitters' })
      .refine((transmitters) => isDistinct(transmitters.map(({ issuer }) => issuer)), {
        error: 'must name each issuer once',
      })
      .default([])
      .meta({
        description:
          'The transmitters whose security event tokens revoke tokens: `{ issuer, jwks_uri, audience }`. `audience` is the ' +
          '`aud` that they must have.',
      }),
    anomalies: anomalies(duration),
    alarm_email: z.email({ error: 'must be an e-mail address' }).optional().meta({
      description:
        'The address that gets an e-mail for each alarm. Its owner must confirm the subscription once. Default: none.',
    }),
    trusted_accounts: z
      .array(accountId, { error: 'must be an array of AWS account ids' })
      .refine(isDistinct, { error: 'must name each account once' })
      .default([])
      .meta({
        description:
          'Other AWS accounts whose workloads may request tokens, explain their own requests and revoke their own tokens. Policy ' +
          'still decides.',
      }),
    trusted_organization: z
      .string({ error: ORGANIZATION })
      .regex(/^o-[a-z0-9]{10,32}$/, { error: ORGANIZATION })
      .optional()
      .meta({ description: 'An AWS organization. All its accounts are trusted as those in `trusted_accounts` are.' }),
    archive: z
      .strictObject(
        {
          retention: duration
            .refine((seconds) => seconds % DAY === 0, { error: 'must be a whole number of days, such as "400d"' })
            .default(400 * DAY),
          lock: z
            .enum(['governance', 'compliance'], { error: 'must be governance or compliance' })
            .default('governance'),
        },
        { error: 'must be a table of retention and lock' },
      )
      .prefault({})
      .meta({
        written: '{ retention = "400d", lock = "governance" }',
        description:
          'The protection of the archive of audit events, `{ retention, lock }`. For `retention`, a number of days, by default ' +
          '`"400d"`, S3 Object Lock prevents changes and deletions. `lock` says who may bypass that: with `"governance"`, the ' +
          'principals to whom IAM allows `s3:BypassGovernanceRetention`; with `"compliance"`, nobody, not even the account’s ' +
          'root user.',
      }),
    archive_window: duration
      .refine((seconds) => seconds <= 300, { error: 'must be at most "5m"' })
      .default(60)
      .meta({ description: 'How long audit events are collected into one object of the archive; at most `"5m"`.' }),
    data_protection: z
      .boolean({ error: 'must be true or false' })
      .default(true)
      .meta({
        description:
          'Whether the table and the keys are protected from deletion and retained if the stack is deleted. `false` only for ' +
          'trials.',
      }),
    emulator: z
      .strictObject(
        { api_id: z.string({ error: API_ID }).regex(/^[a-z0-9-]{1,32}$/, { error: API_ID }) },
        { error: 'must be a table of api_id' },
      )
      .optional()
      .meta({
        description:
          'Only for the stage `local`, which runs in an emulator, `{ api_id }`. Sets the API’s id with the tags from which ' +
          'emulators take it, and allows plain HTTP for the dead-letter queues, because emulators have no HTTPS. Refused for ' +
          'any other stage and any AWS account.',
      }),
  })
  .refine((config) => config.token_expiration_time <= config.max_token_lifetime, {
    ...once('token_expiration_time', 'max_token_lifetime'),
    error: ({ input }) => beyondMaximum(input, 'token_expiration_time'),
  })
  .refine((config) => config.write_token_expiration_time <= config.max_token_lifetime, {
    ...once('write_token_expiration_time', 'max_token_lifetime'),
    error: ({ input }) => beyondMaximum(input, 'write_token_expiration_time'),
  })
  .refine((config) => Object.hasOwn(config.signing_keys, config.signing_key), {
    ...once('signing_key', 'signing_keys'),
    error: ({ input }) => noSuchKey(input),
  })
  .refine((config) => config.status_list_validity >= 4 * config.status_list_ttl, {
    ...once('status_list_validity', 'status_list_ttl'),
    error: 'must be at least four times status_list_ttl',
  })
  .refine((config) => config.emulator !== undefined || !config.issuer || !isPlainHttpHere(config.issuer), {
    ...once('issuer'),
    error: 'must be an https URL; plain http on this computer is only for an emulator',
  })
  .refine((config) => config.emulator !== undefined || !config.conditions.some(isPlain), {
    ...once('conditions'),
    error: ONLY_HTTPS,
  })
  .refine((config) => config.emulator !== undefined || !config.security_event_receivers.some(isPlain), {
    ...once('security_event_receivers'),
    error: ONLY_HTTPS,
  })
  .refine((config) => config.emulator !== undefined || !config.trusted_transmitters.some(isPlain), {
    ...once('trusted_transmitters'),
    error: ONLY_HTTPS,
  })
  .refine((config) => !(config.domain && config.issuer), {
    path: ['issuer'],
    when: () => true,
    error: 'must be absent if domain is set, because the domain is the issuer then',
  });

/** Makes a rule about several keys run only if each of these keys is valid. Errors in other keys do not matter. */
function once(path: string, ...others: string[]) {
  const when = ({ issues }: z.core.ParsePayload) =>
    !issues.some((issue) => [path, ...others].includes(String(issue.path?.[0])));
  return { path: [path], when };
}

function beyondMaximum(config: unknown, key: string): string {
  const written = (name: string) => `"${writeDuration((config as Record<string, number>)[name] ?? 0)}"`;
  return `must not be longer than max_token_lifetime, ${written('max_token_lifetime')}: it is ${written(key)}`;
}

function noSuchKey(config: unknown): string {
  const { signing_key, signing_keys } = config as { signing_key: string; signing_keys: Record<string, unknown> };
  const names = Object.keys(signing_keys);
  const near = nearestName(signing_key, names);
  return `must be the name of a key in signing_keys${near ? `; did you mean ${near}?` : `: ${names.join(', ')}`}`;
}

/** Reports whether a text is a DNS name in lower case with at least two labels. Addresses are refused. */
function isHostName(text: string): boolean {
  return text.length <= 253 && /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
}

/** Reports whether an issuer is a normalized URL, so that resource servers can compare it as text. */
function isIssuer(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username || url.password || url.search || url.hash || /[*]|\.$/.test(url.hostname))
    return false;
  return url.href === text || url.href === `${text}/`;
}

/** The principals of the receivers of security events. */
function principalsOf(receivers: readonly SecurityEventReceiver[]): string[] {
  return receivers.flatMap(({ principal }) => principal ?? []);
}

/** The URL and audience of each push receiver, as text to compare. */
function pushesOf(receivers: readonly SecurityEventReceiver[]): string[] {
  return receivers.flatMap((one) => (one.delivery === 'push' ? [JSON.stringify([one.url, one.audience])] : []));
}

function isPlain(settings: Record<string, unknown>): boolean {
  return Object.values(settings).some((value) => typeof value === 'string' && isPlainHttpHere(value));
}

/** The configuration of a stage. Durations are in seconds. */
export type Config = z.infer<typeof configSchema>;

/** An error in the configuration. The message is one sentence per error that names the file and the key. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Loads the configuration of a stage.
 *
 * @param stage the name of a file in `directory`, without `.toml`
 * @param overrides keys from the command line, which take precedence over those in the file
 * @throws {ConfigError} if the file is missing or invalid
 */
export function loadConfig(
  directory: URL,
  stage: string,
  overrides: Record<string, unknown> = {},
  target: Omit<Target, 'stage'> = {},
): Config {
  const name = `config/${stage}.toml`;
  const file = new URL(`${stage}.toml`, directory);
  if (!/^[a-z0-9-]{1,32}$/.test(stage) || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new ConfigError(`${name} does not exist; select a stage in config/ with -c stage=…`);
  }
  const bytes = readFileSync(file);
  if (!isUtf8(bytes)) throw new ConfigError(`${name} must be UTF-8`);
  return parseConfig(bytes.toString(), name, overrides, { stage, ...target });
}

/** Parses configuration from TOML. `name` is the name of the file in error messages. */
export function parseConfig(
  toml: string,
  name: string,
  overrides: Record<string, unknown> = {},
  target: Target = {},
): Config {
  let unverified: Record<string, unknown>;
  try {
    unverified = { ...parse(toml), ...overrides };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new ConfigError(`${name}:${error.line}: ${error.message.split('\n')[0]}`);
  }
  const read = readBySchema(configSchema, unverified, { unknownKey: 'is not a configuration key' });
  const known = read.faults.filter(({ path }) => path.at(-1) !== LOST);
  const faults = [...lostKeys(unverified), ...known, ...targetFaults(unverified, target)];
  if (read.value !== undefined && faults.length === 0) return read.value;
  throw new ConfigError(faults.map(({ path, problem }) => `${name}: ${dotted(path)} ${problem}`).join('\n'));
}

/** A key that zod silently drops from a table of names. */
const LOST = '__proto__';

/** Returns an error for each occurrence of that key. */
function lostKeys(value: unknown, path: Path = []): Fault[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    return key === LOST ? [{ path: here, problem: 'is not a valid name' }] : lostKeys(inner, here);
  });
}
