import * as z from 'zod';
import { subject } from './subject.ts';
import { reason, tokenId, unverifiedToken } from './text.ts';

const exactlyOne = (a: string, b: string) => ({
  path: [a],
  error: `or ${b} must be given, one of the two`,
});

/** `POST /revoke` (RFC 7009): a workload takes back a token of its own, by the token or by its id. */
export const ownRevocationRequest = z
  .object({ token: unverifiedToken.optional(), token_id: tokenId.optional() })
  .refine(
    (request) => (request.token === undefined) !== (request.token_id === undefined),
    exactlyOne('token', 'token_id'),
  )
  .meta({ id: 'OwnRevocationRequest', description: 'One of the caller’s own tokens.' });

const selector = { token_id: tokenId.optional(), subject: subject.optional(), reason: reason.optional() };

/** `POST /revocations`: an operator takes back any token, or all tokens of a subject. */
export const revocationRequest = z
  .object(selector)
  .refine(
    (request) => (request.token_id === undefined) !== (request.subject === undefined),
    exactlyOne('token_id', 'subject'),
  )
  .meta({ id: 'RevocationRequest', description: 'One token, or every token of one subject.' });

/** `POST /revocations`, answered. */
export const revocationResponse = z
  .object({
    revoked: z
      .int()
      .nonnegative()
      .meta({ description: 'How many tokens this call took back. A repetition counts none.' }),
  })
  .meta({ id: 'RevocationResponse', description: 'What a revocation did.' });
