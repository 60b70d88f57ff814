import * as z from 'zod';
import { limits } from './limits.ts';

const TEXT = `must have at most ${limits.claimLength} characters`;
const text = z.string().max(limits.claimLength, { error: TEXT });

/** The value of a mapped claim, of a type that Cedar has. */
const value = z.union(
  [
    text,
    z.int(),
    z.boolean(),
    z.array(text).max(limits.claimValues, { error: `must have at most ${limits.claimValues}` }),
  ],
  {
    error: `must be true, false, a whole number, or text or a list of texts of at most ${limits.claimLength} characters`,
  },
);

/** Reports whether a text can be the name of a mapped claim: an identifier of Cedar. */
export function isClaimName(text: string): boolean {
  return /^[A-Za-z_]\w{0,63}$/.test(text);
}

/**
 * The claims of a federated workload's proof that its trust entry maps, by name. They are bounded because every record of
 * the workload contains them.
 */
export const claims = z
  .record(z.string().refine(isClaimName, { error: 'must be a name of at most 64 letters, digits and _' }), value, {
    error: ({ code }) =>
      code === 'invalid_key' ? 'must have names of at most 64 letters, digits and _' : 'must be an object of claims',
  })
  .refine((claims) => Object.keys(claims).length <= limits.claims, {
    error: `must have at most ${limits.claims} claims`,
  })
  .refine((claims) => JSON.stringify(claims).length <= limits.claimsLength, {
    error: `must have at most ${limits.claimsLength} characters as JSON`,
  })
  .meta({ description: 'The mapped claims of the proof of a federated workload.' });
export type Claims = z.infer<typeof claims>;

/** The type of a mapped claim, as Cedar names it. */
export type ClaimType = 'String' | 'Long' | 'Bool' | 'Set<String>';

/** Returns the type of a mapped claim. */
export function typeOfClaim(value: Claims[string]): ClaimType {
  if (typeof value === 'string') return 'String';
  if (typeof value === 'number') return 'Long';
  return typeof value === 'boolean' ? 'Bool' : 'Set<String>';
}
