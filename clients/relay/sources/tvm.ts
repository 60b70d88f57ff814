import { isRegionName } from '@tvm/api/machine-region.ts';
import { asked, consistent, tokenClaims } from '@tvm/contract/token.ts';
import type { Place } from '@tvm/verifier/status-lists.ts';
import * as z from 'zod';
import { SourceFailure, type SourceKind } from '../model/source.ts';
import { isIssuerUrl, transportFields } from '../settings/fields.ts';
import { unlessGivenUp } from '../tvm/machine.ts';
import { shareMachine } from '../tvm/shared-machines.ts';

const settings = consistent(
  z.strictObject({
    endpoint: z
      .string({ error: 'must be a URL' })
      .refine((text) => isIssuerUrl(text) && !URL.parse(text)?.search, {
        error: 'must be a URL such as https://a1b2c3.execute-api.eu-central-1.amazonaws.com/v1; http only on loopback',
      })
      .meta({ description: 'The machine’s URL, with its stage.' }),
    region: z
      .string()
      .refine(isRegionName, { error: 'must be the name of an AWS region, such as eu-central-1' })
      .optional()
      .meta({
        description:
          'The AWS region it is in. Default: the one in its URL, AWS_REGION, AWS_DEFAULT_REGION, the profile’s.',
      }),
    profile: z.string().min(1).optional().meta({
      description: 'The profile of the AWS configuration files that asks. Default: the AWS credential chain.',
    }),
    ...asked,
    ...transportFields,
  }),
);

const claimsOfPlace = tokenClaims.pick({ iss: true, status: true });

/**
 * Tokens of a token vending machine: `POST /token`, signed with SigV4 by the AWS credential chain. Whether one was
 * revoked is told by the machine's status lists.
 */
export const tvm: SourceKind<'tvm', typeof settings> = {
  type: 'tvm',
  settings,
  values: ['token'],
  create(given, { token, clock, log }) {
    const { endpoint, region, profile, ca_file, client_certificate, proxy, timeout_seconds, ...wanted } = given;
    const { machine, release } = shareMachine(
      { endpoint, region, profile, ca_file, client_certificate, proxy, timeout_seconds },
      clock,
    );
    return {
      async fetch(_previous, signal) {
        const request = { grant_type: 'client_credentials', ...wanted };
        const { answer, askedAt } = await machine.vend(request, signal);
        // As the machine's logs and audit name it.
        log.debug({ token, token_id: answer.token_id }, 'the machine vended a token');
        return {
          values: { token: answer.access_token },
          fetchedAt: askedAt,
          expiresAt: askedAt + answer.expires_in * 1_000,
        };
      },
      // A token is withdrawn when it was revoked, not when nobody knows: a machine that is away for a while must not
      // take down those who hold its tokens. Then this throws, and is asked again.
      revocation: async ({ values }, signal) => unlessGivenUp(machine.lists.look(placeOf(values.token)), signal),
      async close() {
        release();
      },
    };
  },
};

/** Where a token of the machine has its bit. It came from there itself, so that its signature is not looked at. */
function placeOf(token = ''): Place {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const { iss, status } = claimsOfPlace.parse(claims);
    return { issuer: iss, uri: status.status_list.uri, index: status.status_list.idx };
  } catch {
    throw new SourceFailure('whether the token was revoked is not known: it has no place in a status list');
  }
}
