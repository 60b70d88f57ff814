import { isIP } from 'node:net';
import {
  action,
  authorizationDetail,
  authorizationDetails,
  location,
  subtreeRoot,
} from '@tvm/contract/authorization-details.ts';
import { isDistinct } from '@tvm/contract/distinct.ts';
import { exactSubject } from '@tvm/contract/subject.ts';
import { exactAudience } from '@tvm/contract/text.ts';
import * as z from 'zod';
import { type NetworkDefinition, type RoleDefinition, WEEKDAYS, type WindowDefinition } from './bundle.ts';
import { parsePlaceholder, placeholdersIn } from './roles.ts';

// Schemas of the YAML files beside the policies. docs/reference/policy-files.md documents them.

const entryName = z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/, { error: 'must be a name of letters, digits and _.-' });

const exactLocation = location.refine((text) => subtreeRoot(text) === undefined, { error: 'must not end in /*' });

/** A list without duplicates. */
const each = <S extends z.ZodType>(item: S, list: string, once: string) =>
  z.array(item, { error: list }).refine(isDistinct, { error: once });

const attribute = z.union([z.string(), z.int(), z.boolean(), z.array(z.string())], {
  error: 'must be text, a whole number, true, false or a list of text',
});

const MAPPING = { error: 'must be a mapping of attributes' };

/** `workloads.yaml`: attributes by subject. */
export const workloadsFile = z.record(exactSubject, z.record(z.string(), attribute, MAPPING), {
  error: 'must be a mapping from subjects',
});

/** `resources.yaml`: attributes and additional parents by location. */
export const resourcesFile = z.record(
  exactLocation,
  z
    .object(
      { in: each(exactLocation, 'must be a list of locations', 'must name each location once').optional() },
      MAPPING,
    )
    .catchall(attribute),
  { error: 'must be a mapping from locations' },
);

const templateLocation = z.string({ error: 'must be a location' }).superRefine((text, context) => {
  for (const placeholder of placeholdersIn(text)) {
    if (parsePlaceholder(placeholder) === undefined) {
      const message = `must not contain {${placeholder}}: a placeholder is {subject.ATTRIBUTE}, with any attribute but session, which the caller chooses, or {claims.NAME}`;
      context.addIssue({ code: 'custom', message });
    }
  }
  const filled = location.safeParse(text.replace(/\{[^{}]*\}/g, 'x'));
  if (!filled.success) context.addIssue({ code: 'custom', message: filled.error.issues[0]?.message ?? '' });
});

/** `roles.yaml`: grants by the role's name. */
export const rolesFile = z.record(
  entryName,
  z
    .strictObject(
      {
        description: z.string({ error: 'must be text' }).optional(),
        audience: exactAudience.optional(),
        authorization_details: z
          .array(
            authorizationDetail.extend({
              type: z.literal('resource').default('resource'),
              locations: each(templateLocation, 'must be a list of locations', 'must name each location once').min(1, {
                error: 'must name a location',
              }),
              actions: each(action, 'must be a list of actions', 'must name each action once').min(1, {
                error: 'must name an action',
              }),
            }),
            { error: 'must be a list of grants' },
          )
          .superRefine((details, context) => {
            // Apply the rules of a request, otherwise nobody could ever assume the role.
            const filled = details.map((detail) => ({
              ...detail,
              locations: detail.locations.map((text) => text.replace(/\{[^{}]*\}/g, 'x')),
            }));
            const [issue] = authorizationDetails.safeParse(filled).error?.issues ?? [];
            if (issue !== undefined) context.addIssue({ code: 'custom', path: issue.path, message: issue.message });
          }),
      },
      { error: 'must be a mapping of description, audience and authorization_details' },
    )
    .transform(
      ({ authorization_details, ...role }): RoleDefinition => ({
        ...role,
        authorizationDetails: authorization_details,
      }),
    ),
  { error: 'must be a mapping from role names' },
);

const CIDR = 'must be a CIDR block such as 203.0.113.0/24';

const cidr = z.string({ error: CIDR }).refine((text) => isCidr(text), { error: CIDR });

