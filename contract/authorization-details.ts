import * as z from 'zod';
import { limits } from './limits.ts';

const AN_ACTION = 'must be the name of an action, such as read or write';

/**
 * An action on a location: a name of at most 32 lower-case letters, digits, `-` and `_` that begins with a letter. The
 * service accepts the actions that `policies/schema.cedarschema` declares. `assume` is the action on roles.
 */
export const action = z
  .string({ error: AN_ACTION })
  .regex(/^(?!assume$)[a-z][a-z0-9_-]{0,31}$/, { error: AN_ACTION })
  .meta({
    id: 'Action',
    description:
      'The action: `read`, `write`, or another one that `schema.cedarschema` declares. A name of at most 32 lower-case ' +
      'letters, digits, `-` and `_` that begins with a letter.',
  });
export type Action = z.infer<typeof action>;

/**
 * A canonical name: segments of letters, digits and `._~:@=+-`, joined by single slashes. A last segment `*` means the
 * name itself and everything below it.
 *
 * Each resource has exactly one spelling, so that policy and resource server cannot read the same string differently.
 * There is no other wildcard, no `.` or `..` segment, no empty segment and no percent-encoding.
 */
const LOCATION = /^(?!(?:.*\/)?\.{1,2}(?:\/|$))[A-Za-z0-9._~:@=+-]+(?:\/[A-Za-z0-9._~:@=+-]+)*(?:\/\*)?$/;

const CANONICAL =
  'must be a name like orders-db/orders, or orders-db/* for everything below: letters, digits and ._~:@=+- in segments joined by /';

export const location = z
  .string({ error: CANONICAL })
  .max(limits.locationLength, { error: `must have at most ${limits.locationLength} characters` })
  .regex(LOCATION, { error: CANONICAL })
  .refine((text) => text.split('/').length <= limits.locationSegments, {
    error: `must have at most ${limits.locationSegments} segments`,
  })
  .meta({
    id: 'Location',
    description:
      'A canonical resource name, such as `orders-db/orders`. `orders-db/*` means `orders-db` and everything below it.',
  });

/** Returns the root of a subtree, `orders-db` for `orders-db/*`, or `undefined` for an exact name. */
export function subtreeRoot(location: string): string | undefined {
  return location.endsWith('/*') ? location.slice(0, -2) : undefined;
}

const fieldName = z
  .string({ error: 'must be a field name' })
  .max(limits.fieldLength, { error: `must have at most ${limits.fieldLength} characters` })
  .regex(/^[A-Za-z0-9_.-]+$/, { error: 'must be a field name of letters, digits and _.-' });

/** An array of 1 to `most` distinct elements. */
function distinct<T extends z.ZodType>(element: T, most: number, what: string) {
  return z
    .array(element, { error: `must be an array of ${what}` })
    .min(1, { error: `must name at least one of the ${what}` })
    .max(most, { error: `must name at most ${most} ${what}` })
    .refine((values) => new Set(values).size === values.length, { error: `must name each of the ${what} once` })
    .meta({ uniqueItems: true });
}

/** One entry of `authorization_details` (RFC 9396, section 2). The service has one type, `resource`. */
export const authorizationDetail = z
  .strictObject(
    {
      type: z.literal('resource', { error: 'must be resource' }).meta({ description: 'Always `resource`.' }),
      locations: distinct(location, limits.pairs, 'locations').meta({
        description: 'The resources, by name.',
      }),
      actions: distinct(action, limits.actions, 'actions').meta({
        description: 'The actions on each of them.',
      }),
      fields: distinct(fieldName, limits.fields, 'fields').optional().meta({
        description: 'The fields that may be accessed. Without it: all fields, and policy must allow all of them.',
      }),
    },
    { error: 'must be an object with type, locations, actions and, optionally, fields' },
  )
  .meta({ id: 'AuthorizationDetail', description: 'One grant: these actions on these locations (RFC 9396).' });
export type AuthorizationDetail = z.infer<typeof authorizationDetail>;

/** Counts the (action, location) pairs of the entries. Each pair costs one policy decision. */
export function countPairs(details: readonly AuthorizationDetail[]): number {
  return details.reduce((sum, detail) => sum + detail.actions.length * detail.locations.length, 0);
}

export const authorizationDetails = z
  .array(authorizationDetail, { error: 'must be an array of objects' })
  .min(1, { error: 'must have at least one entry' })
  .max(limits.entries, { error: `must have at most ${limits.entries} entries` })
  .refine((details) => countPairs(details) <= limits.pairs, {
    error: `must name at most ${limits.pairs} (action, location) pairs in total`,
  })
  .meta({ description: 'What is requested or granted, with one entry for each set of locations.' });
