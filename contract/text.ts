import * as z from 'zod';
import { limits } from './limits.ts';

// Control and format characters could forge lines or reorder text where a person reads the audit.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Free text for the audit trail: bounded, and nothing in it that a person cannot see. */
export const visibleText = z
  .string({ error: 'must be text' })
  .max(limits.reasonLength, { error: `must have at most ${limits.reasonLength} characters` })
  .refine((text) => !INVISIBLE.test(text), { error: 'must not contain control characters' });

export const reason = visibleText.meta({
  description: 'Why, in free text, for the audit; policy may ask that there be one.',
});

/** The name of an audience, a subject or a token id: visible ASCII without quotes and backslash. */
export const name = z
  .string({ error: 'must be a name' })
  .min(1, { error: 'must not be empty' })
  .max(limits.nameLength, { error: `must have at most ${limits.nameLength} characters` })
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: 'must be visible ASCII without spaces, quotes or backslashes' });

/** An audience that is named where one is fixed, in the configuration: audiences are compared as they are. */
export const exactAudience = name.refine((audience) => !audience.includes('*'), {
  error: 'must name one audience as its tokens carry it: a * is no wildcard',
});

/** A token's identifier, its `jti`: a UUID in lower case. */
export const tokenId = z
  .string({ error: 'must be a token id' })
  .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, { error: 'must be a token id (a lower-case UUID)' })
  .meta({ description: 'The token’s identifier: its `jti`.', format: 'uuid' });

/**
 * A token, or any other text: nothing in it is trusted, and what is not a token of this service is no error
 * (RFC 7662, section 2.2; RFC 7009, section 2.2).
 */
export const unverifiedToken = z
  .string({ error: 'must be a token' })
  .min(1, { error: 'must not be empty' })
  .meta({ description: 'The token, as issued.' });
