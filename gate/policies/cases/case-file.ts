import { isIP } from 'node:net';
import { type AuthorizationDetail, authorizationDetails } from '@tvm/contract/authorization-details.ts';
import { claims } from '@tvm/contract/claims.ts';
import { parseDuration } from '@tvm/contract/duration.ts';
import { federatedSubject, trustName } from '@tvm/contract/subject.ts';
import { name, reason } from '@tvm/contract/text.ts';
import { namedCaller } from '@tvm/core/identity/caller.ts';
import type { Flaw, PolicyFile } from '@tvm/core/policy/flaw.ts';
import { readYamlFile } from '@tvm/core/policy/yaml-file.ts';
import { valueAt } from '@tvm/core/settings/fault.ts';
import { readYaml } from '@tvm/core/settings/yaml-text.ts';
import * as z from 'zod';

// The format of case files: requests and the decisions that policy must make. policies/orders.test.yaml has an example of
// each, and docs/how-to/gate-in-ci.md describes them.

/** The default time of a request: a Monday at noon. */
const AT = Date.parse('2026-01-05T12:00:00Z');

/** The default source address of a request. It is reserved for documentation, so no network contains it. */
const FROM = '192.0.2.1';

const duration = z.union([z.string(), z.int()]).transform((given, context) => {
  const seconds = parseDuration(String(given));
  if (seconds === undefined) context.addIssue({ code: 'custom', message: 'must be a duration such as 5m' });
  return seconds ?? z.NEVER;
});

const texts = (what: string) =>
  z
    .union([z.string(), z.array(z.string())], { error: `must be ${what}, or a list of them` })
    .transform((given) => [given].flat());

const count = z.int({ error: 'must be a whole number' }).min(0, { error: 'must not be less than 0' }).default(0);

const WHO = 'must be the ARN of an IAM role or user, a federated subject, or a mapping of trust, subject and claims';

/** A federated workload: its trust entry, its mapped subject and its claims. */
const federatedWho = z.strictObject({
  trust: trustName,
  subject: z.string({ error: 'must be a mapped subject such as repo:1296269' }).default('any'),
  claims: claims.default({}),
});

/** The keys of a request or of a token that are not actions. */
const OPTIONS = ['fields', 'role', 'partial', 'audience', 'lifetime', 'reason', 'networks', 'windows', 'single_use'];

const asks = z
  .strictObject(
    {
      fields: texts('a field').optional(),
      role: z.string({ error: 'must be the name of a role' }).optional(),
      partial: z.boolean({ error: 'must be true or false' }).default(false),
      audience: name.optional(),
      lifetime: duration.optional(),
      reason: reason.optional(),
    },
    { error: 'must be a mapping of read, write or role, and audience, lifetime, fields, partial and reason' },
  )
  .catchall(texts('a location'))
  .refine((asks) => (asks.role === undefined) !== (actionsOf(asks).length === 0) && !(asks.role && asks.fields), {
    error: 'must have read, write or both, with fields if wanted; or a role',
  })
  .refine(({ audience, role }) => (audience ?? role) !== undefined, { path: ['audience'], error: 'must be given' });

const token = z
  .strictObject(
    {
      lifetime: duration.optional(),
      networks: texts('a network').optional(),
      windows: texts('a window').optional(),
      single_use: z.boolean({ error: 'must be true or false' }).optional(),
    },
    { error: 'must be a mapping of read, write, lifetime, networks, windows and single_use' },
  )
  .catchall(texts('a location'));

