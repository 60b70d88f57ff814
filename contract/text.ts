import * as z from 'zod';
import { limits } from './limits.ts';

// Control and format characters could forge lines or reorder text when a person reads the audit trail.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Free text for the audit trail: limited in length, and without invisible characters. */
export const visibleText = z
  .string({ error: 'must be text' })
  .max(limits.reasonLength, { error: `must have at most ${limits.reasonLength} characters` })
  .refine((text) => !INVISIBLE.test(text), { error: 'must not contain control characters' });

export const reason = visibleText.meta({
  description: 'The reason, as free text for the audit trail. Policy may require one.',
});

/** The name of an audience, a subject or a token id: visible ASCII without quotes and backslash. */
export const name = z
  .string({ error: 'must be a name' })
  .min(1, { error: 'must not be empty' })
  .max(limits.nameLength, { error: `must have at most ${limits.nameLength} characters` })
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: 'must be visible ASCII without spaces, quotes or backslashes' });

/** An audience in the configuration. Audiences are compared literally, so a wildcard would never match. */
export const exactAudience = name.refine((audience) => !audience.includes('*'), {
  error: 'must be the exact name of one audience: a * is not a wildcard',
});

/** The identifier of a token, its `jti`: a UUID in lower case. */
export const tokenId = z
  .string({ error: 'must be a token id' })
  .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, { error: 'must be a token id (a lower-case UUID)' })
  .meta({ description: 'The token’s identifier: its `jti`.', format: 'uuid' });

/**
 * A token in a request. It is not trusted, and text that is not a token of this service is not an error
 * (RFC 7662, section 2.2; RFC 7009, section 2.2).
 */
export const unverifiedToken = z
  .string({ error: 'must be a token' })
  .min(1, { error: 'must not be empty' })
  .meta({ description: 'The token, as issued.' });
