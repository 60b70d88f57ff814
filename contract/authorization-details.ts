import * as z from 'zod';
import { limits } from './limits.ts';

/** What may be done to a location. */
export const action = z.enum(['read', 'write'], { error: 'must be read or write' }).meta({
  id: 'Action',
  description: 'What may be done: `read` or `write`.',
});
export type Action = z.infer<typeof action>;

/**
 * A canonical name: segments of letters, digits and `._~:@=+-`, joined by single slashes; a last segment `*` stands for
 * the name itself and everything below.
 *
 * One resource has one spelling, so that policy and resource server cannot read the same string differently:
 * no other wildcard, no `.` or `..` segment, no empty segment, no percent-encoding.
 */
const LOCATION = /^(?!(?:.*\/)?\.{1,2}(?:\/|$))[A-Za-z0-9._~:@=+-]+(?:\/[A-Za-z0-9._~:@=+-]+)*(?:\/\*)?$/;

const CANONICAL =
  'must be a name like orders-db/orders, or orders-db/* for all below: letters, digits and ._~:@=+- in segments joined by /';

export const location = z
  .string({ error: CANONICAL })
  .max(limits.locationLength, { error: `must have at most ${limits.locationLength} characters` })
  .regex(LOCATION, { error: CANONICAL })
  .refine((text) => text.split('/').length <= limits.locationSegments, {
    error: `must have at most ${limits.locationSegments} segments`,
  })
  .meta({
    id: 'Location',
    description: 'A canonical resource name, such as `orders-db/orders`; `orders-db/*` is it and everything below.',
  });

/** The name under which a location reaches everything: `orders-db` of `orders-db/*`; `undefined` of an exact name. */
export function subtreeRoot(location: string): string | undefined {
  return location.endsWith('/*') ? location.slice(0, -2) : undefined;
}

const fieldName = z
  .string({ error: 'must be a field name' })
  .max(limits.fieldLength, { error: `must have at most ${limits.fieldLength} characters` })
  .regex(/^[A-Za-z0-9_.-]+$/, { error: 'must be a field name of letters, digits and _.-' });

/** An array in which every element is given once, at least one and at most `most`. */
function distinct<T extends z.ZodType>(element: T, most: number, what: string) {
  return z
    .array(element, { error: `must be an array of ${what}` })
    .min(1, { error: `must name at least one of the ${what}` })
    .max(most, { error: `must name at most ${most} ${what}` })
    .refine((values) => new Set(values).size === values.length, { error: `must name each of the ${what} once` })
    .meta({ uniqueItems: true });
}

/** One entry of `authorization_details` (RFC 9396, section 2), of this machine's only type, `resource`. */
export const authorizationDetail = z
  .strictObject(
    {
      type: z.literal('resource', { error: 'must be resource' }).meta({ description: 'Always `resource`.' }),
      locations: distinct(location, limits.pairs, 'locations').meta({
        description: 'The resources, by name.',
      }),
      actions: distinct(action, action.options.length, 'actions').meta({
        description: 'What may be done to each of them.',
      }),
      fields: distinct(fieldName, limits.fields, 'fields').optional().meta({
        description: 'The fields that may be touched; without it all fields, and policy judges it as such.',
      }),
    },
    { error: 'must be an object of type, locations, actions and, if wanted, fields' },
  )
  .meta({ id: 'AuthorizationDetail', description: 'One grant: these actions on these locations (RFC 9396).' });
export type AuthorizationDetail = z.infer<typeof authorizationDetail>;

/** How many (action, location) pairs the entries name: the number of policy decisions they cost. */
export function countPairs(details: readonly AuthorizationDetail[]): number {
  return details.reduce((sum, detail) => sum + detail.actions.length * detail.locations.length, 0);
}

export const authorizationDetails = z
  .array(authorizationDetail, { error: 'must be an array of objects' })
  .min(1, { error: 'must have at least one entry' })
  .max(limits.entries, { error: `must have at most ${limits.entries} entries` })
  .refine((details) => countPairs(details) <= limits.pairs, {
    error: `must name at most ${limits.pairs} (action, location) pairs in all`,
  })
  .meta({ description: 'What is asked for, or granted: one entry for each set of locations.' });