const policyCase = z
  .strictObject(
    {
      name: z.string({ error: 'must be a sentence' }).min(1, { error: 'must be a sentence' }),
      who: z.union([z.string(), federatedWho], { error: WHO }),
      session: z.string({ error: 'must be the name of a session' }).optional(),
      organization: z.string({ error: 'must be the id of an organization' }).optional(),
      asks,
      from: z
        .string({ error: 'must be an IP address' })
        .refine((address) => isIP(address) !== 0, { error: 'must be an IP address' })
        .default(FROM),
      vpc_endpoint: z.string({ error: 'must be the id of a VPC endpoint' }).optional(),
      at: z.iso
        .datetime({ offset: true, error: 'must be a moment such as "2026-12-01T22:00:00Z"' })
        .transform((text) => Date.parse(text))
        .default(AT),
      behaviour: z
        .strictObject(
          { issued: count, denied: count, active: count },
          { error: 'must be a mapping of issued, denied and active' },
        )
        .default({ issued: 0, denied: 0, active: 0 }),
      expect: z.enum(['allowed', 'denied'], { error: 'must be allowed or denied' }),
      by: z.array(z.string(), { error: 'must be a list of ids of policies' }).optional(),
      denial: z
        .enum(['policy', 'role_unavailable', 'reason_missing'], {
          error: 'must be policy, role_unavailable or reason_missing',
        })
        .optional(),
      token: token.optional(),
    },
    { error: 'must be a mapping of name, who, asks and expect' },
  )
  .refine(({ expect, token }) => expect === 'allowed' || token === undefined, {
    path: ['token'],
    error: 'is for what is allowed',
  })
  .refine(({ expect, denial }) => expect === 'denied' || denial === undefined, {
    path: ['denial'],
    error: 'is for what is denied',
  })
  .transform(({ who, session, organization, ...rest }, context) => {
    const subject = typeof who === 'string' ? who : federatedSubject(who.trust, who.subject);
    const known = { session, organization, ...(typeof who !== 'string' && { claims: who.claims }) };
    const caller = subject === undefined ? undefined : namedCaller(subject, known);
    if (caller === undefined) {
      context.issues.push({ code: 'custom', path: ['who'], message: WHO, input: who });
      return z.NEVER;
    }
    const unverified = detailsOf(rest.asks);
    const details = authorizationDetails.optional().safeParse(rest.asks.role === undefined ? unverified : undefined);
    if (!details.success) {
      for (const { message } of details.error.issues) {
        context.issues.push({ code: 'custom', path: ['asks'], message, input: rest.asks });
      }
      return z.NEVER;
    }
    return { ...rest, caller, details: details.data };
  });

const caseFile = z.array(policyCase, { error: 'must be a list of cases' });

/** A case with its file and line. */
export type PolicyCase = z.infer<typeof policyCase> & { file: string; line: number };

/** Reports whether a file of a policy directory contains cases. */
export function isCaseFile({ name }: Pick<PolicyFile, 'name'>): boolean {
  return name.endsWith('.test.yaml');
}

/** Reads a case file. If it has an error, no cases are returned. */
export function readCases(file: PolicyFile): { cases: PolicyCase[]; flaws: Flaw[] } {
  const { value, flaws: unnamed, lineOf } = readYamlFile(caseFile, file);
  const written = unnamed.length === 0 ? undefined : readYaml(file.text).value;
  const flaws = unnamed.map((flaw) => ({ ...flaw, message: withName(flaw.message, written) }));
  const cases = (value ?? []).map((one, index) => ({ ...one, file: file.name, line: lineOf([index, 'name']) }));
  return { cases, flaws };
}

/** Replaces the index of a case at the beginning of a message with its name. */
function withName(message: string, cases: unknown): string {
  const [, index, rest] = /^(\d+)[. ](.*)$/s.exec(message) ?? [];
  if (index === undefined || rest === undefined) return message;
  const named = valueAt(cases, [Number(index), 'name']);
  // A case without a name is identified by its number.
  return `case ${typeof named === 'string' ? JSON.stringify(named) : Number(index) + 1}: ${rest}`;
}

/** Returns the locations by action of what a case requests or expects. All keys but the options name actions. */
export function actionsOf(given: object): [action: string, locations: string[]][] {
  return Object.entries(given).filter(([key, value]) => !OPTIONS.includes(key) && value !== undefined);
}

/** Converts what a case requests to `authorization_details`, with all actions on a location in one entry. */
export function detailsOf(asks: { fields?: string[] | undefined }): AuthorizationDetail[] {
  const byLocation = new Map<string, string[]>();
  for (const [action, locations] of actionsOf(asks)) {
    for (const location of locations) byLocation.set(location, [...(byLocation.get(location) ?? []), action]);
  }
  const byActions = new Map<string, AuthorizationDetail>();
  const { fields } = asks;
  for (const [location, actions] of byLocation) {
    const entry = byActions.get(actions.join());
    if (entry !== undefined) entry.locations.push(location);
    else byActions.set(actions.join(), { type: 'resource', locations: [location], actions, ...(fields && { fields }) });
  }
  return [...byActions.values()];
}