/** `networks.yaml`: source addresses of requests, by network name. */
export const networksFile = z.record(
  entryName,
  z
    .strictObject(
      {
        cidrs: each(cidr, 'must be a list of CIDR blocks', 'must name each CIDR block once').default([]),
        // A Regional API never provides one: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-endpoint-types.html
        vpc_endpoints: z
          .never({
            error:
              'can never match, because no request reaches the Regional API through a VPC endpoint: ' +
              'list the source addresses of the requests in cidrs, such as the addresses of the NAT gateways of the VPC',
          })
          .optional(),
        region: z
          .string({ error: 'must be an AWS region such as eu-central-1' })
          .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: 'must be an AWS region such as eu-central-1' })
          .optional(),
      },
      { error: 'must be a mapping of cidrs and region' },
    )
    .refine(({ cidrs }) => cidrs.length > 0, {
      path: ['cidrs'],
      error: 'must name a CIDR block: without one, the network matches nothing',
    })
    .transform(({ vpc_endpoints: _, ...network }): NetworkDefinition => network),
  { error: 'must be a mapping from network names' },
);

const TIME_ZONE = 'must be an IANA time zone such as Europe/Berlin';

const timeZone = z.string({ error: TIME_ZONE }).refine((zone) => isTimeZone(zone), { error: TIME_ZONE });

const timeOfDay = z
  .string({ error: 'must be a time of day such as "08:30"' })
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: 'must be a time of day such as "08:30"' })
  .transform((text) => {
    const [hours, minutes] = text.split(':').map(Number);
    return (hours ?? 0) * 60 + (minutes ?? 0);
  });

const moment = z.iso
  .datetime({ offset: true, error: 'must be a timestamp such as "2026-12-01T22:00:00Z"' })
  .transform((text) => Date.parse(text));

const weekly = z
  .object({
    time_zone: timeZone.optional(),
    weekdays: each(
      z.enum(WEEKDAYS, { error: `must be one of ${WEEKDAYS.join(', ')}` }),
      'must be a list of weekdays',
      'must name each weekday once',
    )
      .min(1, { error: 'must name a weekday, or be absent for all' })
      .default([...WEEKDAYS]),
    from: timeOfDay,
    to: timeOfDay,
  })
  .refine(({ from, to }) => from !== to, { path: ['to'], error: 'must not be the same as from' })
  .refine(({ from }) => !(from >= 24 * 60), { path: ['from'], error: 'must be before 24:00' })
  .transform(({ time_zone, ...hours }) => ({ kind: 'weekly' as const, timeZone: time_zone, ...hours }));

const recurring = z.never({ error: 'must be absent if from is a timestamp: such a window is open once' }).optional();

const once = z
  .object({ time_zone: recurring, weekdays: recurring, from: moment, to: moment })
  .refine(({ from, to }) => from < to, { path: ['to'], error: 'must be after from' })
  .transform(({ from, to }) => ({ kind: 'once' as const, from, to }));

const START = 'must be a time of day such as "08:30", or a timestamp such as "2026-12-01T22:00:00Z"';

/** Chooses the schema by the format of `from`. A union would only report that neither schema matches. */
const window = z
  .strictObject(
    {
      time_zone: z.unknown().optional(),
      weekdays: z.unknown().optional(),
      from: z.string({ error: START }),
      to: z.unknown().optional(),
    },
    { error: 'must be a mapping of from and to' },
  )
  .transform((unverified, context) => {
    const parsed = (unverified.from.includes('T') ? once : weekly).safeParse(unverified);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: unverified } as never);
    return z.NEVER;
  });

/** `windows.yaml`: times by window name. The default time zone of a window is the file's `time_zone`. */
export const windowsFile = z
  .strictObject(
    {
      time_zone: timeZone.default('UTC'),
      windows: z.record(entryName, window, { error: 'must be a mapping from window names' }).default({}),
    },
    { error: 'must be a mapping of time_zone and windows' },
  )
  .transform(({ time_zone, windows }) => ({
    timeZone: time_zone,
    windows: Object.fromEntries(
      Object.entries(windows).map(([name, window]): [string, WindowDefinition] => [
        name,
        window.kind === 'weekly' ? { ...window, timeZone: window.timeZone ?? time_zone } : window,
      ]),
    ),
  }));

function isCidr(text: string): boolean {
  const [address = '', prefix = '', more] = text.split('/');
  const family = isIP(address);
  return family !== 0 && more === undefined && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

function isTimeZone(zone: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
